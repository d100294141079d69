/**
 * xmm registers that scalar operations work on: their low lane lies in an f64 or f32 local of its own, the other bits in
 * the v128 local, whose low lane is stale. So a chain of scalar operations needs no vector instruction, in a loop neither.
 *
 * What the other bits are is seldom written: a scalar operation keeps those of its first operand, mostly the register
 * itself. `roots` follows that inside a block.
 */
import type { Block, Op } from '../../../ir/block.ts';
import { STATE_VARIABLES } from '../../../ir/state-layout.ts';
import { PARAMETER } from '../convention.ts';
import { pushDenormalLanes, pushIsDenormal } from '../emit/float-format.ts';
import { type Plain, PLAIN_BITS, plainOperands, plainResult } from '../emit/float-plain.ts';
import type { CodeWriter } from '../encoder/code-writer.ts';
import { FLOAT_BAR } from '../float-runtime.ts';

type LowType = 'f64' | 'f32';

interface LowLane {
  readonly local: number;
  readonly type: LowType;
}

export class LowLanes {
  readonly #code: CodeWriter;
  readonly #lanes = new Map<number, LowLane>();
  /** Other registers that operations of one format write or read: they are looked at when the region is entered. */
  readonly #others = new Map<number, Plain>();
  /** Whose upper bits the v128 local holds, where the block wrote it; other locals hold what they held at its start. */
  readonly #roots = new Map<number, Op>();
  /** What was read before this op (a helper) is not what the locals hold. */
  #since = -1;

  constructor(code: CodeWriter) {
    this.#code = code;
  }

  /** Gives locals to the registers that scalar operations of one format write. */
  assign(blocks: readonly Block[]): void {
    const written = new Map<number, Set<Plain>>();
    for (const { ops } of blocks) {
      for (const { name, args, imm } of ops) {
        const lanes = name === 'set128' ? lanesOf(args[0]) : null;
        if (lanes !== null) written.set(imm, (written.get(imm) ?? new Set()).add(lanes));
      }
    }
    for (const [variable, [lanes, other]] of written) {
      if (other !== undefined) continue;
      if (lanes === 'F64x2' || lanes === 'F32x4') this.#others.set(variable, lanes);
      else {
        const type = lanes === 'F64' ? 'f64' : 'f32';
        this.#lanes.set(variable, { local: this.#code.newLocal(type), type });
      }
    }
    for (const { ops } of blocks) for (const op of ops) if (op.name === 'float') this.#noteOperands(op);
  }

  /** Registers that are only read, as a loop's constants are. */
  #noteOperands(op: Op): void {
    const lanes = plainResult(op);
    if (lanes === null) return;
    for (const { name, imm } of plainOperands(op)) {
      if (name === 'get128' && !this.#lanes.has(imm) && !this.#others.has(imm)) this.#others.set(imm, lanes);
    }
  }

  /** What `testEntry` finds out: PLAIN_BITS by variable. */
  get tested(): ReadonlyMap<number, number> {
    const scalars = [...this.#lanes].map(([variable, { type }]) => [variable, type === 'f64' ? 'F64' : 'F32'] as const);
    return new Map([...scalars, ...this.#others].map(([variable, lanes]) => [variable, PLAIN_BITS[lanes]]));
  }

  /** Looks at the registers once, so that loops need not: a denormal shuts the bar. @param localOf a v128 local */
  testEntry(bar: number, localOf: (variable: number) => number): void {
    const code = this.#code;
    const shutIf = (): void => {
      code.if(undefined, 'unlikely');
      code.i32(FLOAT_BAR.denormal);
      code.localSet(bar);
      code.end();
    };
    for (const { local, type } of this.#lanes.values()) {
      pushIsDenormal(code, type, local);
      shutIf();
    }
    for (const [variable, lanes] of this.#others) {
      if (lanes === 'F64x2' || lanes === 'F32x4') {
        pushDenormalLanes(code, lanes === 'F64x2' ? 'f64x2' : 'f32x4', localOf(variable));
        code.op('v128.any_true');
      } else {
        const type = lanes === 'F64' ? 'f64' : 'f32';
        const low = code.newLocal(type);
        code.localGet(localOf(variable));
        code.lane(type === 'f64' ? 'f64x2.extract_lane' : 'f32x4.extract_lane', 0);
        code.localSet(low);
        pushIsDenormal(code, type, low);
        code.release(low);
      }
      shutIf();
    }
  }

  laneOf(variable: number): LowLane | undefined {
    return this.#lanes.get(variable);
  }

  load(variable: number): void {
    const lane = this.#lanes.get(variable);
    if (lane === undefined) return;
    this.#code.localGet(PARAMETER.state);
    this.#code.memory(`${lane.type}.load`, STATE_VARIABLES[variable].offset);
    this.#code.localSet(lane.local);
  }

  /** After the v128 local was stored. */
  store(variable: number): void {
    const lane = this.#lanes.get(variable);
    if (lane === undefined) return;
    this.#code.localGet(PARAMETER.state);
    this.#code.localGet(lane.local);
    this.#code.memory(`${lane.type}.store`, STATE_VARIABLES[variable].offset);
  }

  /** With the v128 local on the stack: the register's value. */
  merge(variable: number): void {
    const lane = this.#lanes.get(variable);
    if (lane === undefined) return;
    this.#code.localGet(lane.local);
    this.#code.lane(lane.type === 'f64' ? 'f64x2.replace_lane' : 'f32x4.replace_lane', 0);
  }

  beginBlock(): void {
    this.#roots.clear();
    this.#since = -1;
  }

  /** What is known of upper bits, to come back to; there is no helper in between. */
  mark(): ReadonlyMap<number, Op> {
    return new Map(this.#roots);
  }

  reset(roots: ReadonlyMap<number, Op>): void {
    this.#roots.clear();
    for (const [variable, root] of roots) this.#roots.set(variable, root);
  }

  /** All locals were loaded again. */
  reloaded(helper: Op): void {
    this.#roots.clear();
    this.#since = helper.id;
  }

  /** The value whose upper bits `value` has; `value` itself unless it is a scalar operation's. */
  rootOf(value: Op): Op {
    const lanes = lanesOf(value);
    let root = value;
    // What a single leaves of a double below it is upper bits of the single alone.
    while (isScalar(root) && lanesOf(root) === lanes) root = root.args[0];
    return root;
  }

  /** Whether the v128 local of the register has the upper bits of `root`. */
  hasUpper(variable: number, root: Op): boolean {
    const known = this.#roots.get(variable);
    if (known !== undefined) return known === root;
    return root.name === 'get128' && root.imm === variable && root.id > this.#since;
  }

  noteUpper(variable: number, root: Op): void {
    this.#roots.set(variable, root);
  }
}

function isScalar(value: Op): boolean {
  const lanes = lanesOf(value);
  return lanes === 'F64' || lanes === 'F32';
}

/** The lanes a float op gives; the others of a scalar are those of its first operand. Null for integers and other ops. */
function lanesOf({ name, tag }: Op): Plain | null {
  if (name !== 'float') return null;
  if (/F64$|^doubleFromI|^singleToDouble$/.test(tag)) return 'F64';
  if (/F32$|^singleFromI|^doubleToSingle$/.test(tag)) return 'F32';
  return (/(?:F64x2|F32x4)$/.exec(tag)?.[0] as Plain | undefined) ?? null;
}
