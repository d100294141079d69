/** How a region goes on: to its other blocks, to other regions, back to the dispatcher. */
import type { Block, Op } from '../../../ir/block.ts';
import { STATE_OFFSET } from '../../../ir/state-layout.ts';
import { assert } from '../../../util/assert.ts';
import { isGuestAddress, isInlined, STOP } from '../../region/region.ts';
import { edgeKind } from '../../region/structure.ts';
import { PARAMETER } from '../convention.ts';
import type { CodeWriter, Label } from '../encoder/code-writer.ts';
import type { FlagState } from './flag-state.ts';
import type { LoopWindow } from './loop-windows.ts';
import { writeJumpTable } from './jump-table.ts';
import type { ModuleScope } from './module-scope.ts';
import type { VariableSet } from './variables.ts';
import type { RegionPlan } from './region-plan.ts';
import { tailCall, tailCallByCache, tailCallIf } from './tail-calls.ts';
import type { VariableLocals } from './variable-locals.ts';

/** What is being written just now. */
export interface Place {
  node: number;
  block: Block;
  /** Address of the instruction. */
  rip: number;
  /** Instructions of the block that are finished; -1 before the first. */
  retired: number;
  /** Variables that may differ from the state. */
  dirty: VariableSet;
  /** Instructions of this block and those in front of it that the fuel was not told of yet. */
  unpaid: number;
}

/** What the exits need of the frame. */
export interface ExitHost {
  readonly code: CodeWriter;
  readonly scope: ModuleScope;
  readonly plan: RegionPlan;
  readonly locals: VariableLocals;
  readonly flags: FlagState;
  readonly at: Place;
  /** Labels of loop heads and of merge blocks by node. */
  readonly labels: ReadonlyMap<number, Label>;
  /** Of loops with windows: where the next window is tested. */
  readonly refills: ReadonlyMap<number, Label>;
  /** Around the whole region: its value is the STOP. */
  readonly outside: Label;
  writeTree(node: number): void;
  /** The local with the fuel that a loop with windows has put aside. */
  rest(): number;
  push(value: Op): void;
  local(value: Op): number;
  /** A local until the block ends. */
  blockLocal(type: 'i32' | 'i64'): number;
  /** To be called when the exit has its operands: the blocks that follow use the locals again. */
  freeTemporaries(): void;
  /** The local stays as it is for the rest of the function. */
  retainLocal(local: number): void;
  /** Whether the value was tested to lie below 4 GiB. */
  isCanonical(value: Op): boolean;
}

export class RegionExits {
  readonly #host: ExitHost;
  readonly #code: CodeWriter;
  /** By dispatcher: the local that tells it where to go on. */
  readonly #choices = new Map<number, number>();

  constructor(host: ExitHost) {
    this.#host = host;
    this.#code = host.code;
  }

  // Out of the instruction

  slowExit(): void {
    const { block, retired, rip, unpaid } = this.#host.at;
    this.#takeFuel(unpaid - block.instructionCount + Math.max(0, retired));
    this.#stopAt(STOP.slow, rip);
  }

  /** To be called where ways join, where the region may end, and where others look at the fuel. */
  pay(): void {
    this.#takeFuel(this.#host.at.unpaid);
    this.#host.at.unpaid = 0;
  }

