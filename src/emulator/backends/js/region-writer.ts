/**
 * Writes a region as one JavaScript function: the framing around emit.ts (see translate/golden/ for examples).
 *
 *   function r401000(S, depth) {           S: address of the thread state; depth: calls that may still be nested
 *     const { D, I, P } = V;               DataView, Int32Array, permission bytes; V is refreshed when memory grows
 *     let fuel = I[(S + 1008) >> 2];
 *     let rax = I[S >> 2], rax_h = …       every state variable the region names
 *     let next = 0, stop = 0;
 *     exit: { …structured code… }          leaves by `next = address; break exit` or `stop = address; break exit`
 *     I[S >> 2] = rax; …                   what the region may have changed
 *     return next;                         address to go on at, or 0: the reason is in the state
 *   }
 */
import type { Block, Op } from '../../ir/block.ts';
import { flagParts, flagsCode } from '../../ir/lazy-flags.ts';
import { STATE_OFFSET } from '../../ir/state-layout.ts';
import { specOf } from '../../ir/ops.ts';
import { EMIT } from './emit.ts';
import { graphOf, isGuestAddress, type Region, REGION_SLOT, STOP } from '../region/region.ts';
import { edgeKind, mergesBelow, type Shape, shapeOf } from '../region/structure.ts';
import { baseOf, type CheckGroup, checkGroups, nearBase } from '../region/check-groups.ts';
import { conditionText } from './condition-text.ts';
import { FLAG_LOCALS, Writer } from './writer.ts';

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

