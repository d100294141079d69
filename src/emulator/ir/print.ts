/**
 * Text of IR blocks, for golden files, the debugger and the parser:
 *
 *   block 0x401000 5
 *     instruction[0x401000, 3]
 *     %1 = get64[rax]
 *     set64[rbx] %1
 *
 * A line is `[%value = ] name [ '[' attributes ']' ] arguments`. Values are numbered by their position in the block.
 */
import type { Block, Op } from './block.ts';
import type { Attribute } from './op-spec.ts';
import { specOf } from './ops.ts';
import { STATE_VARIABLES } from './state-layout.ts';

/** The whole block, one op per line, ending in a line feed. */
export function printBlock(block: Block): string {
  const numbers = new Map<Op, number>(block.ops.map((op, i) => [op, i]));
  const lines = block.ops.map((op) => `  ${printOp(op, (value) => `%${numbers.get(value) ?? '?'}`)}\n`);
  return `block ${formatAddress(block.rip)} ${block.sizeBytes}\n${lines.join('')}`;
}

/** One op; `nameOf` tells how values are called. */
export function printOp(op: Op, nameOf: (value: Op) => string): string {
  const { attributes, result } = specOf(op.name);
  const assignment = result === 'none' ? '' : `${nameOf(op)} = `;
  const bracket = attributes.length === 0 ? '' : `[${formatAttributes(op, attributes)}]`;
  const args = op.args.length === 0 ? '' : ` ${op.args.map(nameOf).join(', ')}`;
  return `${assignment}${op.name}${bracket}${args}`;
}

function formatAttributes(op: Op, attributes: readonly Attribute[]): string {
  let numbers = 0;
  return attributes
    .map((attribute) => formatAttribute(attribute, op, () => (numbers++ === 0 ? op.imm : op.imm2)))
    .join(', ');
}

function formatAttribute(attribute: Attribute, op: Op, take: () => number): string {
  switch (attribute) {
    case 'flagsKind':
    case 'condition':
    case 'operation':
    case 'helper':
    case 'lanes':
      return op.tag;
    case 'variable':
      return STATE_VARIABLES[take()]?.name ?? '?';
    case 'address':
    case 'target':
    case 'next':
      return formatAddress(take());
    default:
      return String(take());
  }
}

function formatAddress(value: number): string {
  return value < 0 ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
}
