/**
 * How functions of generated code call each other.
 *
 * Every region and the stub have one type, so that each can be the tail call of any other:
 *
 *   (S, fuel, rip, r0 … r5) → STOP
 *
 * S is the address of the thread state; fuel what is left (fuel.ts); rip the guest address that is entered, which tells the
 * stub where it is; r0 to r5 the registers of PASSED_REGISTERS, whose slots in the state may be stale meanwhile. All other
 * variables, and the flags, lie in the state. The result tells the dispatcher why it has control (STOP); then everything is
 * in the state.
 *
 * A module has a table of its own: its regions, and behind them a slot for each guest address it jumps to elsewhere, with
 * that region, or the stub while there is none. All live regions also lie in the table of their space, which only the runtime
 * module uses: its `enter` for the dispatcher, and its `jump`, a region like any other, which tail-calls what the jump cache
 * (jump-cache.ts) has for `rip`. Slot 0 of it and every slot without a region hold the stub. (One table for all would
 * be simpler, but every instance that imports a table has a copy of it in V8 before version 12, and lives until the table
 * dies: 500 modules of 100 slots each took 0.5 GB.)
 */
import type { ValueType } from '../../ir/op-spec.ts';

/** Numbers of the general-purpose registers that travel as parameters. */
export const PASSED_REGISTERS: readonly number[] = [0, 1, 2, 6, 7, 4]; // rax, rcx, rdx, rsi, rdi, rsp

/** Numbers of the parameters' locals; registers follow. */
export const PARAMETER = { state: 0, fuel: 1, rip: 2, registers: 3 } as const;

export const REGION_PARAMETERS: readonly ValueType[] = [
  'i32',
  'i32',
  'i32',
  ...PASSED_REGISTERS.map((): ValueType => 'i64'),
];
export const REGION_RESULTS: readonly ValueType[] = ['i32'];

/** Names in the one import module. */
export const HOST = 'host';
/** What a module of regions exports: its table. */
export const TABLE = 'table';