interface KnownFlags {
  readonly kind: string;
  readonly width: number;
  /** The op that set them, in the current block; null when they come from a block before. */
  readonly op: Op | null;
  /** Then: names of its operands, which hold until the flags change. */
  readonly texts: readonly (string | null)[];
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
  /** What is known of the flags beyond the locals; null when the locals hold them. */
  #known: KnownFlags | null = null;
  #usesFlags = false;
  /** Accesses of the block that are checked together. */
  #checks: ReadonlyMap<Op, CheckGroup> = new Map();

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
      '  const { D, I, P } = V, s = S >> 2;',
      `  let fuel = ${slot(REGION_SLOT.fuel)}, next = 0, stop = 0, to = null;`,
      ...(this.#usesFlags
        ? [`  let ${FLAG_LOCALS.map((local, i) => `${local.name} = ${i === 0 ? -1 : 0}`).join(', ')};`]
        : []),
      ...[...this.locals].map(([local, offset]) => `  let ${local} = ${slot(offset)};`),
      this.#expand(this.text),
      `  if (stop !== 0) { ${slot(STATE_OFFSET.rip)} = stop; ${slot(STATE_OFFSET.rip + 4)} = 0; }`,
      `  ${this.#spilled()}`,
      '  return to === null || depth === 0 ? next : to.run(S, depth - 1);',
      '}',
    ].join('\n');
    return { name, text, links: this.#links, helpers: [...this.#helpers] };
  }

  #expand(text: string): string {
    if (!text.includes(SPILL)) return text;
    const reloaded = [`fuel = ${slot(REGION_SLOT.fuel)};`];
    if (this.#usesFlags) reloaded.push('flags = -1;');
    for (const [local, offset] of this.locals) reloaded.push(`${local} = ${slot(offset)};`);
    return text.replaceAll(SPILL, this.#spilled()).replaceAll(RELOAD, reloaded.join(' '));
  }

  #spilled(): string {
    const stores = [`${slot(REGION_SLOT.fuel)} = fuel;`];
    for (const [local, offset] of this.locals) {
      if (this.written.has(local)) stores.push(`${slot(offset)} = ${local};`);
    }
    if (this.#usesFlags) {
      const flags = FLAG_LOCALS.map((local) => `${slot(local.offset)} = ${local.name};`);
      stores.push(`if (flags >= 0) { ${flags.join(' ')} }`);
    }
    return stores.join(' ');
  }

  // Structure (structure.ts)

  #writeTree(node: number): void {
    const isLoop = this.#shape.isLoopHead[node];
    if (isLoop || this.#shape.isMerge[node]) this.#known = null;
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
    this.#checks = checkGroups(block.ops);
    if (block.instructionCount > 0) this.line(`fuel -= ${block.instructionCount};`);
    for (const op of block.ops) {
      if (this.isDead(op)) continue;
      if (specOf(op.name).effects === 'exit') {
        this.#freezeFlags();
        EMIT[op.name](this, op);
      } else {
        EMIT[op.name](this, op);
        if (this.#known?.op !== op) this.release(op);
      }
    }
  }

  beginInstruction(op: Op): void {
    this.#rip = op.imm;
    this.#retired++;
  }

  // Ways on

  /** Goes on at a constant address: inside of the region where it can. */
  goTo(target: number): void {
    this.#testFuelBack(target, this.#rip);
    this.#edge(target, this.#number);
  }

  #edge(target: number, from: number): void {
    const to = this.#numbers.get(target);
    const kind = to === undefined ? 'leave' : edgeKind(this.#shape, from, to);
    if (to === undefined || kind === 'leave') this.#leave(target);
    else if (kind === 'inline') {
      if (this.#shape.isLoopHead[to]) this.#materialiseFlags();
      this.#writeTree(to);
    } else {
      this.#materialiseFlags();
      this.line(kind === 'continue' ? `continue l${to};` : `break b${to};`);
    }
  }

  // The rule is in fuel.ts. Where the target is no guest address, leaving tests it.
  #testFuelBack(target: number, rip: number): void {
    if (target <= rip && isGuestAddress(target)) this.#testFuel(target);
  }

  #testFuel(target: number): void {
    this.#testFuelFor(String(target | 0));
  }

  #testFuelFor(target: string): void {
    const flags = this.#flagStores();
    this.line(`if (fuel <= 0) { ${flags}${slot(REGION_SLOT.reason)} = ${STOP.budget}; stop = ${target}; break exit; }`);
  }

  #leave(target: number): void {
    if (!isGuestAddress(target)) {
      this.#leaveFar(String(target | 0), highHalf(target), target < 0);
      return;
    }
    this.#materialiseFlags();
    this.line(`next = ${target | 0}; to = ${this.#link(target)}; break exit;`);
  }

  #leaveFar(low: string, high: string, isTested: boolean): void {
    this.#materialiseFlags();
    this.line(`${slot(STATE_OFFSET.rip)} = ${low}; ${slot(STATE_OFFSET.rip + 4)} = ${high};`);
    this.line(`${slot(REGION_SLOT.reason)} = ${isTested ? `fuel <= 0 ? ${STOP.budget} : ${STOP.far}` : STOP.far};`);
    this.line('break exit;');
  }

  branch(op: Op): void {
    const { imm: target, imm2: next } = op;
    const [from, rip] = [this.#number, this.#rip];
    const flags = this.#known;
    this.open(`if (${this.condition(op.args[0])}) {`);
    this.#testFuelBack(target, rip);
    this.#edge(target, from);
    this.close('} else {');
    this.openSilently();
    this.#known = flags;
    this.#testFuelBack(next, rip);
    this.#edge(next, from);
    this.close();
  }

  /** Indirect jumps and returns: the caller knows where returns go; others are looked up. */
  goToValue(value: Op, isReturn: boolean): void {
    const [low, high] = [this.atom(value, 0), this.atom(value, 1)];
    this.#testFarAndFuel(low, high);
    if (isReturn) {
      this.#materialiseFlags();
      this.line(`next = ${low}; break exit;`);
    } else this.#jumpTable(low);
  }

  /** Targets that were seen before are cases of a switch; others are looked up. */
  #jumpTable(target: string): void {
    const from = this.#number;
    const cases = (this.#region.indirect?.get(this.#block.rip) ?? []).filter((rip) => this.#numbers.has(rip));
    const flags = this.#known;
    if (cases.length > 0) {
      this.open(`switch (${target}) {`);
      for (const rip of cases) {
        this.open(`case ${rip | 0}: {`);
        this.#known = flags;
        this.#edge(rip, from);
        this.close();
      }
      this.close();
    }
    this.#known = flags;
    this.#materialiseFlags();
    this.line(`next = ${target}; to = linkTo(${target}); break exit;`);
  }

  #testFarAndFuel(low: string, high: string): void {
    const flags = this.#known;
    if (high !== '0') {
      this.open(`if (${high} !== 0) {`);
      this.#leaveFar(low, high, true);
      this.close();
    }
    this.#known = flags;
    this.#testFuelFor(low);
  }

  callGuest(target: number, next: number): void {
    if (!isGuestAddress(target)) return this.#leaveFar(String(target | 0), highHalf(target), true);
    this.#testFuel(target);
    if (!this.#numbers.has(next)) return this.#leave(target);
    this.#call(String(target | 0), this.#link(target), next);
  }

  callGuestValue(value: Op, next: number): void {
    const [low, high] = [this.atom(value, 0), this.atom(value, 1)];
    this.#testFarAndFuel(low, high);
    if (this.#numbers.has(next)) return this.#call(low, `linkTo(${low})`, next);
    this.#materialiseFlags();
    this.line(`next = ${low}; to = linkTo(${low}); break exit;`);
  }

  /** A guest call is a call of the host, which comes back with the address that the guest returned to. */
  #call(target: string, link: string, next: number): void {
    this.#materialiseFlags();
    this.line(SPILL);
    this.line(`if (depth === 0) return ${target};`);
    const back = this.temporary(`${link}.run(S, depth - 1)`);
    this.line(`if (${back} !== ${next | 0}) return ${back};`);
    this.line(RELOAD);
    this.#edge(next, this.#number);
  }

  leaveForSyscall(next: number): void {
    this.#stop(STOP.syscall, next);
  }

  leaveToDispatcher(target: number): void {
    this.#stop(STOP.redispatch, target);
  }

  #stop(reason: number, target: number): void {
    this.#materialiseFlags();
    this.line(`${slot(REGION_SLOT.reason)} = ${reason}; stop = ${target | 0}; break exit;`);
  }

  /** A statement that leaves before the current instruction, which the reference interpreter then executes. */
  slowExit(): string {
    const unused = this.#block.instructionCount - Math.max(0, this.#retired);
    return `{ ${this.#flagStores()}fuel += ${unused}; stop = ${this.#slowRip()}; break exit; }`;
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
    const group = this.#checks.get(op);
    if (group !== undefined) {
      if (group.first === op) this.#checkRange(baseOf(op.args[0]).base, group);
      return `(${this.atom(op.args[0])} >>> 0)`;
    }
    const address = op.args[0];
    const base = nearBase(address);
    const high = base === null ? this.high(address) : this.high(base);
    const low = this.atom(address);
    const last = sizeBytes === 1 ? '' : ` & P[(${low} + ${sizeBytes - 1}) >>> 12]`;
    const guard = high === '0' ? '' : `${high} !== 0 || `;
    this.statement(`if (${guard}(P[${low} >>> 12]${last} & ${bit}) === 0) ${this.slowExit()}`);
    return `(${low} >>> 0)`;
  }

  #checkRange(base: Op, { least, end, bit }: CheckGroup): void {
    const [low, high] = [this.atom(base), this.high(base)];
    const page = (offset: number): string => `P[${offset === 0 ? low : `(${low} + ${offset})`} >>> 12]`;
    const guard = high === '0' ? '' : `${high} !== 0 || `;
    const strongest = (bit & 2) !== 0 ? 2 : 1;
    this.statement(`if (${guard}(${page(least)} & ${page(end - 1)} & ${strongest}) === 0) ${this.slowExit()}`);
  }

  // Flags and helpers

  // The operation that set the flags last is only remembered; its operands go to the locals where a path may leave the
  // block, which for most operations is nowhere but in the branch of a failing check. `flags` is -1 while the state in
  // memory holds the flags.

  /** The flags become those of an operation of `width` bits on the op's arguments: result, first, second. */
  setFlags(op: Op, kind: string, width: number): void {
    this.#dropFlags();
    this.#known = { kind, width, op, texts: [] };
  }

  setFlagsIf(op: Op, kind: string, width: number): void {
    this.#materialiseFlags();
    const [condition, ...args] = op.args;
    const test = this.condition(condition);
    const texts = this.#partTexts(args, kind, width);
    for (const { name } of FLAG_LOCALS) this.settle(name);
    this.#usesFlags = true;
    this.statement(`if (${test}) { ${storesOf(kind, width, texts)} }`);
  }

  /** The six status flags in their places. */
  getFlags(op: Op): void {
    this.define(op, this.#statusFlags());
  }

  getCondition(op: Op): void {
    const known = this.#known;
    const fused =
      known === null || known.op !== null ? null : conditionText(op.tag, known.kind, known.width, known.texts);
    this.defineBoolean(op, fused ?? `conditionHolds('${op.tag}', ${this.#statusFlags()})`);
  }

  #statusFlags(): string {
    const known = this.#known;
    if (known === null) {
      this.#usesFlags = true;
      const locals = FLAG_LOCALS.map(({ name }) => name);
      this.mention(locals);
      return `flagsNow(I, s, ${locals.join(', ')})`;
    }
    const texts = this.#textsOf(known).map((text) => text ?? '0');
    return `statusFlags(${flagsCode(known.kind, known.width)}, ${texts.join(', ')})`;
  }

  #textsOf(known: KnownFlags): readonly (string | null)[] {
    return known.op === null ? known.texts : this.#partTexts(known.op.args, known.kind, known.width);
  }

  /** Low and high text of result, first and second; null for what the kind does not keep. */
  #partTexts(args: readonly Op[], kind: string, width: number): (string | null)[] {
    const kept = flagParts(kind);
    return args.flatMap((arg, i) => [kept[i] ? this.low(arg) : null, kept[i] && width === 64 ? this.high(arg) : null]);
  }

  #flagStores(): string {
    if (this.#known === null) return '';
    this.#usesFlags = true;
    return `${storesOf(this.#known.kind, this.#known.width, this.#textsOf(this.#known))} `;
  }

  /** Gives the operands names that hold beyond the block. */
  #freezeFlags(): void {
    const known = this.#known;
    if (known === null || known.op === null) return;
    const kept = flagParts(known.kind);
    const texts = known.op.args.flatMap((arg, i) => [
      kept[i] ? this.fixed(arg, 0) : null,
      kept[i] && known.width === 64 ? this.fixed(arg, 1) : null,
    ]);
    this.release(known.op);
    this.#known = { ...known, op: null, texts };
  }

  /** Puts the flags into their locals. */
  #materialiseFlags(): void {
    this.#freezeFlags();
    if (this.#known === null) return;
    for (const { name } of FLAG_LOCALS) this.settle(name);
    this.line(this.#flagStores());
    this.#known = null;
  }

  #dropFlags(): void {
    if (this.#known?.op != null) this.release(this.#known.op);
    this.#known = null;
  }

  /** A helper works on the state in memory: everything is written back before and read again after. */
  callHelper(op: Op): void {
    const args = op.args.map((arg) => this.i32(arg)).join(', ');
    this.#materialiseFlags();
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

/** Statements that put flags into their locals. Operands whose text reads the old flags are all read before one changes. */
function storesOf(kind: string, width: number, texts: readonly (string | null)[]): string {
  const names: string[] = [];
  const values: string[] = [];
  for (let i = texts.length - 1; i >= 0; i--) {
    const text = texts[i];
    if (text === null) continue;
    names.push(FLAG_LOCALS[i + 1].name);
    values.push(text);
  }
  const code = `flags = ${flagsCode(kind, width)};`;
  if (values.some((text) => text.includes('flagsNow(')))
    return `[${names.join(', ')}] = [${values.join(', ')}]; ${code}`;
  return `${names.map((name, i) => `${name} = ${values[i]};`).join(' ')} ${code}`;
}

function slot(offset: number): string {
  return offset === 0 ? 'I[s]' : `I[s + ${offset >> 2}]`;
}

function hex(address: number): string {
  return address.toString(16);
}

function highHalf(address: number): string {
  return String(Math.floor(address / 0x1_0000_0000) | 0);
}
