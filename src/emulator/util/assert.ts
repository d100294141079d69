/** A broken invariant of ours: never the guest's doing, never swallowed; the kernel turns it into a panic with a state dump. */
class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** Throws InvariantError unless `condition` holds. The message names the owner and the value: 'ext4: block 7 released twice'. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}

/** Marks the arm of an exhaustive switch that no value reaches; `value` keeps the compiler honest. */
export function unreachable(value: never): never {
  throw new InvariantError(`unreachable value ${String(value)}`);
}
