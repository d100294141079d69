/** IR blocks from the text that print.ts makes: for golden files, hand-written tests and the debugger. */
import type { Block, Op } from './block.ts';
import type { Attribute } from './op-spec.ts';
import { OP_NAMES, type OpName, specOf } from './ops.ts';
import { STATE_VARIABLES } from './state-layout.ts';

/** Where and why a text is not IR. */
class IrSyntaxError extends Error {
  override readonly name = 'IrSyntaxError';
}

const VARIABLE_INDEX: ReadonlyMap<string, number> = new Map(STATE_VARIABLES.map(({ name }, i) => [name, i]));
const NAMES: ReadonlySet<string> = new Set(OP_NAMES);
const LINE = /^(?:(%\d+) = )?(\w+)(?:\[(.*)\])?(?: (%.*))?$/;

/** @throws IrSyntaxError with the line's number and text. */
export function parseBlock(text: string): Block {
  const [header, ...lines] = text.trimEnd().split('\n');
  const match = /^block (\S+) (\d+)$/.exec(header ?? '');
  if (match === null) throw new IrSyntaxError(`line 1: '${header}' is not 'block ADDRESS BYTES'`);
  const ops: Op[] = [];
  const values = new Map<string, Op>();
  for (const [i, line] of lines.entries()) {
    const parsed = parseLine(line.trim(), values, ops.length, i + 2);
    ops.push(parsed.op);
    if (parsed.value !== '') values.set(parsed.value, parsed.op);
  }
  const instructionCount = ops.filter((op) => op.name === 'instruction').length;
  return { rip: parseNumber(match[1]), sizeBytes: Number(match[2]), instructionCount, ops };
}

function parseLine(
  line: string,
  values: ReadonlyMap<string, Op>,
  id: number,
  number: number,
): { value: string; op: Op } {
  const fail = (what: string): never => {
    throw new IrSyntaxError(`line ${number}: ${what} in '${line}'`);
  };
  const match = LINE.exec(line);
  if (match === null || !NAMES.has(match[2])) return fail('no op');
  const name = match[2] as OpName;
  const { args, attributes, result } = specOf(name);
  const operands = (match[4] ?? '').split(', ').filter((text) => text !== '');
  if (operands.length !== args.length) return fail(`${args.length} arguments wanted`);
  const found = operands.map((text) => values.get(text) ?? fail(`no value ${text}`));
  const texts = (match[3] ?? '').split(', ').filter((text) => text !== '');
  if (texts.length !== attributes.length) return fail(`${attributes.length} attributes wanted`);
  if ((match[1] !== undefined) !== (result !== 'none')) return fail('a value too many or none');
  return { value: match[1] ?? '', op: { name, type: result, args: found, ...attributesFrom(attributes, texts), id } };
}

function attributesFrom(
  attributes: readonly Attribute[],
  texts: readonly string[],
): { imm: number; imm2: number; tag: string } {
  const numbers: number[] = [];
  let tag = '';
  attributes.forEach((attribute, i) => {
    if (isText(attribute)) tag = texts[i];
    else numbers.push(attribute === 'variable' ? (VARIABLE_INDEX.get(texts[i]) ?? -1) : parseNumber(texts[i]));
  });
  return { imm: numbers[0] ?? 0, imm2: numbers[1] ?? 0, tag };
}

function isText(attribute: Attribute): boolean {
  return ['flagsKind', 'condition', 'operation', 'helper', 'lanes'].includes(attribute);
}

function parseNumber(text: string): number {
  return text.startsWith('-') ? -Number(text.slice(1)) : Number(text);
}
