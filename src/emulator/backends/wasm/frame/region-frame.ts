/**
 * Writes a region as one WebAssembly function: state variables in locals, structured control flow, flags only where
 * somebody may look (see convention.ts for the function's type, translate/golden/ for examples).
 *
 *   locals of the variables that the region names ← state
 *   block i32                          its value is the STOP
 *     …structured code…                leaves by a tail call, or for the dispatcher by a branch out of the block
 *   end
 *   state ← what the region may have changed, fuel, rip
 *
 * At a slow exit the stack may hold operands that are not finished: the branch drops them.
 */
import type { Block, Op } from '../../../ir/block.ts';
import type { ValueType } from '../../../ir/op-spec.ts';
import { specOf } from '../../../ir/ops.ts';
import { STATE_OFFSET, STATE_VARIABLES, VARIABLE } from '../../../ir/state-layout.ts';
import { assert } from '../../../util/assert.ts';
import { graphOf, isGuestAddress, type Region, STOP } from '../../region/region.ts';
import { edgeKind, mergesBelow, type Shape, shapeOf } from '../../region/structure.ts';
import { PARAMETER, REGION_PARAMETERS } from '../convention.ts';
import { FloatNotes } from '../emit/float-notes.ts';
import type { QuickFloats } from '../emit/float-quick.ts';
import { QUICK } from '../emit/float-quick-ops.ts';
import { pushScalar } from '../emit/float-scalar.ts';
import { endsFloatNotes, pushFreshBar } from '../float-module.ts';
import { emitterOf } from '../emit/emit-table.ts';
import { CodeWriter, type FunctionBody, type Label } from '../encoder/code-writer.ts';
import type { RuntimeFunction } from '../runtime-functions.ts';
import { STRING_OUTCOME, stringCall } from '../string-runtime.ts';
import { BlockValues, isValue } from './block-values.ts';
import { floatStretches, type FrameMark, type StretchHost, writeStretch } from './float-stretch.ts';
import { VariableLocals } from './variable-locals.ts';
import { LowLanes } from './low-lanes.ts';
import { type CheckHost, PermissionCheck } from './permission-check.ts';
import { type PlainLanes, plainLanes } from './plain-lanes.ts';
import { type FlagHost, FlagState } from './flag-state.ts';
import { writeJumpTable } from './jump-table.ts';
import type { ModuleScope } from './module-scope.ts';
import { analyse, isInState, type RegionAnalysis, VariableSet } from './region-analysis.ts';
import { writeStringCall } from './string-call.ts';
import { tailCall, tailCallByCache, tailCallIf } from './tail-calls.ts';

export class RegionFrame implements CheckHost, FlagHost, StretchHost {
  readonly code = new CodeWriter(REGION_PARAMETERS);
  readonly floats = new FloatNotes(this.code);
  values = new BlockValues([]);
  readonly #flags = new FlagState(this);
  readonly #scope: ModuleScope;
  readonly #region: Region;
  readonly #shape: Shape;
  readonly #analysis: RegionAnalysis;
  readonly #numbers: ReadonlyMap<number, number>;
  readonly #locals: VariableLocals;
  /** Labels of loop heads and of merge blocks. */
  readonly #labels = new Map<number, Label>();
  #outside!: Label;
  /** Values of the block that were tested to lie below 4 GiB. */
  #canonical = new Set<Op>();
  #block: Block;
  #number = 0;
  #retired = -1;
  #rip = 0;
  #dirty = new VariableSet();
  /** Writing a path that is left: what is computed here is not known outside of it. */
  #isAside = false;
  /** Locals to give back when the block ends. */
  #temporaries: number[] = [];
  readonly check: PermissionCheck;
  /** Local of the bar of floats (float-runtime.ts); -1 in a region without floats. */
  #bar = -1;
  readonly #lows = new LowLanes(this.code);
  quick: QuickFloats | null = null;
  /** By block; empty in a region without floats. */
  #plain: readonly PlainLanes[] = [];