  #takeFuel(count: number): void {
    if (count === 0) return;
    const code = this.#code;
    code.localGet(PARAMETER.fuel);
    code.i32(count);
    code.op('i32.sub');
    code.localSet(PARAMETER.fuel);
  }

  /** Back to the dispatcher, to go on at `rip`. */
  stop(reason: number, rip: number): void {
    this.pay();
    this.#stopAt(reason, rip);
  }

  #stopAt(reason: number, rip: number): void {
    this.#code.i32(rip | 0);
    this.#stopAtTop(reason);
  }

  /** The same with the address on the stack; the fuel is paid. */
  #stopAtTop(reason: number): void {
    this.#code.localSet(PARAMETER.rip);
    this.#takeBack(this.#host.at.node);
    this.#host.flags.storeAside();
    this.#code.i32(reason);
    this.#code.br(this.#host.outside);
  }

  /** Whether fuel is put aside in the block. */
  #hasRest(node: number): boolean {
    return this.#windowOf(node)?.moves === true;
  }

  #windowOf(node: number): LoopWindow | undefined {
    return this.#host.plan.windows.byNode.get(node);
  }

  /** On a way out of a loop with windows. */
  #takeBack(node: number): void {
    if (!this.#hasRest(node)) return;
    this.#pushWholeFuel(node);
    this.#code.localSet(PARAMETER.fuel);
  }

  #pushWholeFuel(node: number): void {
    const code = this.#code;
    code.localGet(PARAMETER.fuel);
    if (!this.#hasRest(node)) return;
    code.localGet(this.#host.rest());
    code.op('i32.add');
  }

  // To other blocks of the region

  jump(op: Op): void {
    this.#host.freeTemporaries();
    this.goOn(op.imm);
  }

  /** To an address from the instruction that is written just now. */
  goOn(target: number): void {
    const { node, rip } = this.#host.at;
    this.#goTo(target, node, rip);
  }

  branch(op: Op): void {
    const { node, rip } = this.#host.at;
    const restore = this.#mark();
    this.#host.push(op.args[0]);
    this.#host.freeTemporaries();
    this.#code.if();
    this.#goTo(op.imm, node, rip);
    this.#code.else();
    restore();
    this.#goTo(op.imm2, node, rip);
    this.#code.end();
  }

  /** @returns what sets everything back after another way was written. */
  #mark(): () => void {
    const { at, flags } = this.#host;
    const [{ node, dirty, unpaid }, known] = [at, flags.known];
    return () => {
      [at.node, at.dirty, at.unpaid, flags.known] = [node, dirty, unpaid, known];
    };
  }

  #goTo(target: number, from: number, rip: number): void {
    const refill = this.#refillFor(target, from);
    if (refill !== undefined) return this.#goOnInWindow(target, from, refill);
    if (target <= rip && isGuestAddress(target)) this.#testFuel(() => this.#code.i32(target | 0));
    this.#edge(target, from);
  }

  /** Where a jump back to the head of a loop with windows goes when the window is used up. */
  #refillFor(target: number, from: number): Label | undefined {
    const to = this.#host.plan.numbers.get(target);
    return to !== undefined && this.#windowOf(from)?.head === to ? this.#host.refills.get(to) : undefined;
  }

  /** The fuel test of a jump back tells too whether the window is used up. */
  #goOnInWindow(target: number, from: number, refill: Label): void {
    const code = this.#code;
    const { plan, flags, labels } = this.#host;
    const to = plan.numbers.get(target);
    const label = to === undefined ? undefined : labels.get(to);
    assert(to !== undefined && label !== undefined, 'wasm: no label of a loop');
    const { known } = flags;
    this.pay();
    const isUsedUp = code.block();
    code.localGet(PARAMETER.fuel);
    code.i32(0);
    code.op('i32.le_s');
    code.brIf(isUsedUp, 'unlikely');
    if (plan.analysis.needsFlags.inside[to]) flags.join(plan.analysis.flags[to]);
    code.br(label);
    code.end();
    flags.known = known;
    this.#pushWholeFuel(from);
    code.localTee(PARAMETER.fuel);
    code.i32(0);
    code.op('i32.le_s');
    code.if(undefined, 'unlikely');
    this.#host.at.node = -1; // nothing is put aside any more
    code.i32(target | 0);
    this.#stopAtTop(STOP.budget);
    code.end();
    this.#host.at.node = from;
    flags.join(plan.analysis.flags[to]);
    code.br(refill);
  }

  #edge(target: number, from: number): void {
    const to = this.#host.plan.numbers.get(target);
    if (to === undefined) this.#leave(target);
    else this.#edgeInside(to, from);
  }

  #edgeInside(target: number, from: number): void {
    const { plan, flags, labels } = this.#host;
    const { node: to, choices } = plan.graph.wayTo(from, target);
    for (const { dispatcher, entry } of choices) {
      this.#code.i32(entry);
      this.#code.localSet(this.#choiceOf(dispatcher));
    }
    const kind = edgeKind(plan.graph.shape, from, to);
    const isJoined = kind !== 'inline' || plan.graph.shape.isLoopHead[to];
    if (isJoined) this.pay();
    const needsFlags = kind === 'continue' ? plan.analysis.needsFlags.inside : plan.analysis.needsFlags.before;
    if (isJoined && needsFlags[to]) flags.join(plan.analysis.flags[to]);
    if (this.#windowOf(from) !== this.#windowOf(to)) this.#takeBack(from);
    if (kind === 'inline') return this.#host.writeTree(to);
    const label = labels.get(to);
    assert(label !== undefined, `wasm: no label of block ${to}`);
    this.#code.br(label);
  }

  #choiceOf(dispatcher: number): number {
    let local = this.#choices.get(dispatcher);
    if (local === undefined) this.#choices.set(dispatcher, (local = this.#code.newLocal('i32')));
    return local;
  }

  /** The code of a dispatcher: on to the block that was chosen (region/dispatchers.ts). */
  dispatch(node: number): void {
    const code = this.#code;
    const entries = this.#host.plan.graph.entriesOf(node);
    const labels = entries.map(() => code.block()).toReversed();
    code.localGet(this.#choiceOf(node));
    code.brTable(labels.slice(0, -1), labels[labels.length - 1]);
    const restore = this.#mark();
    for (const entry of entries) {
      code.end();
      restore();
      this.#edgeInside(entry, node);
    }
  }

  /** @param target pushes the address to go on at. */
  #testFuel(target: () => void): void {
    const code = this.#code;
    this.pay();
    this.#pushWholeFuel(this.#host.at.node);
    code.i32(0);
    code.op('i32.le_s');
    code.if(undefined, 'unlikely');
    target();
    this.#stopAtTop(STOP.budget);
    code.end();
  }

  // Out of the region

  /** To a constant address outside of the region. */
  #leave(target: number): void {
    if (!isGuestAddress(target)) return this.#leaveFar(target, target < 0);
    this.#prepareToLeave();
    tailCall(this.#code, this.#host.scope, target);
  }

  #leaveFar(target: number, isTested: boolean): void {
    const code = this.#code;
    code.localGet(PARAMETER.state);
    code.i32(Math.floor(target / 0x1_0000_0000) | 0);
    code.memory('i32.store', STATE_OFFSET.rip + 4);
    if (isTested) this.#testFuel(() => code.i32(target | 0));
    this.stop(STOP.far, target);
  }

  #prepareToLeave(): void {
    const { flags, locals, at } = this.#host;
    this.pay();
    this.#takeBack(at.node);
    flags.materialise();
    locals.spillUnpassed(at.dirty);
  }

  jumpIndirect(op: Op): void {
    const target = this.#indirectTarget(op.args[0]);
    this.#tryInside(target);
    this.#leaveTo(target);
  }

  /** To one of the blocks here where the exit was seen to go. */
  #tryInside(target: number): void {
    const code = this.#code;
    const { node, block } = this.#host.at;
    const { numbers, region } = this.#host.plan;
    const known = region.indirect?.get(block.rip) ?? [];
    const cases = known.filter((rip) => numbers.has(rip));
    this.#host.retainLocal(target);
    this.#host.freeTemporaries();
    if (cases.length === 0) return;
    const restore = this.#mark();
    const missed = code.block();
    writeJumpTable(code, target, cases, missed, (rip) => {
      this.#edge(rip, node);
      restore();
    });
    code.end();
  }

  ret(op: Op): void {
    const { scope } = this.#host;
    const target = this.#indirectTarget(op.args[0]);
    this.#tryInside(target);
    this.#prepareToLeave();
    for (const rip of scope.returnsTo) tailCallIf(this.#code, scope, target, rip);
    tailCallByCache(this.#code, scope, target);
  }

  call(op: Op): void {
    if (!isGuestAddress(op.imm)) return this.#leaveFar(op.imm, true);
    this.#testFuel(() => this.#code.i32(op.imm | 0));
    const { plan, at } = this.#host;
    if (!isInlined(plan.region, op)) return this.#leave(op.imm);
    this.#host.freeTemporaries();
    this.#edge(op.imm, at.node);
  }

  callIndirect(op: Op): void {
    this.#leaveTo(this.#indirectTarget(op.args[0]));
  }

  /** Tests high half and fuel. @returns a local with the low half. */
  #indirectTarget(value: Op): number {
    const code = this.#code;
    const wide = this.#host.local(value);
    const low = this.#host.blockLocal('i32');
    code.localGet(wide);
    code.op('i32.wrap_i64');
    code.localSet(low);
    if (!this.#host.isCanonical(value)) this.#leaveIfFar(wide, low);
    this.#testFuel(() => code.localGet(low));
    return low;
  }

  #leaveIfFar(wide: number, low: number): void {
    const code = this.#code;
    this.pay();
    const high = this.#host.blockLocal('i32');
    code.localGet(wide);
    code.i64(32);
    code.op('i64.shr_u');
    code.op('i32.wrap_i64');
    code.localTee(high);
    code.if(undefined, 'unlikely');
    code.localGet(PARAMETER.state);
    code.localGet(high);
    code.memory('i32.store', STATE_OFFSET.rip + 4);
    this.#testFuel(() => code.localGet(low));
    code.localGet(low);
    this.#stopAtTop(STOP.far);
    code.end();
  }

  /** To an address known only now. */
  #leaveTo(target: number): void {
    this.#prepareToLeave();
    tailCallByCache(this.#code, this.#host.scope, target);
  }
}
