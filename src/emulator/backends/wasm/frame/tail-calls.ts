/**
 * Tail calls from one region to another (convention.ts tells their type). Flags and the registers that are not passed
 * are in the state already.
 */
import { PARAMETER, PASSED_REGISTERS } from '../convention.ts';
import type { CodeWriter } from '../encoder/code-writer.ts';
import type { ModuleScope } from './module-scope.ts';

/** To a constant address: the function itself where it is in the same module, else by the link's slot. */
export function tailCall(code: CodeWriter, scope: ModuleScope, rip: number): void {
  pushParameters(code, () => code.i32(rip | 0));
  const inside = scope.regionAt(rip);
  if (inside !== null) return code.returnCall(inside);
  code.i32(scope.linkSlot(rip));
  code.returnCallIndirect(scope.regionType);
}

/** To `rip` when the local `target` holds it and it is in the same module: that needs no look-up. */
export function tailCallIf(code: CodeWriter, scope: ModuleScope, target: number, rip: number): void {
  const inside = scope.regionAt(rip);
  if (inside === null) return;
  code.localGet(target);
  code.i32(rip | 0);
  code.op('i32.eq');
  code.if();
  pushParameters(code, () => code.localGet(target));
  code.returnCall(inside);
  code.end();
}

/** To the address in the local `target`: what the jump cache has for it, or the stub. */
export function tailCallByCache(code: CodeWriter, scope: ModuleScope, target: number): void {
  pushParameters(code, () => code.localGet(target));
  code.returnCall(scope.jump);
}

function pushParameters(code: CodeWriter, rip: () => void): void {
  code.localGet(PARAMETER.state);
  code.localGet(PARAMETER.fuel);
  rip();
  PASSED_REGISTERS.forEach((_, i) => code.localGet(PARAMETER.registers + i));
}