  constructor(region: Region, scope: ModuleScope) {
    this.#region = region;
    this.#scope = scope;
    const graph = graphOf(region);
    this.#shape = shapeOf(graph);
    this.#analysis = analyse(region.blocks, graph, this.#shape);
    this.#numbers = new Map(region.blocks.map((block, i) => [block.rip, i]));
    this.#block = region.blocks[0];
    this.check = new PermissionCheck(this);
    this.#locals = new VariableLocals(this.code, this.#lows, this.#analysis.touched);
  }

  write(): FunctionBody {
    this.#lows.assign(this.#region.blocks);
    this.#locals.loadEntry();
    this.#openFloats();
    this.#outside = this.code.block('i32');
    this.#writeTree(0);
    this.code.op('unreachable');
    this.code.end();
    // Below the STOP on the stack.
    this.#locals.spill(this.#analysis.written);
    this.code.localGet(PARAMETER.state);
    this.code.localGet(PARAMETER.rip);
    this.code.memory('i32.store', STATE_OFFSET.rip);
    return this.code.finish();
  }

  // Floats

  #openFloats(): void {
    if (!this.#analysis.hasFloats) return;
    this.#bar = this.code.newLocal('i32');
    this.#refreshBar();
    this.#lows.testEntry(this.#bar, (variable) => this.#locals.of(variable));
    this.#plain = plainLanes(this.#region.blocks, graphOf(this.#region), this.#lows.tested);
  }

  /** To be called where nothing is known of floats. */
  #refreshBar(): void {
    this.floats.clear();
    if (this.#bar < 0) return;
    pushFreshBar(this.code, PARAMETER.state);
    this.code.localSet(this.#bar);
  }

  floatBar(): number {
    return this.#bar;
  }

  // Structure (structure.ts)

  #writeTree(node: number): void {
    const isLoop = this.#shape.isLoopHead[node];
    if (isLoop || this.#shape.isMerge[node]) this.#flags.enterJoin(this.#analysis.flags[node]);
    if (isLoop) this.#labels.set(node, this.code.loop());
    const merges = mergesBelow(this.#shape, node);
    for (const merge of merges) this.#labels.set(merge, this.code.block());
    this.#writeBlock(node);
    for (const merge of merges.toReversed()) {
      this.code.end();
      this.#writeTree(merge);
    }
    if (isLoop) this.code.end();
  }

  #writeBlock(node: number): void {
    const block = this.#region.blocks[node];
    this.#block = block;
    this.#number = node;
    this.#retired = -1;
    this.#rip = block.rip;
    this.#dirty = this.#analysis.dirty[node].copy();
    this.values = new BlockValues(block.ops);
    this.floats.begin(this.#plain[node] ?? NO_LANES);
    this.#lows.beginBlock();
    this.#canonical = new Set();
    this.check.beginBlock(block.ops);
    if (block.instructionCount > 0) this.#takeFuel(block.instructionCount);
    this.#writeOps(block.ops);
  }

  #writeOps(ops: readonly Op[]): void {
    let next = 0;
    for (const { start, end } of this.#bar < 0 ? [] : floatStretches(ops)) {
      for (; next < start; next++) this.writeOp(ops[next]);
      writeStretch(this, ops.slice(start, end));
      next = end;
    }
    for (; next < ops.length; next++) this.writeOp(ops[next]);
  }

  mark(): FrameMark {
    return {
      values: this.values.mark(),
      notes: this.floats.mark(),
      lows: this.#lows.mark(),
      checks: this.check.mark(),
      flags: this.#flags.known,
      dirty: this.#dirty.copy(),
      place: { retired: this.#retired, rip: this.#rip },
    };
  }

  reset({ values, notes, lows, checks, flags, dirty, place }: FrameMark): void {
    this.values.reset(values);
    this.floats.reset(notes);
    this.#lows.reset(lows);
    this.check.reset(checks);
    this.#flags.known = flags;
    [this.#dirty, this.#retired, this.#rip] = [dirty.copy(), place.retired, place.rip];
  }

  writeOp(op: Op): void {
    if (this.values.isDead(op) || isConstant(op)) return;
    if (isValue(op)) return this.#writeValue(op);
    if (specOf(op.name).effects === 'exit') {
      this.#flags.freeze();
      return this.#emit(op);
    }
    if (op.name === 'checkTarget') this.#canonical.add(op.args[0]);
    if (op.name === 'float') this.copyReaders(this.values.takeReaders(VARIABLE.mxcsr));
    if (op.name === 'set128' && this.#lows.laneOf(op.imm) !== undefined) return this.#writeLowAndUpper(op);
    this.#emit(op);
    if (op.type === 'none') return;
    if (this.values.isWanted(op)) this.#keep(op, op.type);
    else this.code.op('drop');
  }

  /** Values are computed where they are used; here only what is used more often, or depends on this place. */
  #writeValue(op: Op): void {
    if (op.name === 'get64' || op.name === 'get32' || op.name === 'get128') this.values.noteReader(op);
    else if (specOf(op.name).effects === 'read' || !this.values.isUsedOnce(op)) {
      this.#emit(op);
      this.#keep(op, op.type as ValueType);
    }
  }

  #emit(op: Op): void {
    if (this.quick !== null && op.name === 'float') return QUICK[op.tag](this.quick, op);
    const emit = emitterOf(op.name);
    assert(emit !== undefined, `wasm: no emitter of ${op.name}`);
    emit(this, op);
  }

  /** Pops the op's value into a local of its own. */
  #keep(op: Op, type: ValueType): void {
    const local = this.#temporary(type);
    this.code.localSet(local);
    this.values.settle(op, local);
  }

  #temporary(type: ValueType): number {
    const local = this.code.newLocal(type);
    this.#temporaries.push(local);
    return local;
  }

