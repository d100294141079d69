/** Writes a region as one JavaScript function: the framing around emit.ts. */
import type { Block, Op } from '../../ir/block.ts';
import { flagsCode } from '../../ir/lazy-flags.ts';
import { STATE_OFFSET } from '../../ir/state-layout.ts';
import { specOf } from '../../ir/ops.ts';
import { EMIT } from './emit.ts';
import { graphOf, type Region, REGION_SLOT, STOP } from './region.ts';
import { edgeKind, mergesBelow, type Shape, shapeOf } from './structure.ts';
import { type Assignment, FLAG_LOCALS, flagPartsOf, nearBase, Writer } from './writer.ts';

/** Where a function's text needs every local of the region, known only at its end. */
const SPILL = '\u0001';
const RELOAD = '\u0002';

export interface RegionSource {
  readonly name: string;
  readonly text: string;
  /** Guest addresses whose links the text names `L0`, `L1`, …, counted through the batch. */
  readonly links: readonly number[];
  /** Helpers named `helper_NAME`. */
  readonly helpers: readonly string[];
}

export class RegionWriter extends Writer {
  readonly #region: Region;
  readonly #shape: Shape;
  readonly #numbers: ReadonlyMap<number, number>;
  readonly #links: number[] = [];
  readonly #helpers = new Set<string>();
  readonly #firstLink: number;
  #block: Block;
  #number = 0;
  #retired = -1;
  #rip = 0;

  /** @param firstLink number of the first link name that is free. */
  constructor(region: Region, firstLink: number) {
    super();
    this.#region = region;
    this.#shape = shapeOf(graphOf(region));
    this.#numbers = new Map(region.blocks.map((block, i) => [block.rip, i]));
    this.#firstLink = firstLink;
    this.#block = region.blocks[0];
  }

  write(): RegionSource {
    const name = `r${hex(this.#region.blocks[0].rip)}`;
    this.open('  exit: {');
    this.#writeTree(0);
    this.close();
    const text = [
      `function ${name}(S, depth) {`,
      '  const { D, I, P } = V;',
      `  let fuel = ${slot(REGION_SLOT.fuel)};`,
      ...[...this.locals].map(([local, offset]) => `  let ${local} = ${slot(offset)};`),
      '  let next = 0, stop = 0;',
      this.#expand(this.text),
      `  if (stop !== 0) { ${slot(STATE_OFFSET.rip)} = stop; ${slot(STATE_OFFSET.rip + 4)} = 0; }`,
      `  ${this.#spilled()}`,
      '  return next;',
      '}',
    ].join('\n');
    return { name, text, links: this.#links, helpers: [...this.#helpers] };
  }

  #expand(text: string): string {
    const reloaded = [`fuel = ${slot(REGION_SLOT.fuel)};`];
    for (const [local, offset] of this.locals) reloaded.push(`${local} = ${slot(offset)};`);
    return text.replaceAll(SPILL, this.#spilled()).replaceAll(RELOAD, reloaded.join(' '));
  }

  #spilled(): string {
    const stores = [`${slot(REGION_SLOT.fuel)} = fuel;`];
    for (const [local, offset] of this.locals) {
      if (this.written.has(local)) stores.push(`${slot(offset)} = ${local};`);
    }
    return stores.join(' ');
  }

  // Structure (structure.ts)

  #writeTree(node: number): void {
    const isLoop = this.#shape.isLoopHead[node];
    if (isLoop) this.open(`l${node}: for (;;) {`);
    const merges = mergesBelow(this.#shape, node);
    for (const merge of merges) this.open(`b${merge}: {`);
    this.#writeBlock(node);
    for (const merge of merges.toReversed()) {
      this.close();
      this.#writeTree(merge);
    }
    if (isLoop) this.close();
  }

