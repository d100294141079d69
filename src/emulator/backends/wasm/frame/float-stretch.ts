/**
 * Stretches of a block whose floats are computed without a test behind each (emit/float-quick.ts):
 *
 *   block done
 *     block slow
 *       the ops, but nothing is written yet; whatever is not usual branches to `slow`
 *       one test for all of them; then memory and state are written
 *       br done
 *     end
 *     the same ops, as anywhere else
 *   end
 *
 * A stretch goes from a float op to the last one that nothing in between keeps it from: a helper, or an op that reads what
 * another one in it has written (of memory: stretch-memory.ts).
 */
import type { Op } from '../../../ir/block.ts';
import { specOf } from '../../../ir/ops.ts';
import { VARIABLE } from '../../../ir/state-layout.ts';
import type { NotesMark, ScalarType } from '../emit/float-notes.ts';
import { QuickFloats } from '../emit/float-quick.ts';
import { QUICK } from '../emit/float-quick-ops.ts';
import { pushScalar } from '../emit/float-scalar.ts';
import type { AccessGroup } from './access-groups.ts';
import { isValue, type ValuesMark } from './block-values.ts';
import { isInState } from './variables.ts';
import type { StretchHost } from './stretch-host.ts';
import { isPlainStore, overlapTests, pushOverlap, repeatedLoads, WaitingStores } from './stretch-memory.ts';

export interface Stretch {
  readonly start: number;
  /** Behind its last op. */
  readonly end: number;
}

/** So many floats pay for writing the code twice. */
const FEWEST = 2;

export function floatStretches(ops: readonly Op[], groups: ReadonlyMap<Op, AccessGroup>): readonly Stretch[] {
  const stretches: Stretch[] = [];
  let [start, end, count] = [-1, -1, 0];
  let written = new Set<number>();
  let waiting = new WaitingStores(groups);
  const close = (): void => {
    if (count >= FEWEST) stretches.push({ start, end });
    [start, count] = [-1, 0];
    written = new Set();
    waiting = new WaitingStores(groups);
  };
  for (const [i, op] of ops.entries()) {
    if (op.name === 'float' && op.tag in QUICK) {
      if (start < 0) start = i;
      end = i + 1;
      count++;
    } else if (start >= 0 && !mayStand(op, written, waiting)) close();
    else if (start >= 0 && isSet(op)) written.add(op.imm);
    else if (start >= 0 && isPlainStore(op)) waiting.add(op);
  }
  close();
  return stretches;
}

/** Writes of registers: in a stretch they come last. */
function isSet({ name }: Op): boolean {
  return name === 'set64' || name === 'set32' || name === 'setLow32' || name === 'set128';
}

function mayStand(op: Op, written: ReadonlySet<number>, waiting: WaitingStores): boolean {
  if ((isSet(op) || op.name === 'get32') && isInState(op.imm)) return false;
  switch (specOf(op.name).effects) {
    case 'none':
    case 'boundary':
      return true;
    case 'load':
      return waiting.mayLoad(op);
    case 'store':
      return isPlainStore(op);
    case 'raise':
      return op.name === 'raiseIf';
    case 'read':
      return (op.name === 'get64' || op.name === 'get32' || op.name === 'get128') && !written.has(op.imm);
    case 'write':
      return isSet(op) || op.name === 'setFlags32' || op.name === 'setFlags64';
    default:
      return false;
  }
}

export function writeStretch(w: StretchHost, ops: readonly Op[]): void {
  const { code } = w;
  // The second way changes MXCSR where it lies: who has read it before keeps what it was, on both.
  w.copyReaders(w.values.takeReaders(VARIABLE.mxcsr));
  const before = w.mark();
  const done = code.block();
  const slow = code.block();
  code.localGet(w.floatBar());
  w.constants.addFlags(w.at.node, code);
  code.brIf(slow, 'unlikely');
  w.quick = new QuickFloats(w, slow, {
    limits: w.quickLimits,
    same: repeatedLoads(ops, w.check.groups),
    isLooked: (value, lanes) => w.constants.isLooked(w.at.node, value, lanes),
  });
  writeUntested(w, ops, w.quick);
  w.quick = null;
  for (const op of ops) if (isPlainStore(op)) w.writeOp(op);
  for (const op of ops) if (isSet(op)) w.writeOp(op);
  const after = w.mark();
  code.br(done);
  code.end();
  w.reset(before);
  for (const op of ops) w.writeOp(op);
  w.aside(() => {
    meetValues(w, before.values, after.values, ops);
    meetScalars(w, before.notes, after.notes);
  });
  w.check.meet(after.checks);
  const { flags } = w.mark();
  w.reset({ ...after, flags });
  code.end();
}

/** All but what is written, and the test. */
function writeUntested(w: StretchHost, ops: readonly Op[], quick: QuickFloats): void {
  const tests = overlapTests(ops, w.check.groups);
  for (const op of ops) {
    if (isPlainStore(op)) w.check.prepare(op);
    else if (!isSet(op)) w.writeOp(op);
    for (const pair of tests.get(op) ?? []) {
      pushOverlap(w, pair);
      w.code.brIf(quick.slow, 'unlikely');
    }
  }
  quick.finish();
}

// At the end of the second way: what the first one left in locals is left in the same ones.

function meetValues(w: StretchHost, before: ValuesMark, after: ValuesMark, ops: readonly Op[]): void {
  const last = ops[ops.length - 1].id;
  for (const op of w.values.ops) {
    if (op.id > last) break;
    const home = after.homes[op.id];
    const own = w.values.homeOf(op);
    if (home < 0 || home === before.homes[op.id] || home === own) continue;
    // Its home may be looked for although nobody counts on the value: it is there on both ways or on neither.
    if (own < 0 && after.remaining[op.id] === 0) after.homes[op.id] = own;
    else {
      w.push(op);
      w.code.localSet(home);
    }
  }
}

function meetScalars(w: StretchHost, before: NotesMark, after: NotesMark): void {
  for (const [value, locals] of after.scalars) {
    // One that is neither at hand nor to be had again is not asked for any more.
    const isHere = isValue(value) || w.values.homeOf(value) >= 0 || w.floats.hasScalar(value);
    for (const [type, local] of Object.entries(locals) as [ScalarType, number][]) {
      if (!isHere || before.scalars.get(value)?.[type] === local) continue;
      pushScalar(w, value, type);
      w.code.localSet(local);
    }
  }
}
