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
import type { CodeWriter } from '../encoder/code-writer.ts';

export type LowType = 'f64' | 'f32';

interface LowLane {
  readonly local: number;
  readonly type: LowType;
}

export class LowLanes {
  readonly #code: CodeWriter;
  readonly #lanes = new Map<number, LowLane>();
  /** Whose upper bits the v128 local holds, where the block wrote it; other locals hold what they held at its start. */
  readonly #roots = new Map<number, Op>();
  /** What was read before this op (a helper) is not what the locals hold. */
  #since = -1;

  constructor(code: CodeWriter) {
    this.#code = code;
  }

  /** Gives locals to the registers that scalar operations of one format write. */
  assign(blocks: readonly Block[]): void {
    const written = new Map<number, Set<LowType>>();
    for (const { ops } of blocks) {
      for (const { name, args, imm } of ops) {
        const type = name === 'set128' ? scalarType(args[0]) : null;
        if (type !== null) written.set(imm, (written.get(imm) ?? new Set()).add(type));
      }
    }
    for (const [variable, [type, other]] of written) {
      if (other === undefined) this.#lanes.set(variable, { local: this.#code.newLocal(type), type });
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

  /** All locals were loaded again. */
  reloaded(helper: Op): void {
    this.#roots.clear();
    this.#since = helper.id;
  }

  /** The value whose upper bits `value` has; `value` itself unless it is a scalar operation's. */
  rootOf(value: Op): Op {
    let root = value;
    while (scalarType(root) !== null) root = root.args[0];
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

/** The format of a float op whose result is a scalar in the low lane of its first operand. */
function scalarType({ name, tag }: Op): LowType | null {
  if (name !== 'float') return null;
  if (/F64$|^doubleFromI|^singleToDouble$/.test(tag)) return 'f64';
  return /F32$|^singleFromI|^doubleToSingle$/.test(tag) ? 'f32' : null;
}