  /** To be called when the exit has its operands: the blocks that follow use the locals again. */
  #freeTemporaries(): void {
    for (const local of this.#temporaries) this.code.release(local);
    this.#temporaries = [];
  }

  /** The local stays as it is for the rest of the function. */
  #retainLocal(local: number): void {
    this.#temporaries = this.#temporaries.filter((other) => other !== local);
  }

  // Values

  push(value: Op): void {
    if (isConstant(value)) return this.pushConstant(value);
    const home = this.values.homeOf(value);
    if (home >= 0) this.code.localGet(home);
    else this.#emit(value);
    if (!this.#isAside) this.values.consume(value);
  }

  local(value: Op): number {
    const home = this.values.homeOf(value);
    if (home >= 0) {
      if (!this.#isAside) this.values.consume(value);
      return home;
    }
    const type = value.type as ValueType;
    const local = this.#temporary(type);
    this.push(value);
    this.code.localSet(local);
    if (!this.#isAside) this.values.settle(value, local);
    return local;
  }

  constant(value: Op): number | null {
    if (value.name === 'const32') return value.imm;
    return value.name === 'const64' && value.imm2 === value.imm >> 31 ? value.imm : null;
  }

  pushConstant(op: Op): void {
    if (op.name === 'const32') this.code.i32(op.imm);
    else this.code.i64(op.imm, op.imm2);
  }

  // State

  pushState(): void {
    this.code.localGet(PARAMETER.state);
  }

  readVariable(variable: number, type: ValueType): void {
    if (isInState(variable)) {
      this.pushState();
      return this.code.memory(`${type}.load`, STATE_VARIABLES[variable].offset);
    }
    this.code.localGet(this.#locals.of(variable));
    if (type === 'i32' && STATE_VARIABLES[variable].type === 'i64') this.code.op('i32.wrap_i64');
    if (type === 'v128') this.#lows.merge(variable);
  }

  lowLane(value: Op, type: 'f64' | 'f32'): number {
    if (value.name !== 'get128' || this.values.homeOf(value) >= 0) return -1;
    const lane = this.#lows.laneOf(value.imm);
    return lane?.type === type ? lane.local : -1;
  }

  /** set128 of a register whose low lane has a local of its own. */
  #writeLowAndUpper({ imm: variable, args: [value] }: Op): void {
    const lane = this.#lows.laneOf(variable);
    assert(lane !== undefined, 'wasm: low lane without a local');
    const root = this.#lows.rootOf(value);
    const keepsUpper = root !== value && this.#lows.hasUpper(variable, root);
    if (!keepsUpper) this.code.localGet(this.local(this.values.homeOf(root) >= 0 ? root : value));
    pushScalar(this, value, lane.type);
    this.copyReaders(this.values.takeReaders(variable));
    this.code.localSet(lane.local);
    if (!keepsUpper) {
      this.code.localSet(this.#locals.of(variable));
      this.#lows.noteUpper(variable, root);
    }
    this.floats.forgetVariable(variable);
    this.#dirty.add(variable);
  }

  writeVariable(variable: number, type: ValueType, value: () => void): void {
    if (isInState(variable)) return this.#writeInState(variable, type, value);
    value();
    this.copyReaders(this.values.takeReaders(variable));
    this.code.localSet(this.#locals.of(variable));
    this.floats.forgetVariable(variable);
    this.#dirty.add(variable);
  }

  #writeInState(variable: number, type: ValueType, value: () => void): void {
    this.pushState();
    value();
    this.copyReaders(this.values.takeReaders(variable));
    this.code.memory(`${type}.store`, STATE_VARIABLES[variable].offset);
    if (endsFloatNotes(variable)) this.#refreshBar();
  }

  writeLow32(variable: number, value: () => void): void {
    const { code } = this;
    if (STATE_VARIABLES[variable].type === 'i32') return this.writeVariable(variable, 'i32', value);
    this.writeVariable(variable, 'i64', () => {
      code.localGet(this.#locals.of(variable));
      code.i64(0, -1);
      code.op('i64.and');
      value();
      code.op('i64.extend_i32_u');
      code.op('i64.or');
    });
  }

  /** Values read from variables that are about to change go to locals of their own. */
  copyReaders(readers: readonly Op[]): void {
    for (const op of readers) {
      this.#emit(op);
      this.#keep(op, op.type as ValueType);
    }
  }

  // Flags

  setFlags(op: Op): void {
    this.#flags.set(op);
  }

  setFlagsIf(op: Op): void {
    this.#flags.setIf(op);
  }

  pushFlags(): void {
    this.#flags.push();
  }

  pushCondition(op: Op): void {
    this.#flags.pushCondition(op.tag);
  }

  pushAside(value: Op, values: BlockValues): void {
    const current = this.values;
    this.values = values;
    this.aside(() => this.push(value));
    this.values = current;
  }

  aside(write: () => void): void {
    const wasAside = this.#isAside;
    this.#isAside = true;
    write();
    this.#isAside = wasAside;
  }

  retain(value: Op): void {
    if (isConstant(value)) return;
    const home = this.values.homeOf(value);
    if (home >= 0) this.#retainLocal(home);
    else if (specOf(value.name).effects === 'none') for (const arg of value.args) this.retain(arg);
    else {
      this.#emit(value);
      this.#keep(value, value.type as ValueType);
      this.#retainLocal(this.values.homeOf(value));
    }
  }

  /** Pushes the value wherever it is asked for in this block. */
  fixed(value: Op): () => void {
    if (isConstant(value)) return () => this.pushConstant(value);
    const local = this.local(value);
    return () => this.code.localGet(local);
  }

  // Memory

  address(op: Op): number {
    return this.check.access(op);
  }

  blockLocal(type: 'i32' | 'i64'): number {
    return this.#temporary(type);
  }

  // Ways out of the instruction

  slowExitIf(): void {
    this.code.if(undefined, 'unlikely');
    this.slowExit();
    this.code.end();
  }

  slowExit(): void {
    if (this.quick !== null) return this.code.br(this.quick.slow);
    const unused = this.#block.instructionCount - Math.max(0, this.#retired);
    if (unused > 0) this.#takeFuel(-unused);
    this.#stop(STOP.slow, this.#rip);
  }

  #takeFuel(count: number): void {
    const { code } = this;
    code.localGet(PARAMETER.fuel);
    code.i32(count);
    code.op('i32.sub');
    code.localSet(PARAMETER.fuel);
  }

  /** Back to the dispatcher, to go on at `rip`. */
  #stop(reason: number, rip: number): void {
    this.code.i32(rip | 0);
    this.#stopAtTop(reason);
  }

  /** The same with the address on the stack. */
  #stopAtTop(reason: number): void {
    this.code.localSet(PARAMETER.rip);
    this.#flags.storeAside();
    this.code.i32(reason);
    this.code.br(this.#outside);
  }

  callRuntime(name: RuntimeFunction): void {
    this.code.call(this.#scope.runtime(name));
  }

  callHelper(op: Op): void {
    const { code } = this;
    this.#flags.materialise();
    this.copyReaders(this.values.takeAllReaders());
    const args = op.args.map((arg) => this.fixed(arg));
    this.#locals.spill(this.#dirty);
    this.#dirty.clear();
    this.pushState();
    code.i32(this.#scope.helperIndex(op.tag));
    for (const push of args) push();
    code.call(this.#scope.helper);
    this.#locals.reload();
    this.#lows.reloaded(op);
    this.#refreshBar();
  }

  callFloat(op: Op): void {
    const mxcsr = this.#temporary('i32');
    this.code.localSet(mxcsr);
    this.pushState();
    this.code.i32(this.#scope.floatIndex(op.tag));
    this.code.localGet(mxcsr);
    this.code.call(this.#scope.float);
  }

  beginInstruction(op: Op): void {
    this.#rip = op.imm;
    this.#retired++;
  }

  // Ways on

  jump(op: Op): void {
    this.#freeTemporaries();
    this.#goTo(op.imm, this.#number, this.#rip);
  }

  branch(op: Op): void {
    const [from, rip, dirty, known] = [this.#number, this.#rip, this.#dirty, this.#flags.known];
    this.push(op.args[0]);
    this.#freeTemporaries();
    this.code.if();
    this.#goTo(op.imm, from, rip);
    this.code.else();
    this.#number = from;
    this.#dirty = dirty;
    this.#flags.known = known;
    this.#goTo(op.imm2, from, rip);
    this.code.end();
  }

  #goTo(target: number, from: number, rip: number): void {
    if (target <= rip && isGuestAddress(target)) this.#testFuel(() => this.code.i32(target | 0));
    this.#edge(target, from);
  }

  #edge(target: number, from: number): void {
    const to = this.#numbers.get(target);
    const kind = to === undefined ? 'leave' : edgeKind(this.#shape, from, to);
    if (to === undefined || kind === 'leave') return this.#leave(target);
    const isJoined = kind !== 'inline' || this.#shape.isLoopHead[to];
    if (isJoined && this.#analysis.needsFlags[to]) this.#flags.join(this.#analysis.flags[to]);
    if (kind === 'inline') return this.#writeTree(to);
    const label = this.#labels.get(to);
    assert(label !== undefined, `wasm: no label of block ${to}`);
    this.code.br(label);
  }

  /** @param target pushes the address to go on at. */
  #testFuel(target: () => void): void {
    const { code } = this;
    code.localGet(PARAMETER.fuel);
    code.i32(0);
    code.op('i32.le_s');
    code.if(undefined, 'unlikely');
    target();
    this.#stopAtTop(STOP.budget);
    code.end();
  }

  /** To a constant address outside of the region. */
  #leave(target: number): void {
    if (!isGuestAddress(target)) return this.#leaveFar(target, target < 0);
    this.#prepareToLeave();
    tailCall(this.code, this.#scope, target);
  }

  #leaveFar(target: number, isTested: boolean): void {
    const { code } = this;
    code.localGet(PARAMETER.state);
    code.i32(Math.floor(target / 0x1_0000_0000) | 0);
    code.memory('i32.store', STATE_OFFSET.rip + 4);
    if (isTested) this.#testFuel(() => code.i32(target | 0));
    this.#stop(STOP.far, target);
  }

  #prepareToLeave(): void {
    this.#flags.materialise();
    this.#locals.spillUnpassed(this.#dirty);
  }

  jumpIndirect(op: Op): void {
    const { code } = this;
    const target = this.#indirectTarget(op.args[0]);
    const known = this.#region.indirect?.get(this.#block.rip) ?? [];
    const cases = known.filter((rip) => this.#numbers.has(rip));
    this.#retainLocal(target);
    this.#freeTemporaries();
    if (cases.length > 0) {
      const [from, dirty, flags] = [this.#number, this.#dirty, this.#flags.known];
      const missed = code.block();
      writeJumpTable(code, target, cases, missed, (rip) => {
        this.#edge(rip, from);
        [this.#number, this.#dirty, this.#flags.known] = [from, dirty, flags];
      });
      code.end();
    }
    this.#leaveTo(target);
  }

  ret(op: Op): void {
    const target = this.#indirectTarget(op.args[0]);
    this.#prepareToLeave();
    for (const rip of this.#scope.returnsTo) tailCallIf(this.code, this.#scope, target, rip);
    tailCallByCache(this.code, this.#scope, target);
  }

  call(op: Op): void {
    if (!isGuestAddress(op.imm)) return this.#leaveFar(op.imm, true);
    this.#testFuel(() => this.code.i32(op.imm | 0));
    this.#leave(op.imm);
  }

  callIndirect(op: Op): void {
    this.#leaveTo(this.#indirectTarget(op.args[0]));
  }

  /** Tests high half and fuel. @returns a local with the low half. */
  #indirectTarget(value: Op): number {
    const { code } = this;
    const wide = this.local(value);
    const low = this.#temporary('i32');
    code.localGet(wide);
    code.op('i32.wrap_i64');
    code.localSet(low);
    if (!this.#canonical.has(value)) this.#leaveIfFar(wide, low);
    this.#testFuel(() => code.localGet(low));
    return low;
  }

  #leaveIfFar(wide: number, low: number): void {
    const { code } = this;
    const high = this.#temporary('i32');
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
    tailCallByCache(this.code, this.#scope, target);
  }

  syscall(op: Op): void {
    this.#stop(STOP.syscall, op.imm);
  }

  redispatch(op: Op): void {
    this.#stop(STOP.redispatch, op.imm);
  }

  repeatString(op: Op): void {
    const call = stringCall(op);
    if (call === null) return this.slowExit();
    if (call.setsFlags) this.#flags.materialise();
    if (this.#dirty.has(VARIABLE.systemFlags)) this.#locals.spillUnpassed([VARIABLE.systemFlags]);
    const outcome = this.#temporary('i32');
    writeStringCall(this, op, call, this.#locals);
    this.code.localTee(outcome);
    this.#freeTemporaries();
    this.code.if(undefined, 'unlikely');
    this.code.localGet(outcome);
    this.code.i32(STRING_OUTCOME.slow);
    this.code.op('i32.eq');
    this.slowExitIf();
    this.#stop(STOP.budget, this.#rip);
    this.code.end();
    this.#goTo(op.imm2, this.#number, this.#rip);
  }
}

const NO_LANES: PlainLanes = new Map();

function isConstant({ name }: Op): boolean {
  return name === 'const32' || name === 'const64';
}
