/** How handlers go on: to the next micro-op, along links from block to block, through the jump cache, or out. */
import type { Op } from '../../../ir/block.ts';
import { fieldOf } from '../../../ir/field.ts';
import { STATE_OFFSET } from '../../../ir/state-layout.ts';
import { assert } from '../../../util/assert.ts';
import type { CodeWriter } from '../encoder/code-writer.ts';
import type { HandlerFrame } from './handler-frame.ts';
import type { HandlerLayout } from './handler-layout.ts';
import { BLOCK, LEAVE, MICRO_OP, WORD } from './layout.ts';
import { JUMPS_TO, pushPlace } from '../jump-cache.ts';

/** The parameters of a handler. */
export const S = 0;
export const FUEL = 1;
export const UOP = 2;

export class HandlerExits {
  readonly #frame: HandlerFrame;
  readonly #code: CodeWriter;
  readonly #layout: HandlerLayout;
  readonly #type: number;
  readonly #isBack: boolean;

  constructor(frame: HandlerFrame, layout: HandlerLayout, handlerType: number, isBack: boolean) {
    this.#frame = frame;
    this.#code = frame.code;
    this.#layout = layout;
    this.#type = handlerType;
    this.#isBack = isBack;
  }

  /** Goes on at the micro-op behind this one. */
  next(): void {
    const code = this.#code;
    const { sizeBytes } = this.#layout;
    code.localGet(S);
    code.localGet(FUEL);
    code.localGet(UOP);
    code.i32(sizeBytes);
    code.op('i32.add');
    code.localGet(UOP);
    code.memory('i32.load16_u', sizeBytes + MICRO_OP.slot);
    code.returnCallIndirect(this.#type);
  }

  jump(op: Op): void {
    if (this.#isBack) this.#testFuel(() => this.#pushAddress(op.imm));
    this.#follow(this.#layout.targetLink, op.imm);
  }

  branch(op: Op): void {
    const code = this.#code;
    this.#frame.push(op.args[0]);
    code.if();
    this.jump(op);
    code.end();
    this.#follow(this.#layout.nextLink, op.imm2);
  }

  // Calls, returns and indirect jumps test the fuel wherever they go (fuel.ts).
  call(op: Op): void {
    this.#testFuel(() => this.#pushAddress(op.imm));
    this.#follow(this.#layout.targetLink, op.imm);
  }

  /** jumpIndirect, callIndirect, ret: rows have tested that the high half is 0. */
  indirect(op: Op): void {
    const code = this.#code;
    const rip = code.newLocal('i32');
    const block = code.newLocal('i32');
    this.#frame.push(op.args[0]);
    code.op('i32.wrap_i64');
    code.localSet(rip);
    const pushRip = (): void => {
      code.localGet(rip);
      code.op('i64.extend_i32_u');
    };
    this.#testFuel(pushRip);
    pushPlace(code, JUMPS_TO.microOps, rip, block);
    code.localTee(block);
    code.op('i32.eqz');
    code.if(undefined, 'unlikely');
    code.localGet(S);
    if (op.name === 'jumpIndirect') code.localGet(UOP);
    else code.i32(0);
    code.memory('i32.store', WORD.from);
    leave(code, LEAVE.uncached, pushRip);
    code.end();
    code.localGet(block);
    enterBlock(this.#code, this.#type);
    code.release(rip);
    code.release(block);
  }

  syscall(op: Op): void {
    leave(this.#code, LEAVE.syscall, () => this.#pushAddress(op.imm));
  }

  redispatch(op: Op): void {
    leave(this.#code, LEAVE.redispatch, () => this.#pushAddress(op.imm));
  }

  /** The local is not 0 when fuel ended the REP at `op` early. */
  behindString(op: Op, isOut: number): void {
    const code = this.#code;
    code.localGet(isOut);
    code.if(undefined, 'unlikely');
    leave(code, LEAVE.budget, () => {
      code.localGet(UOP);
      code.memory('i64.load32_u', MICRO_OP.rip);
    });
    code.end();
    this.#follow(this.#layout.targetLink, op.imm2);
  }

  #pushAddress(address: number): void {
    const field = fieldOf(address);
    assert(field !== null, 'wasm: code addresses of handlers are fields');
    this.#frame.pushField(field, 'i64');
  }

  #testFuel(pushRip: () => void): void {
    const code = this.#code;
    code.localGet(FUEL);
    code.i32(0);
    code.op('i32.le_s');
    code.if(undefined, 'unlikely');
    leave(this.#code, LEAVE.budget, pushRip);
    code.end();
  }

  /** Along the link at `offset` of the micro-op, or out when there is none yet. */
  #follow(offset: number, target: number): void {
    const code = this.#code;
    const block = code.newLocal('i32');
    code.localGet(UOP);
    code.memory('i32.load', offset);
    code.localTee(block);
    code.op('i32.eqz');
    code.if(undefined, 'unlikely');
    code.localGet(S);
    code.localGet(UOP);
    code.i32(offset);
    code.op('i32.add');
    code.memory('i32.store', WORD.from);
    leave(this.#code, LEAVE.link, () => this.#pushAddress(target));
    code.end();
    code.localGet(block);
    code.release(block);
    enterBlock(this.#code, this.#type);
  }
}

/** Pops a block: counts it, pays for it, goes to its first micro-op. */
export function enterBlock(code: CodeWriter, handlerType: number): void {
  const block = code.newLocal('i32');
  const left = code.newLocal('i32');
  code.localTee(block);
  code.localGet(block);
  code.memory('i32.load', BLOCK.countdown);
  code.i32(1);
  code.op('i32.sub');
  code.localTee(left);
  code.memory('i32.store', BLOCK.countdown);
  code.localGet(left);
  code.op('i32.eqz');
  code.if(undefined, 'unlikely');
  leave(code, LEAVE.warm, () => {
    code.localGet(block);
    code.memory('i64.load32_u', BLOCK.rip);
  });
  code.end();
  code.localGet(S);
  code.localGet(FUEL);
  code.localGet(block);
  code.memory('i32.load', BLOCK.cost);
  code.op('i32.sub');
  code.localGet(block);
  code.i32(BLOCK.code);
  code.op('i32.add');
  code.localGet(block);
  code.memory('i32.load16_u', BLOCK.code + MICRO_OP.slot);
  code.returnCallIndirect(handlerType);
  code.release(block);
  code.release(left);
}

/** Back to the dispatcher. @param pushRip pushes where to go on, an i64. */
export function leave(code: CodeWriter, reason: number, pushRip: () => void): void {
  code.localGet(S);
  pushRip();
  code.memory('i64.store', STATE_OFFSET.rip);
  storeFuel(code);
  code.i32(reason);
  code.return();
}

export function storeFuel(code: CodeWriter): void {
  code.localGet(S);
  code.localGet(FUEL);
  code.memory('i32.store', STATE_OFFSET.fuel);
}

export function reloadFuel(code: CodeWriter): void {
  code.localGet(S);
  code.memory('i32.load', STATE_OFFSET.fuel);
  code.localSet(FUEL);
}
