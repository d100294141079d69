/**
 * Templates: one lift for all instructions of a shape.
 *
 * The shape of a decoded instruction is what its lift may branch on: form, operand and address size, prefixes, kinds of
 * operands, the form of the address. The other numbers become fields (ir/field.ts). Where a lift turns out to look at one
 * of them (a shuffle's order, a shift's count), that number joins the shape.
 */
import type { Op } from '../ir/block.ts';
import { asNumber, Field, type FieldFormat, fieldOf, type FieldPart, FieldRead } from '../ir/field.ts';
import { type Template, templateOf } from '../ir/template.ts';
import { assert } from '../util/assert.ts';
import { IntTable } from '../util/int-map.ts';
import type { Decoded } from './decode/decoded.ts';
import { Lifter } from './lifter.ts';
import type { MemoryOperand, Operand } from './operands.ts';
import { RSP } from './registers.ts';

/** A shape whose lift looks at some numbers has a template for each combination of them. */
interface Shape {
  /** Names (placeOf) of the numbers that belong to the shape. */
  readonly fixed: Set<string>;
  /** By the fixed numbers (variantName). */
  readonly variants: Map<string, Template>;
  /** The only template while nothing is fixed. */
  single: Template | null;
}

/** A template as text for later runs: shapes of one or two instructions, what is fixed and how, fields, the rest. */
export type TemplateRecord = readonly [
  key: number,
  secondKey: number,
  fixed: string,
  variant: string,
  fields: string,
  exit: Template['exit'],
  readsFlags: 0 | 1,
  leavesFlags: number,
  mayLeave: 0 | 1,
];

const NO_SECOND = -1;

/** Some 8 KB each with its handler. Programs of all kinds (cold-instructions.txt) have 4,700 between them. */
const LIMIT = 12_000;

export class Templates {
  readonly #shapes = new IntTable<Shape>();
  /** Shapes of pairs of instructions, by the first's key and the second's. */
  readonly #pairs = new IntTable<IntTable<Shape>>();
  readonly #records = new Map<Template, TemplateRecord>();
  /** What `load` brought, by both keys, until it is asked for. */
  readonly #loaded = new Map<string, (readonly [id: number, record: TemplateRecord])[]>();
  readonly #ops = new Map<Template, readonly Op[]>();
  #count = 0;
  #madeCount = 0;
  /** How many may be made here. Set by tests. */
  limit = LIMIT;
  /** A jump to the address behind the block. */
  readonly continuation: Template = this.#add(continuationOps());

  /** Templates there are. */
  get count(): number {
    return this.#count;
  }

  /** Whether `clear` is due: code may have as many shapes as there are numbers that lifts look at. */
  get isFull(): boolean {
    return this.#madeCount >= this.limit;
  }

