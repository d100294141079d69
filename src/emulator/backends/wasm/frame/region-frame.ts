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
import type { Op } from '../../../ir/block.ts';
import type { ValueType } from '../../../ir/op-spec.ts';
import { specOf } from '../../../ir/ops.ts';
import { STATE_OFFSET, STATE_VARIABLES, VARIABLE } from '../../../ir/state-layout.ts';
import { assert } from '../../../util/assert.ts';
import { type Region, STOP } from '../../region/region.ts';
import { mergesBelow } from '../../region/structure.ts';
import { PARAMETER, REGION_PARAMETERS } from '../convention.ts';
import { FloatNotes } from '../emit/float-notes.ts';
import type { QuickFloats } from '../emit/float-quick.ts';
import { QUICK } from '../emit/float-quick-ops.ts';
import type { Plain } from '../emit/float-plain.ts';
import { formatOf, isPacked } from '../emit/float-range.ts';
import { type QuickLimits, quickLimits } from '../emit/quick-limits.ts';
import { pushScalar } from '../emit/float-scalar.ts';
import { endsFloatNotes, pushFreshBar } from '../float-module.ts';
import { emitterOf } from '../emit/emit-table.ts';
import { CodeWriter, type FunctionBody, type Label } from '../encoder/code-writer.ts';
import type { RuntimeFunction } from '../runtime-functions.ts';
import { STRING_OUTCOME, stringCall } from '../string-runtime.ts';
import type { SteadyLimit } from './access-groups.ts';
import { BlockValues, isValue } from './block-values.ts';
import { floatStretches, writeStretch } from './float-stretch.ts';
import type { FrameMark, StretchHost } from './stretch-host.ts';
import { VariableLocals } from './variable-locals.ts';
import type { LoopWindow } from './loop-windows.ts';
import { LoopConstants } from './loop-constants.ts';
import { LowLanes } from './low-lanes.ts';
import { type CheckHost, PermissionCheck } from './permission-check.ts';
import { type PlainLanes, plainLanes } from './plain-lanes.ts';
import { type FlagHost, FlagState } from './flag-state.ts';
import type { ModuleScope } from './module-scope.ts';
import { isInState, VariableSet } from './variables.ts';
import { type ExitHost, type Place, RegionExits } from './region-exits.ts';
import { planOf, type RegionPlan } from './region-plan.ts';
import { writeStringCall } from './string-call.ts';
import { UnitTop, X87_VARIABLES } from './unit-top.ts';
import { writeSteadyTest, writeWindow } from './window-code.ts';

export class RegionFrame implements CheckHost, FlagHost, ExitHost, StretchHost {
  readonly code = new CodeWriter(REGION_PARAMETERS);
  readonly floats = new FloatNotes(this.code);
  values = new BlockValues([]);
  readonly flags = new FlagState(this);
  readonly scope: ModuleScope;
  readonly plan: RegionPlan;
  readonly locals: VariableLocals;
  readonly labels = new Map<number, Label>();
  readonly refills = new Map<number, Label>();
  #rest = -1;
  readonly #limits = new Map<SteadyLimit, number>();
  readonly at: Place;
  outside!: Label;
  readonly #exits: RegionExits;
  #canonical = new Set<Op>();
  /** Writing a path that is left: what is computed here is not known outside of it. */
  #isAside = false;
  /** Locals to give back when the block ends. */
  #temporaries: number[] = [];
  readonly check: PermissionCheck;
  /** Local of the bar of floats (float-runtime.ts); -1 in a region without floats. */
  #bar = -1;
  readonly #unit = new UnitTop(this.code, PARAMETER.state);
  readonly #lows = new LowLanes(this.code);
  quick: QuickFloats | null = null;
  constants!: LoopConstants;
  quickLimits!: QuickLimits;
  /** By block; empty in a region without floats. */
  #plain: readonly PlainLanes[] = [];