  #writeBlock(node: number): void {
    const block = this.#region.blocks[node];
    this.#block = block;
    this.#number = node;
    this.#retired = -1;
    this.beginBlock(block.ops);
    if (block.instructionCount > 0) this.line(`fuel -= ${block.instructionCount};`);
    for (const op of block.ops) {
      if (this.isDead(op)) continue;
      EMIT[op.name](this, op);
      if (specOf(op.name).effects !== 'exit') this.release(op);
    }
  }

  beginInstruction(op: Op): void {
    this.#rip = op.imm;
    this.#retired++;
  }

  // Ways on

  /** Goes on at a constant address: inside of the region where it can. */
  goTo(target: number): void {
    if (target <= this.#rip) this.#testFuel(target);
    this.#edge(target, this.#number);
  }

  #edge(target: number, from: number): void {
    const to = this.#numbers.get(target);
    const kind = to === undefined ? 'leave' : edgeKind(this.#shape, from, to);
    if (to === undefined || kind === 'leave') this.#leave(target);
    else if (kind === 'continue') this.line(`continue l${to};`);
    else if (kind === 'break') this.line(`break b${to};`);
    else this.#writeTree(to);
  }

  // Fuel is tested on jumps back, calls, returns and indirect jumps, in every tier alike (DESIGN decision 7).
  #testFuel(target: number): void {
    this.line(`if (fuel <= 0) { ${slot(REGION_SLOT.reason)} = ${STOP.budget}; stop = ${target | 0}; break exit; }`);
  }

  #leave(target: number): void {
    if (!isGuestAddress(target)) {
      this.#leaveFar(String(target | 0), String(Math.floor(target / 0x1_0000_0000) | 0));
      return;
    }
    this.line(SPILL);
    this.line(`return depth === 0 ? ${target | 0} : ${this.#link(target)}.run(S, depth - 1);`);
  }

  #leaveFar(low: string, high: string): void {
    this.line(`${slot(STATE_OFFSET.rip)} = ${low}; ${slot(STATE_OFFSET.rip + 4)} = ${high};`);
    this.line(`${slot(REGION_SLOT.reason)} = ${STOP.far};`);
    this.line('break exit;');
  }

  branch(op: Op): void {
    const { imm: target, imm2: next } = op;
    const [from, rip] = [this.#number, this.#rip];
    this.open(`if (${this.condition(op.args[0])}) {`);
    if (target <= rip) this.#testFuel(target);
    this.#edge(target, from);
    this.close('} else {');
    this.openSilently();
    if (next <= rip) this.#testFuel(next);
    this.#edge(next, from);
    this.close();
  }

  /** Indirect jumps and returns: the caller knows where returns go; others are looked up. */
  goToValue(value: Op, isReturn: boolean): void {
    const [low, high] = [this.atom(value, 0), this.atom(value, 1)];
    this.#testFarAndFuel(low, high);
    if (isReturn) {
      this.line(`next = ${low};`);
      this.line('break exit;');
    } else {
      this.line(SPILL);
      this.line(`return depth === 0 ? ${low} : enter(S, ${low}, depth - 1);`);
    }
  }

  #testFarAndFuel(low: string, high: string): void {
    this.open(`if (${high} !== 0) {`);
    this.#leaveFar(low, high);
    this.close();
    this.line(`if (fuel <= 0) { ${slot(REGION_SLOT.reason)} = ${STOP.budget}; stop = ${low}; break exit; }`);
  }

  callGuest(target: number, next: number): void {
    if (!isGuestAddress(target)) return this.#leave(target);
    this.#testFuel(target);
    this.line(SPILL);
    this.line(`if (depth === 0) return ${target | 0};`);
    this.#finishCall(`${this.#link(target)}.run(S, depth - 1)`, next);
  }

  callGuestValue(value: Op, next: number): void {
    const [low, high] = [this.atom(value, 0), this.atom(value, 1)];
    this.#testFarAndFuel(low, high);
    this.line(SPILL);
    this.line(`if (depth === 0) return ${low};`);
    this.#finishCall(`enter(S, ${low}, depth - 1)`, next);
  }

  #finishCall(call: string, next: number): void {
    if (!this.#numbers.has(next)) {
      this.line(`return ${call};`);
      return;
    }
    const back = this.temporary(call);
    this.line(`if (${back} !== ${next | 0}) return ${back};`);
    this.line(RELOAD);
    this.#edge(next, this.#number);
  }

  leaveForSyscall(next: number): void {
    this.line(`${slot(REGION_SLOT.reason)} = ${STOP.syscall}; stop = ${next | 0};`);
    this.line('break exit;');
  }

  /** A statement that leaves before the current instruction, which the reference interpreter then executes. */
  slowExit(): string {
    const unused = this.#block.instructionCount - Math.max(0, this.#retired);
    return `{ fuel += ${unused}; stop = ${this.#slowRip()}; break exit; }`;
  }

  #slowRip(): number {
    return (this.#retired < 0 ? this.#block.rip : this.#rip) | 0;
  }

  #link(target: number): string {
    let index = this.#links.indexOf(target);
    if (index < 0) index = this.#links.push(target) - 1;
    return `L${this.#firstLink + index}`;
  }

  // Memory

  /** Checks that `sizeBytes` at the op's address may be read; the expression of the address. */
  readable(op: Op, sizeBytes: number): string {
    return this.#checked(op, sizeBytes, 1);
  }

  writable(op: Op, sizeBytes: number): string {
    return this.#checked(op, sizeBytes, 2);
  }

  #checked(op: Op, sizeBytes: number, bit: number): string {
    const address = op.args[0];
    const base = nearBase(address);
    const high = base === null ? this.high(address) : this.high(base);
    const low = this.atom(address);
    const last = sizeBytes === 1 ? '' : ` & P[(${low} + ${sizeBytes - 1}) >>> 12]`;
    const guard = high === '0' ? '' : `${high} !== 0 || `;
    this.statement(`if (${guard}(P[${low} >>> 12]${last} & ${bit}) === 0) ${this.slowExit()}`);
    return `(${low} >>> 0)`;
  }

  // Flags and helpers

  /** The flags become those of an operation of `width` bits; `args`: result, first, second. */
  assignFlags(op: Op, kind: string, width: number): void {
    this.assign(op, this.#flagAssignments(op.args, kind, width));
  }

  assignFlagsIf(op: Op, kind: string, width: number): void {
    const [condition, ...args] = op.args;
    const assignments = this.#flagAssignments(args, kind, width);
    this.assignIf(op, this.condition(condition), assignments);
  }

  #flagAssignments(args: readonly Op[], kind: string, width: number): Assignment[] {
    const kept = flagPartsOf(kind);
    const assignments: Assignment[] = [[this.#flagLocal(0), String(flagsCode(kind, width))]];
    args.forEach((arg, i) => {
      if (!kept[i]) return;
      assignments.push([this.#flagLocal(1 + 2 * i), arg, 0]);
      if (width === 64) assignments.push([this.#flagLocal(2 + 2 * i), arg, 1]);
    });
    return assignments;
  }

  #flagLocal(index: number): string {
    const { name, offset } = FLAG_LOCALS[index];
    return this.localAt(name, offset);
  }

  /** The six status flags in their places. */
  currentFlags(): string {
    return `statusFlags(${FLAG_LOCALS.map((_, i) => this.#flagLocal(i)).join(', ')})`;
  }

  /** A helper works on the state in memory: everything is written back before and read again after. */
  callHelper(op: Op): void {
    const args = op.args.map((arg) => this.i32(arg)).join(', ');
    this.settleAll();
    this.#helpers.add(op.tag);
    this.line(SPILL);
    this.bind(op, `helper_${op.tag}(S, ${args})`);
    this.line(RELOAD);
  }

  /** `text` under a name of its own. */
  temporary(text: string): string {
    const name = this.newName();
    this.line(`const ${name} = ${text};`);
    return name;
  }
}

function slot(offset: number): string {
  return offset === 0 ? 'I[S >> 2]' : `I[(S + ${offset}) >> 2]`;
}

function hex(address: number): string {
  return address.toString(16);
}

function isGuestAddress(address: number): boolean {
  return address >= 0 && address < 0x1_0000_0000;
}