  /** Forgets all but the continuation. Numbers are given out anew: whoever keeps something by them must forget it too. */
  clear(): void {
    for (const map of [this.#shapes, this.#pairs, this.#records, this.#loaded, this.#ops]) map.clear();
    this.#ops.set(this.continuation, continuationOps());
    this.#count = this.continuation.id + 1;
    this.#madeCount = 0;
  }

  of(decoded: Decoded): Template {
    const key = shapeKey(decoded);
    let shape = this.#shapes.get(key);
    if (shape === undefined) this.#shapes.add(key, (shape = this.#shapeOf(key, NO_SECOND)));
    return shape.single ?? this.#variant(shape, [key, NO_SECOND], [decoded]);
  }

  /** The template of two neighbouring instructions that are executed as one. */
  ofPair(first: Decoded, second: Decoded): Template {
    const key = shapeKey(first);
    let seconds = this.#pairs.get(key);
    if (seconds === undefined) this.#pairs.add(key, (seconds = new IntTable()));
    const secondKey = shapeKey(second);
    let shape = seconds.get(secondKey);
    if (shape === undefined) seconds.add(secondKey, (shape = this.#shapeOf(key, secondKey)));
    return shape.single ?? this.#variant(shape, [key, secondKey], [first, second]);
  }

  /** The ops of a template that these instructions have. */
  opsOf(template: Template, instructions: readonly Decoded[]): readonly Op[] {
    const known = this.#ops.get(template);
    if (known !== undefined) return known;
    const record = this.#records.get(template);
    const ops = lift(new Set(record?.[2].split(',')), instructions);
    assert(typeof ops !== 'string', 'x86: a template whose lift looks at more than was told');
    this.#ops.set(template, ops);
    return ops;
  }

  #variant(shape: Shape, keys: readonly [number, number], instructions: readonly Decoded[]): Template {
    for (;;) {
      const name = variantName(shape, instructions);
      const known = shape.variants.get(name);
      if (known !== undefined) return known;
      const ops = lift(shape.fixed, instructions);
      if (typeof ops === 'string') {
        shape.fixed.add(ops);
        continue;
      }
      const template = this.#add(ops);
      this.#madeCount++;
      shape.variants.set(name, template);
      if (shape.fixed.size === 0) shape.single = template;
      this.#records.set(template, recordOf(template, keys, shape, name));
      return template;
    }
  }

  #add(ops: readonly Op[]): Template {
    const template: Template = { id: this.#count++, ...templateOf(ops) };
    this.#ops.set(template, ops);
    return template;
  }

  // Templates of an earlier run

  /** All templates but the continuation, in the order of their numbers, which start at 1. */
  records(): TemplateRecord[] {
    return [...this.#records.values()];
  }

  /**
   * Takes over the records of an earlier run with the same rows, but for the shapes that were met already.
   * @returns the number of the first of them here
   */
  load(records: readonly TemplateRecord[]): number {
    const first = this.#count;
    for (const record of records) {
      const [key, secondKey] = record;
      const list = this.#loaded.get(`${key},${secondKey}`);
      const entry = [this.#count++, record] as const;
      if (list === undefined) this.#loaded.set(`${key},${secondKey}`, [entry]);
      else list.push(entry);
    }
    return first;
  }

  #shapeOf(key: number, secondKey: number): Shape {
    const shape: Shape = { fixed: new Set(), variants: new Map(), single: null };
    for (const [id, record] of this.#loaded.get(`${key},${secondKey}`) ?? []) {
      const [, , fixed, variant, fields, exit, readsFlags, leavesFlags, mayLeave] = record;
      if (fixed !== '') for (const place of fixed.split(',')) shape.fixed.add(place);
      const template: Template = {
        id,
        fields: fields === '' ? [] : fields.split(',').map(parseField),
        exit,
        readsFlags: readsFlags === 1,
        leavesFlags,
        mayLeave: mayLeave === 1,
      };
      this.#records.set(template, record);
      shape.variants.set(variant, template);
      if (fixed === '') shape.single = template;
    }
    return shape;
  }
}

function continuationOps(): readonly Op[] {
  const { ir } = new Lifter();
  ir.jump(asNumber(new Field(0, -1, 'next', 'u32')));
  return ir.ops;
}

/** @returns the ops; or the place of a number that the lift looked at. */
function lift(fixed: ReadonlySet<string>, instructions: readonly Decoded[]): readonly Op[] | string {
  const lifter = new Lifter();
  try {
    for (const [i, decoded] of instructions.entries()) {
      const symbolic = withFields(decoded, i, fixed);
      lifter.begin(symbolic);
      decoded.form.row.lift(lifter, ...symbolic.operands);
    }
  } catch (thrown) {
    if (!(thrown instanceof FieldRead)) throw thrown;
    const { instruction, operand, part } = thrown.field;
    return placeOf(instruction, operand, part);
  }
  return lifter.ir.ops;
}

function recordOf(
  template: Template,
  [key, secondKey]: readonly [number, number],
  { fixed }: Shape,
  variant: string,
): TemplateRecord {
  const { fields, exit, readsFlags, leavesFlags, mayLeave } = template;
  return [
    key,
    secondKey,
    [...fixed].join(),
    variant,
    fields.map(formatField).join(),
    exit,
    readsFlags ? 1 : 0,
    leavesFlags,
    mayLeave ? 1 : 0,
  ];
}

function formatField({ instruction, operand, part, format, base }: Field): string {
  return [instruction, operand, part, format, base].join(' ');
}

function parseField(text: string): Field {
  const [instruction, operand, part, format, base] = text.split(' ');
  return new Field(Number(instruction), Number(operand), part as FieldPart, format as FieldFormat, Number(base));
}

function placeOf(instruction: number, operand: number, part: string): string {
  return `${instruction}.${operand}.${part}`;
}

/** The numbers of the shape, in a fixed order. */
function variantName({ fixed }: Shape, instructions: readonly Decoded[]): string {
  let name = '';
  for (const place of fixed) {
    const [instruction, operand, part] = place.split('.');
    const decoded = instructions[Number(instruction)];
    name += `${place}=${numberOf(decoded, Number(operand), part)},`;
  }
  return name;
}

// Shapes

const WIDTH_CODE: Readonly<Record<number, number>> = { 8: 0, 16: 1, 32: 2, 64: 3 };
const REPEAT_CODE = { none: 0, F2: 1, F3: 2 } as const;
const SEGMENT_CODE = { none: 0, fs: 1, gs: 2 } as const;

/** Different for different shapes; below 2^31. */
function shapeKey(decoded: Decoded): number {
  const { form, operands } = decoded;
  let key = form.id;
  key = (key << 2) | WIDTH_CODE[decoded.operandWidth];
  key = (key << 2) | SEGMENT_CODE[decoded.segment];
  key = (key << 2) | (form.row.isRepeatable === true ? REPEAT_CODE[decoded.repeat] : 0);
  key = (key << 1) | (decoded.addressWidth === 32 ? 1 : 0);
  key = (key << 1) | (decoded.hasLock ? 1 : 0);
  return (key << 7) | operandsCode(operands);
}

/** Three bits for the address or the number of ST(i), which lifts look at, two for high bytes, one for the same register twice. */
function operandsCode(operands: readonly Operand[]): number {
  let code = 0;
  for (let i = 0; i < operands.length && i < 2; i++) {
    const operand = operands[i];
    if (operand.kind === 'memory') code |= addressForm(operand) << 4;
    else if (operand.kind === 'register') code |= operand.isHighByte ? 1 << i : 0;
    else if (operand.kind === 'st') code |= operand.register << 4;
  }
  return isSameRegister(operands) ? code | 4 : code;
}

function isSameRegister([first, second]: readonly Operand[]): boolean {
  return first?.kind === 'register' && second?.kind === 'register' && first.register === second.register;
}

/** What an address is made of; 0 is for a register in its place. RSP is told apart since POP counts from where it goes, and frames are frequent. */
const ADDRESS = { absolute: 1, base: 2, stack: 3, index: 4, baseIndex: 5, stackIndex: 6 } as const;

function addressForm({ base, index }: MemoryOperand): number {
  if (index >= 0) return base === RSP ? ADDRESS.stackIndex : base >= 0 ? ADDRESS.baseIndex : ADDRESS.index;
  return base === RSP ? ADDRESS.stack : base >= 0 ? ADDRESS.base : ADDRESS.absolute;
}

// Fields

/** The instruction with fields in the place of the numbers that are not fixed. */
function withFields(decoded: Decoded, position: number, fixed: ReadonlySet<string>): Decoded {
  const field: MakeField = (operand, part, format, value) => {
    if (fixed.has(placeOf(position, operand, part))) return value;
    return asNumber(new Field(position, operand, part, format));
  };
  const operands = decoded.operands.map((operand, i) => operandWithFields(decoded, operand, i, field));
  if (isSameRegister(decoded.operands) && operands[0].kind === 'register' && operands[1].kind === 'register') {
    operands[1] = { ...operands[1], register: operands[0].register };
  }
  return {
    ...decoded,
    rip: field(-1, 'rip', 'u32', decoded.rip),
    next: field(-1, 'next', 'u32', decoded.next),
    operands,
  };
}

type MakeField = (operand: number, part: Field['part'], format: Field['format'], value: number) => number;

function operandWithFields(decoded: Decoded, operand: Operand, i: number, field: MakeField): Operand {
  switch (operand.kind) {
    case 'register':
    case 'xmm':
    case 'mmx':
    case 'segment':
      // A register that the form names (AL, CL, rAX) is no number of the instruction.
      if (isNamedRegister(decoded.form.operands[i]?.letter)) return operand;
      return { ...operand, register: field(i, 'register', 'variable', operand.register) };
    case 'immediate': {
      if (decoded.form.operands[i]?.letter === '1') return operand;
      const isWide = decoded.form.operands[i]?.size === 'v' && operand.width === 64;
      const format = isWide ? 'i64' : operand.width === 8 ? 'u8' : operand.width === 16 ? 'u16' : 'i32';
      const low = field(i, 'immediate', format, operand.low);
      return fieldOf(low) === null ? operand : { ...operand, low, high: low };
    }
    case 'target':
      return { ...operand, address: field(i, 'target', 'u32', operand.address) };
    case 'memory':
      return addressWithFields(operand, i, field);
    default:
      return operand;
  }
}

function isNamedRegister(letter: string | undefined): boolean {
  return letter === 'AL' || letter === 'CL' || letter === 'AX' || letter === 'DX' || letter === 'rAX';
}

function addressWithFields(operand: MemoryOperand, i: number, field: MakeField): MemoryOperand {
  const { base, index, scale, displacement } = operand;
  const isAbsolute = base < 0 && index < 0;
  return {
    ...operand,
    base: base < 0 || base === RSP ? base : field(i, 'base', 'variable', base),
    index: index < 0 ? index : field(i, 'index', 'variable', index),
    scale: index < 0 ? 0 : field(i, 'scale', 'u8', scale),
    displacement: field(i, 'displacement', isAbsolute ? 'i64' : 'i32', displacement),
  };
}

/** The number that stands for `field` in its instruction; a whole number, wide immediates without their high half. */
export function fieldNumber(field: Field, decoded: Decoded): number {
  return field.base + numberOf(decoded, field.operand, field.part);
}

/** The high half of a wide immediate. */
export function fieldHigh({ operand }: Field, decoded: Decoded): number {
  const wide = decoded.operands[operand];
  return wide.kind === 'immediate' ? wide.high : 0;
}

function numberOf(decoded: Decoded, operandNumber: number, part: string): number {
  if (part === 'rip') return decoded.rip;
  if (part === 'next') return decoded.next;
  const operand = decoded.operands[operandNumber];
  switch (operand.kind) {
    case 'memory':
      if (part === 'base') return operand.base;
      if (part === 'index') return operand.index;
      return part === 'scale' ? operand.scale : operand.displacement;
    case 'immediate':
      return operand.low;
    case 'target':
      return operand.address;
    default:
      return operand.register;
  }
}