  constructor(region: Region, scope: ModuleScope) {
    this.scope = scope;
    this.plan = planOf(region);
    this.at = { node: 0, block: region.blocks[0], rip: 0, retired: -1, dirty: new VariableSet(), unpaid: 0 };
    this.check = new PermissionCheck(this);
    this.locals = new VariableLocals(this.code, this.#lows, this.plan.analysis.touched);
    this.#exits = new RegionExits(this);
  }

  write(): FunctionBody {
    this.#lows.assign(this.plan.blocks);
    this.locals.loadEntry();
    this.#openFloats();
    this.#unit.open(this.plan.blocks);
    this.outside = this.code.block('i32');
    this.writeTree(0);
    this.code.op('unreachable');
    this.code.end();
    // Below the STOP on the stack.
    this.locals.spill(this.plan.analysis.written);
    this.code.localGet(PARAMETER.state);
    this.code.localGet(PARAMETER.rip);
    this.code.memory('i32.store', STATE_OFFSET.rip);
    return this.code.finish();
  }

  // Floats

  #openFloats(): void {
    if (!this.plan.analysis.hasFloats) return;
    this.#bar = this.code.newLocal('i32');
    this.quickLimits = quickLimits(this.code);
    this.#refreshBar();
    this.#lows.testEntry(this.#bar, (variable) => this.locals.of(variable));
    const { blocks, graph } = this.plan;
    this.#plain = plainLanes(blocks, graph, this.#lows.tested);
    this.constants = new LoopConstants(blocks, graph, graph.shape, this.#plain);
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

  /** A local with what an xmm register holds. */
  #readRegister(variable: number, lanes: Plain): number {
    const { code } = this;
    const type = formatOf(lanes);
    const low = this.#lows.laneOf(variable);
    const local = code.newLocal(isPacked(lanes) ? 'v128' : type);
    if (!isPacked(lanes) && low?.type === type) code.localGet(low.local);
    else {
      this.readVariable(variable, 'v128');
      if (!isPacked(lanes)) code.lane(type === 'f64' ? 'f64x2.extract_lane' : 'f32x4.extract_lane', 0);
    }
    code.localSet(local);
    return local;
  }

  // Structure (structure.ts)

  writeTree(node: number): void {
    const { graph } = this.plan;
    const isLoop = graph.shape.isLoopHead[node];
    if (isLoop || graph.shape.isMerge[node]) this.#enterJoin(node);
    if (isLoop && this.#bar >= 0)
      this.constants.enter(node, this.code, (...register) => this.#readRegister(...register));
    const window = this.plan.windows.byHead.get(node);
    if (isLoop) this.#testSteady(node);
    if (window !== undefined) this.#openWindow(window);
    if (isLoop) this.labels.set(node, this.code.loop());
    const merges = mergesBelow(graph.shape, node);
    for (const merge of merges) this.labels.set(merge, this.code.block());
    this.#writeBlock(node);
    for (const merge of merges.toReversed()) {
      this.code.end();
      this.writeTree(merge);
    }
    if (isLoop) this.code.end();
    if (window?.moves === true) this.code.end();
  }

  #openWindow(window: LoopWindow): void {
    const { head, moves } = window;
    const { code, locals } = this;
    if (moves) this.refills.set(head, code.loop());
    this.at.node = -1; // not in the loop yet: nothing is put aside
    const slowExit = (): void => this.#exits.stop(STOP.slow, this.plan.blocks[head].rip);
    writeWindow({ code, locals, slowExit }, window, moves ? this.rest() : -1);
    if (!this.plan.analysis.needsFlags.inside[head]) this.flags.known = null;
  }

  #testSteady(head: number): void {
    const groups = this.plan.windows.steady.byHead.get(head) ?? [];
    for (const group of groups) writeSteadyTest(this.code, this.locals, group, this.limitOf(group));
  }

  limitOf(group: SteadyLimit): number {
    const limit = this.#limits.get(group) ?? this.code.newLocal('i32');
    this.#limits.set(group, limit);
    return limit;
  }

  rest(): number {
    if (this.#rest < 0) this.#rest = this.code.newLocal('i32');
    return this.#rest;
  }

  #enterJoin(node: number): void {
    this.at.unpaid = 0;
    this.flags.enterJoin(this.plan.analysis.flags[node]);
  }

  #writeBlock(node: number): void {
    const { blocks, graph, analysis } = this.plan;
    const block = blocks[node];
    const dirty = analysis.dirty[node].copy();
    const unpaid = this.at.unpaid + block.instructionCount;
    Object.assign(this.at, { node, block, dirty, unpaid, rip: block.rip, retired: -1 } satisfies Place);
    if (node >= graph.blockCount) return this.#exits.dispatch(node);
    this.values = new BlockValues(block.ops);
    this.floats.begin(this.#plain[node] ?? NO_LANES);
    this.#lows.beginBlock();
    this.#canonical = new Set();
    this.check.beginBlock(block.ops, this.plan.windows);
    this.#writeOps(block.ops);
  }

  #writeOps(ops: readonly Op[]): void {
    let next = 0;
    for (const { start, end } of this.#bar < 0 ? [] : floatStretches(ops, this.check.groups)) {
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
      flags: this.flags.known,
      dirty: this.at.dirty.copy(),
      place: { retired: this.at.retired, rip: this.at.rip },
    };
  }

