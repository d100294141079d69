/** Which exception an address is that is not canonical: #SS where the stack segment is used, else #GP. Asked at faults only. */
import type { Access } from '../exit.ts';
import type { Decoded } from './decode/decoded.ts';
import { RBP, RSP } from './registers.ts';

/** What these do with the stack itself; with a memory operand they do the other thing. */
const ON_STACK: readonly (readonly [names: RegExp, access: Access])[] = [
  [/^(push.*|call.*)$/, 'write'],
  [/^(pop|popf.*|ret.*|leave|iret.*)$/, 'read'],
];

// Base RSP or RBP without override, and the stack itself (Intel SDM 1, 3.7.4).
export function usesStackSegment({ operands, form }: Decoded, access: Access): boolean {
  const { name } = form.row;
  const isOnStack = name === 'enter' || ON_STACK.some(([names, kind]) => kind === access && names.test(name));
  const memory = operands.find((operand) => operand.kind === 'memory');
  if (memory === undefined || isOnStack) return isOnStack;
  return memory.segment === 'none' && (memory.base === RSP || memory.base === RBP);
}
