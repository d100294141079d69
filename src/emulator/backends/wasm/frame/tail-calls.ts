/**
 * Tail calls from one region to another (convention.ts tells their type). Flags and the registers that are not passed
 * are in the state already.
 */
import { JUMP_CACHE, PARAMETER, PASSED_REGISTERS } from '../convention.ts';
import type { CodeWriter } from '../encoder/code-writer.ts';
import type { ModuleScope } from './module-scope.ts';

/** To a constant address: the function itself where it is in the same module, else by the link's slot. */
export function tailCall(code: CodeWriter, scope: ModuleScope, rip: number): void {
  pushParameters(code, () => code.i32(rip | 0));
  const inside = scope.regionAt(rip);
  if (inside !== null) return code.returnCall(inside);
  code.globalGet(scope.baseGlobal);
  code.i32(scope.linkSlot(rip));
  code.op('i32.add');
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

/** To the address in the local `target`: what the jump cache has for it, or the stub. `entry` is a free i32 local. */
export function tailCallByCache(code: CodeWriter, scope: ModuleScope, target: number, entry: number): void {
  pushParameters(code, () => code.localGet(target));
  code.localGet(target);
  code.localGet(target);
  code.i32(JUMP_CACHE.shift);
  code.op('i32.shr_u');
  code.op('i32.xor');
  code.i32(JUMP_CACHE.entries - 1);
  code.op('i32.and');
  code.i32(Math.log2(JUMP_CACHE.entryBytes));
  code.op('i32.shl');
  code.localTee(entry);
  code.memory('i32.load', JUMP_CACHE.address + 4);
  code.i32(0);
  code.localGet(entry);
  code.memory('i32.load', JUMP_CACHE.address);
  code.localGet(target);
  code.op('i32.eq');
  code.op('select');
  code.returnCallIndirect(scope.regionType);
}

function pushParameters(code: CodeWriter, rip: () => void): void {
  code.localGet(PARAMETER.state);
  code.localGet(PARAMETER.fuel);
  rip();
  PASSED_REGISTERS.forEach((_, i) => code.localGet(PARAMETER.registers + i));
}
