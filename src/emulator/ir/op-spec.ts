/**
 * What a row of the op table says. A row declares an operation once: its types, its effect, its text form, and for pure
 * operations its meaning. Builder methods, printer, parser, verifier, reference interpreter and constant folding all
 * derive from it.
 */

/** Types of IR values. 8- and 16-bit integers travel as i32. */
export type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128';

/** Sixteen bytes as four little-endian int32 lanes, [4] i32; never changed after creation. */
export type V128 = Int32Array;

/** How the reference interpreter holds a value: i32 signed number, i64 unsigned bigint in [0, 2^64). */
export type HostValue<T> = T extends 'i64' ? bigint : T extends 'v128' ? V128 : number;
export type HostValues<A extends readonly ValueType[]> = { [K in keyof A]: HostValue<A[K]> };

/**
 * - none: pure, has a meaning, may be folded, moved or dropped
 * - read, write: state variables or lazy flags
 * - load, store: guest memory; may fault (store includes read-modify-write)
 * - raise: may fault for another reason than memory
 * - helper: runs a routine of the host on the whole thread state
 * - unit: runs an operation of the x87 unit, which reads and writes its variables (isOfX87) and checked guest memory
 * - boundary: marks the start of a guest instruction
 * - exit: ends the block
 */
export type Effect = 'none' | 'read' | 'write' | 'load' | 'store' | 'raise' | 'helper' | 'unit' | 'boundary' | 'exit';

/** Numbers fill Op.imm, then Op.imm2; a text fills Op.tag. The names serve printer, parser and reader. */
export type NumberAttribute =
  | 'value'
  | 'low'
  | 'high'
  | 'variable'
  | 'width'
  | 'address'
  | 'target'
  | 'next'
  | 'length'
  | 'vector'
  | 'lane';
export type TextAttribute = 'flagsKind' | 'condition' | 'operation' | 'helper' | 'lanes';
export type Attribute = NumberAttribute | TextAttribute;

const TEXTS: ReadonlySet<string> = new Set<TextAttribute>(['flagsKind', 'condition', 'operation', 'helper', 'lanes']);

/** Whether the attribute is a text (Op.tag) rather than a number. */
export function isText(attribute: Attribute): attribute is TextAttribute {
  return TEXTS.has(attribute);
}

export interface OpSpec {
  readonly args: readonly ValueType[];
  readonly result: ValueType | 'none';
  readonly effects: Effect;
  readonly attributes: readonly Attribute[];
  readonly doc: string;
  /** Pure ops only: the result from the arguments, followed by the attributes. */
  readonly meaning?: (...args: never[]) => unknown;
}

/** A pure operation: same arguments, same result, nothing else. */
export function pure<const A extends readonly ValueType[], R extends ValueType>(
  args: A,
  result: R,
  doc: string,
  meaning: (...args: HostValues<A>) => HostValue<R>,
): {
  readonly args: A;
  readonly result: R;
  readonly effects: 'none';
  readonly attributes: readonly [];
  readonly doc: string;
  readonly meaning: (...args: HostValues<A>) => HostValue<R>;
} {
  return { args, result, effects: 'none', attributes: [], doc, meaning };
}

/** A pure operation with one numeric attribute, which its meaning takes last. */
export function pureWith<const A extends readonly ValueType[], R extends ValueType, const T extends NumberAttribute>(
  attribute: T,
  args: A,
  result: R,
  doc: string,
  meaning: (...args: [...HostValues<A>, number]) => HostValue<R>,
): {
  readonly args: A;
  readonly result: R;
  readonly effects: 'none';
  readonly attributes: readonly [T];
  readonly doc: string;
  readonly meaning: (...args: [...HostValues<A>, number]) => HostValue<R>;
} {
  return { args, result, effects: 'none', attributes: [attribute], doc, meaning };
}
