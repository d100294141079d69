/**
 * From regions to micro-ops and back without the dispatcher. A region that leaves for where no region is gets to the stub,
 * which looks for a block of micro-ops there; a block that was given up, since it is compiled or its code changed, starts
 * with a micro-op that goes on by `arrive`, which looks for a region. So what comes out at the end may be a STOP or a LEAVE,
 * whoever was entered.
 */
import { STATE_OFFSET } from '../../../ir/state-layout.ts';
import { STOP } from '../../region/region.ts';
import { BLOCK, LEAVE } from '../cold/layout.ts';
import { PARAMETER, PASSED_REGISTERS } from '../convention.ts';
import type { CodeWriter } from '../encoder/code-writer.ts';
import { JUMPS_TO, pushPlace } from '../jump-cache.ts';

/** Slot of the space's table with the way into micro-ops: (S, fuel, block) → LEAVE or STOP. */
export const COLD_SLOT = 1;
/**
 * Executions that an arrival from a region counts for: what regions leave for again and again should soon be part of them
 * (a loop of bash took 6.8 s of CPU time without, 4.7 s with arrivals that count 40 times).
 */
const ARRIVAL = 40;

/** The two sides of a space, as they find each other. */
export interface HandOver {
  /** A handler of micro-ops (exported function): the region at the block's address, or out to the dispatcher. */
  readonly arrive: WebAssembly.ExportedFunction;
  /** @param enter exported function: what the stub calls when it finds a block */
  connect(enter: WebAssembly.ExportedFunction): void;
}

/** A region's body. */
export function writeStub(code: CodeWriter, handlerType: number): void {
  const { state, fuel, rip, registers } = PARAMETER;
  const block = code.newLocal('i32');
  storeAll(code, registers);
  pushPlace(code, JUMPS_TO.microOps, rip, block);
  code.localTee(block);
  code.if();
  code.localGet(state);
  code.localGet(fuel);
  code.localGet(block);
  countArrival(code, block);
  code.i32(COLD_SLOT);
  code.returnCallIndirect(handlerType);
  code.end();
  code.i32(STOP.unlinked);
}

function storeAll(code: CodeWriter, registers: number): void {
  const store = (type: 'i32' | 'i64', local: number, offset: number): void => {
    code.localGet(PARAMETER.state);
    code.localGet(local);
    code.memory(`${type}.store`, offset);
  };
  PASSED_REGISTERS.forEach((register, i) => store('i64', registers + i, STATE_OFFSET.gpr + 8 * register));
  store('i32', PARAMETER.fuel, STATE_OFFSET.fuel);
  store('i32', PARAMETER.rip, STATE_OFFSET.rip);
}

/** A countdown that would pass zero stops short of it: entering the block takes the last one. */
function countArrival(code: CodeWriter, block: number): void {
  const left = code.newLocal('i32');
  code.localGet(block);
  code.memory('i32.load', BLOCK.countdown);
  code.localTee(left);
  code.i32(0);
  code.op('i32.gt_s');
  code.if();
  code.localGet(block);
  code.localGet(left);
  code.i32(ARRIVAL - 1);
  code.op('i32.sub');
  code.i32(1);
  code.localGet(left);
  code.i32(ARRIVAL);
  code.op('i32.gt_s');
  code.op('select');
  code.memory('i32.store', BLOCK.countdown);
  code.end();
  code.release(left);
}

/**
 * Links still lead to a block whose bytes changed and which was decoded again since, or which is a passage now: on to what
 * the jump cache has in its place.
 */
function enterSuccessor(code: CodeWriter, rip: number, handlerType: number): void {
  const block = code.newLocal('i32');
  pushPlace(code, JUMPS_TO.microOps, rip, block);
  code.localTee(block);
  code.i32(0);
  code.op('i32.ne');
  code.localGet(block);
  code.localGet(UOP);
  code.i32(BLOCK.code);
  code.op('i32.sub');
  code.op('i32.ne');
  code.op('i32.and');
  code.if();
  code.localGet(S);
  code.localGet(FUEL);
  code.localGet(block);
  code.i32(COLD_SLOT);
  code.returnCallIndirect(handlerType);
  code.end();
  code.release(block);
}

// A handler's parameters.
const S = 0;
const FUEL = 1;
const UOP = 2;

/** A region's body: the tail call of what the cache has for `rip`, or of the stub. */
export function writeJump(code: CodeWriter, regionType: number): void {
  const set = code.newLocal('i32');
  code.localGet(PARAMETER.state);
  code.localGet(PARAMETER.fuel);
  code.localGet(PARAMETER.rip);
  PASSED_REGISTERS.forEach((_, i) => code.localGet(PARAMETER.registers + i));
  pushPlace(code, JUMPS_TO.regions, PARAMETER.rip, set);
  code.returnCallIndirect(regionType);
}

/** A handler's body, of the first micro-op of a block. What was paid for the block is given back. */
export function writeArrive(code: CodeWriter, regionType: number, handlerType: number): void {
  const rip = code.newLocal('i32');
  const slot = code.newLocal('i32');
  const ofBlock = (offset: number): void => {
    code.localGet(UOP);
    code.i32(BLOCK.code);
    code.op('i32.sub');
    code.memory('i32.load', offset);
  };
  code.localGet(FUEL);
  ofBlock(BLOCK.cost);
  code.op('i32.add');
  code.localSet(FUEL);
  ofBlock(BLOCK.rip);
  code.localSet(rip);
  pushPlace(code, JUMPS_TO.regions, rip, slot);
  code.localTee(slot);
  code.op('i32.eqz');
  code.if(undefined, 'unlikely');
  enterSuccessor(code, rip, handlerType);
  code.localGet(S);
  code.localGet(rip);
  code.op('i64.extend_i32_u');
  code.memory('i64.store', STATE_OFFSET.rip);
  code.localGet(S);
  code.localGet(FUEL);
  code.memory('i32.store', STATE_OFFSET.fuel);
  code.i32(LEAVE.redispatch);
  code.return();
  code.end();
  code.localGet(S);
  code.localGet(FUEL);
  code.localGet(rip);
  for (const register of PASSED_REGISTERS) {
    code.localGet(S);
    code.memory('i64.load', STATE_OFFSET.gpr + 8 * register);
  }
  code.localGet(slot);
  code.returnCallIndirect(regionType);
}
