/**
 * The code in front of a loop with windows (loop-windows.ts):
 *
 *   loop refill                        only where the window may end
 *     the test of each group, or a slow exit at the head of the loop
 *     fuel → the turns of the least window, in instructions; the rest of it → `rest`
 *     loop
 *       …
 *       jump back: fuel goes down; while some is left, a turn
 *       fuel and rest together: nothing is left, or refill
 *     end
 *   end
 */
import { PERMISSIONS_BASE } from '../../../memory/address-space.ts';
import { PAGE_SHIFT, PAGE_SIZE } from '../../../memory/page-permissions.ts';
import { PARAMETER } from '../convention.ts';
import type { CodeWriter, Label } from '../encoder/code-writer.ts';
import { pushIsFar } from '../far-address.ts';
import type { Affine } from './affine.ts';
import type { SteadyGroup } from './invariant-accesses.ts';
import type { LoopWindow, WindowGroup } from './loop-windows.ts';
import type { VariableLocals } from './variable-locals.ts';

const OFFSET_MASK = PAGE_SIZE - 1;
/** Instructions per byte are a fixed-point number with so many bits behind the point, and so large at most. */
const RATE_SHIFT = 10;
const MOST_RATE = 0x3_ffff; // times two pages is an int32

export interface WindowHost {
  readonly code: CodeWriter;
  readonly locals: VariableLocals;
  /** Leaves at the head of the loop. */
  slowExit(): void;
}

/** Writes the tests. @param rest the local for fuel that is put aside, when the window moves */
export function writeWindow(host: WindowHost, window: LoopWindow, rest: number): void {
  const { code } = host;
  const passed = code.block();
  const failed = code.block();
  const tests = new WindowTests(host, window, failed);
  for (const group of window.groups) tests.write(group);
  if (window.moves) tests.divideFuel(rest);
  tests.release();
  code.br(passed);
  code.end();
  host.slowExit();
  code.end();
}

/**
 * Sets the local to the limit of the group's accesses: 0 when none may be made untested. It is set on different ways, since
 * V8 would compute a value that only the loop uses in the loop.
 */
export function writeSteadyTest(code: CodeWriter, locals: VariableLocals, group: SteadyGroup, limit: number): void {
  const { terms, least, end, mostBytes } = group;
  const bit = lone(group.bit);
  const wide = code.newLocal('i64');
  const address = code.newLocal('i32');
  code.i32(0);
  code.localSet(limit);
  const done = code.block();
  pushSum(code, locals, terms);
  code.i64(least);
  code.op('i64.add');
  code.localTee(wide);
  code.op('i32.wrap_i64');
  code.localSet(address);
  pushIsFar(code, wide);
  code.brIf(done, 'unlikely');
  pushMay(code, address, 0, bit);
  code.op('i32.eqz');
  code.brIf(done, 'unlikely');
  code.i32(-1);
  code.localSet(limit);
  pushMay(code, address, end - least - 1, bit);
  code.brIf(done, 'likely');
  // Only the first page: up to where the longest access ends with it.
  code.localGet(address);
  code.i32(-PAGE_SIZE);
  code.op('i32.and');
  code.i32(PAGE_SIZE - mostBytes + 1);
  code.op('i32.add');
  code.localSet(limit);
  code.end();
  code.release(wide);
  code.release(address);
}

/** Pushes whether the page of address + offset has the right: 0, or not. */
function pushMay(code: CodeWriter, address: number, offset: number, bit: number): void {
  pushPermissions(code, 'i32.load8_u', address, offset, 0);
  code.i32(bit);
  code.op('i32.and');
}

function pushSum(code: CodeWriter, locals: VariableLocals, terms: Affine['terms']): void {
  let isFirst = true;
  for (const [variable, factor] of terms) {
    code.localGet(locals.of(variable));
    if (factor !== 1) {
      code.i64(factor);
      code.op('i64.mul');
    }
    if (!isFirst) code.op('i64.add');
    isFirst = false;
  }
  if (isFirst) code.i64(0);
}

function pushPermissions(
  code: CodeWriter,
  load: 'i32.load8_u' | 'i32.load16_u',
  address: number,
  offset: number,
  page: number,
): void {
  code.localGet(address);
  if (offset !== 0) {
    code.i32(offset);
    code.op('i32.add');
  }
  code.i32(PAGE_SHIFT);
  code.op('i32.shr_u');
  code.memory(load, PERMISSIONS_BASE + page);
}

class WindowTests {
  readonly #host: WindowHost;
  readonly #code: CodeWriter;
  readonly #window: LoopWindow;
  readonly #failed: Label;
  /** The first address, or that of the last byte where the window lies below it. */
  readonly #wide: number;
  readonly #address: number;
  /** Bytes up to the end of the window; then what they are in instructions. */
  readonly #room: number;
  /** Instructions that the windows so far allow. */
  readonly #least: number;
  #isFirst = true;

  constructor(host: WindowHost, window: LoopWindow, failed: Label) {
    this.#host = host;
    this.#code = host.code;
    this.#window = window;
    this.#failed = failed;
    this.#wide = host.code.newLocal('i64');
    this.#address = host.code.newLocal('i32');
    this.#room = host.code.newLocal('i32');
    this.#least = host.code.newLocal('i32');
  }