  reset({ values, notes, lows, checks, flags, dirty, place }: FrameMark): void {
    this.values.reset(values);
    this.floats.reset(notes);
    this.#lows.reset(lows);
    this.check.reset(checks);
    this.flags.known = flags;
    [this.at.dirty, this.at.retired, this.at.rip] = [dirty.copy(), place.retired, place.rip];
  }

  writeOp(op: Op): void {
    if (this.values.isDead(op) || isConstant(op)) return;
    if (isValue(op)) return this.#writeValue(op);
    if (specOf(op.name).effects === 'exit') {
      this.flags.freeze();
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

  freeTemporaries(): void {
    for (const local of this.#temporaries) this.code.release(local);
    this.#temporaries = [];
  }

  retainLocal(local: number): void {
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
    this.code.localGet(this.locals.of(variable));
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
      this.code.localSet(this.locals.of(variable));
      this.#lows.noteUpper(variable, root);
    }
    this.floats.forgetVariable(variable);
    this.at.dirty.add(variable);
  }

  writeVariable(variable: number, type: ValueType, value: () => void): void {
    if (isInState(variable)) return this.#writeInState(variable, type, value);
    value();
    this.copyReaders(this.values.takeReaders(variable));
    this.code.localSet(this.locals.of(variable));
    this.floats.forgetVariable(variable);
    this.at.dirty.add(variable);
  }

  #writeInState(variable: number, type: ValueType, value: () => void): void {
    this.pushState();
    value();
    this.copyReaders(this.values.takeReaders(variable));
    this.code.memory(`${type}.store`, STATE_VARIABLES[variable].offset);
    if (endsFloatNotes(variable)) this.#refreshBar();
    if (variable === VARIABLE.x87Control) this.#unit.refresh();
  }

  writeLow32(variable: number, value: () => void): void {
    const { code } = this;
    if (STATE_VARIABLES[variable].type === 'i32' || isInState(variable))
      return this.writeVariable(variable, 'i32', value);
    this.writeVariable(variable, 'i64', () => {
      code.localGet(this.locals.of(variable));
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
    this.flags.set(op);
  }

  setFlagsIf(op: Op): void {
    this.flags.setIf(op);
  }

  pushFlags(): void {
    this.flags.push();
  }

  pushCondition(op: Op): void {
    this.flags.pushCondition(op.tag);
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
    if (home >= 0) this.retainLocal(home);
    else if (specOf(value.name).effects === 'none') for (const arg of value.args) this.retain(arg);
    else {
      this.#emit(value);
      this.#keep(value, value.type as ValueType);
      this.retainLocal(this.values.homeOf(value));
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

  skip(value: Op): void {
    if (!this.#isAside) this.values.abandon(value);
  }

  isCanonical(value: Op): boolean {
    return this.#canonical.has(value);
  }

  blockLocal(type: 'i32' | 'i64'): number {
    return this.#temporary(type);
  }

  callRuntime(name: RuntimeFunction): void {
    this.code.call(this.scope.runtime(name));
  }

  callHelper(op: Op): void {
    const { code } = this;
    this.#exits.pay();
    this.flags.materialise();
    this.copyReaders(this.values.takeAllReaders());
    const args = op.args.map((arg) => this.fixed(arg));
    this.locals.spill(this.at.dirty);
    this.at.dirty.clear();
    this.pushState();
    code.i32(this.scope.helperIndex(op.tag));
    for (const push of args) push();
    code.call(this.scope.helper);
    this.locals.reload();
    this.#lows.reloaded(op);
    this.#refreshBar();
    this.#unit.refresh();
  }

  callX87(op: Op): void {
    for (const variable of X87_VARIABLES) this.copyReaders(this.values.takeReaders(variable));
    const args = op.args.map((arg) => this.fixed(arg));
    this.#unit.call(op, args, this.scope);
  }

  callFloat(op: Op): void {
    const mxcsr = this.#temporary('i32');
    this.code.localSet(mxcsr);
    this.pushState();
    this.code.i32(this.scope.floatIndex(op.tag));
    this.code.localGet(mxcsr);
    this.code.call(this.scope.float);
  }

  beginInstruction(op: Op): void {
    this.at.rip = op.imm;
    this.at.retired++;
  }

  // Ways on (region-exits.ts)

  slowExitIf(): void {
    if (this.quick !== null) return this.code.brIf(this.quick.slow, 'unlikely');
    this.code.if(undefined, 'unlikely');
    this.slowExit();
    this.code.end();
  }

  slowExit(): void {
    if (this.quick === null) this.#exits.slowExit();
    else this.code.br(this.quick.slow);
  }

  jump(op: Op): void {
    this.#exits.jump(op);
  }

  branch(op: Op): void {
    this.#exits.branch(op);
  }

  jumpIndirect(op: Op): void {
    this.#exits.jumpIndirect(op);
  }

  call(op: Op): void {
    this.#exits.call(op);
  }

  callIndirect(op: Op): void {
    this.#exits.callIndirect(op);
  }

  ret(op: Op): void {
    this.#exits.ret(op);
  }

  syscall(op: Op): void {
    this.#exits.stop(STOP.syscall, op.imm);
  }

  redispatch(op: Op): void {
    this.#exits.stop(STOP.redispatch, op.imm);
  }

  repeatString(op: Op): void {
    const call = stringCall(op);
    if (call === null) return this.slowExit();
    this.#exits.pay();
    if (call.setsFlags) this.flags.materialise();
    if (this.at.dirty.has(VARIABLE.systemFlags)) this.locals.spillUnpassed([VARIABLE.systemFlags]);
    const outcome = this.#temporary('i32');
    writeStringCall(this, op, call, this.locals);
    this.code.localTee(outcome);
    this.freeTemporaries();
    this.code.if(undefined, 'unlikely');
    this.code.localGet(outcome);
    this.code.i32(STRING_OUTCOME.slow);
    this.code.op('i32.eq');
    this.slowExitIf();
    this.#exits.stop(STOP.budget, this.at.rip);
    this.code.end();
    this.#exits.goOn(op.imm2);
  }
}

const NO_LANES: PlainLanes = new Map();

function isConstant({ name }: Op): boolean {
  return name === 'const32' || name === 'const64';
}