  release(): void {
    for (const local of [this.#wide, this.#address, this.#room, this.#least]) this.#code.release(local);
  }

  write(group: WindowGroup): void {
    const code = this.#code;
    const isDown = group.step < 0;
    pushSum(code, this.#host.locals, group.terms);
    code.i64(isDown ? group.end - 1 : group.least);
    code.op('i64.add');
    code.localTee(this.#wide);
    code.op('i32.wrap_i64');
    code.localSet(this.#address);
    pushIsFar(code, this.#wide);
    code.brIf(this.#failed, 'unlikely');
    const sizeBytes = group.end - group.least;
    if (group.step === 0 && group.stepBy < 0) return this.#testBothEnds(group.bit, sizeBytes);
    this.#testPages(group.bit, sizeBytes, isDown);
    this.#noteTurns(group);
  }

  /** For an address that stays. */
  #testBothEnds(permission: number, sizeBytes: number): void {
    const bit = lone(permission);
    const code = this.#code;
    pushPermissions(code, 'i32.load8_u', this.#address, 0, 0);
    if (sizeBytes > 1) {
      pushPermissions(code, 'i32.load8_u', this.#address, sizeBytes - 1, 0);
      code.op('i32.and');
    }
    code.i32(bit);
    code.op('i32.and');
    code.op('i32.eqz');
    code.brIf(this.#failed, 'unlikely');
  }

  /** Tests the page of the address and the next one in its direction, or it alone; how far it is to their end → room. */
  #testPages(permission: number, sizeBytes: number, isDown: boolean): void {
    const bit = lone(permission);
    const code = this.#code;
    pushPermissions(code, 'i32.load16_u', this.#address, 0, isDown ? -1 : 0);
    code.i32(bit * 0x101);
    code.op('i32.and');
    code.i32(bit * 0x101);
    code.op('i32.eq');
    code.if();
    this.#pushRoom(sizeBytes, 2 * PAGE_SIZE, isDown);
    code.localSet(this.#room);
    code.else();
    pushPermissions(code, 'i32.load8_u', this.#address, 0, 0);
    code.i32(bit);
    code.op('i32.and');
    code.op('i32.eqz');
    code.brIf(this.#failed, 'unlikely');
    this.#pushRoom(sizeBytes, PAGE_SIZE, isDown);
    code.localTee(this.#room);
    code.i32(0);
    code.op('i32.lt_s');
    code.brIf(this.#failed, 'unlikely');
    code.end();
  }

  /** Bytes by which the range may move before it leaves the window; negative when it lies across its end already. */
  #pushRoom(sizeBytes: number, windowBytes: number, isDown: boolean): void {
    const code = this.#code;
    if (!isDown) code.i32(windowBytes - sizeBytes);
    code.localGet(this.#address);
    code.i32(OFFSET_MASK);
    code.op('i32.and');
    if (isDown) code.i32(windowBytes - PAGE_SIZE - (sizeBytes - 1));
    code.op(isDown ? 'i32.add' : 'i32.sub');
  }

  #noteTurns({ step, stepBy }: WindowGroup): void {
    const code = this.#code;
    const { leastCost } = this.#window;
    if (stepBy < 0) {
      // Turns begun within the room, each of leastCost at least, rounded down.
      code.localGet(this.#room);
      code.i32(Math.min(MOST_RATE, Math.floor((leastCost << RATE_SHIFT) / Math.abs(step))));
      code.op('i32.mul');
      code.i32(RATE_SHIFT);
      code.op('i32.shr_u');
    } else this.#pushTurnsBy(stepBy);
    this.#noteLeast();
  }

  /** For a step that is a register: forward by less than a page; any other has no turn but the first. */
  #pushTurnsBy(register: number): void {
    const code = this.#code;
    const step = this.#host.locals.of(register);
    code.localGet(step);
    code.i64(1);
    code.op('i64.sub');
    code.i64(PAGE_SIZE);
    code.op('i64.lt_u');
    code.if('i32');
    code.localGet(this.#room);
    code.localGet(step);
    code.op('i32.wrap_i64');
    code.op('i32.div_u');
    code.i32(this.#window.leastCost);
    code.op('i32.mul');
    code.else();
    code.i32(0);
    code.end();
  }

  #noteLeast(): void {
    const code = this.#code;
    if (this.#isFirst) code.localSet(this.#least);
    else {
      code.localTee(this.#room);
      code.localGet(this.#least);
      code.localGet(this.#room);
      code.localGet(this.#least);
      code.op('i32.lt_s');
      code.op('select');
      code.localSet(this.#least);
    }
    this.#isFirst = false;
  }

  /** What lies beyond the least window goes to `rest`. */
  divideFuel(rest: number): void {
    const code = this.#code;
    code.localGet(PARAMETER.fuel);
    code.localGet(this.#least);
    code.op('i32.sub');
    code.localTee(rest);
    code.i32(0);
    code.localGet(rest);
    code.i32(0);
    code.op('i32.gt_s');
    code.op('select');
    code.localSet(rest);
    code.localGet(PARAMETER.fuel);
    code.localGet(rest);
    code.op('i32.sub');
    code.localSet(PARAMETER.fuel);
  }
}

/** The one bit that tells: what may be written may be read. */
function lone(permission: number): number {
  return (permission & 2) !== 0 ? 2 : 1;
}
