/** Decodes guest code from an address on into micro-ops. */
import type { Field } from '../ir/field.ts';
import type { Op } from '../ir/block.ts';
import { FLAGS_AS_FOUND, FLAGS_UNKNOWN, type MicroBlock, type MicroStep, type Template } from '../ir/template.ts';
import type { Decoded } from './decode/decoded.ts';
import type { Decoder } from './decode/decoder.ts';
import { assert } from '../util/assert.ts';
import { fieldHigh, fieldNumber, Templates } from './templates.ts';

/** Templates of all spaces. */
export const TEMPLATES = new Templates();

/**
 * Ends where liftBlock (lift-block.ts) ends a block: at the first exit, after `maxInstructions`, before what cannot be
 * decoded, and where the code enters another page. @returns null when the first instruction cannot be decoded.
 */
export function microBlock(decoder: Decoder, rip: number, maxInstructions: number): MicroBlock | null {
  const decoded: Decoded[] = [];
  const templates: Template[] = [];
  let at = rip;
  while (decoded.length < maxInstructions) {
    const isNewPage = at !== rip && at >>> 12 !== rip >>> 12;
    const result = isNewPage ? null : decoder.decode(at);
    if (result === null || result.kind !== 'instruction') break;
    const template = TEMPLATES.of(result.decoded);
    decoded.push(result.decoded);
    templates.push(template);
    at = result.decoded.next;
    if (template.exit !== '') break;
  }
  if (decoded.length === 0) return null;
  return { rip, sizeBytes: at - rip, instructionCount: decoded.length, steps: stepsOf(decoded, templates, at) };
}

/** What goes on behind a block that has no exit. */
export function continuationAt(rip: number): MicroStep {
  return new Continuation(rip);
}

/** One step at `rip` with the flags that are told, for lists of instructions. */
export function stepAt(
  decoder: Decoder,
  rip: number,
  isPair: boolean,
  findsFlags: number,
  isFlagless: boolean,
): MicroStep {
  const instructions: Decoded[] = [];
  for (let at = rip; instructions.length < (isPair ? 2 : 1); at = instructions[instructions.length - 1].next) {
    const result = decoder.decode(at);
    assert(result.kind === 'instruction', `x86: no instruction at ${at.toString(16)}`);
    instructions.push(result.decoded);
  }
  const [first, second] = instructions;
  const template = isPair ? TEMPLATES.ofPair(first, second) : TEMPLATES.of(first);
  const step = new DecodedStep(template, first, second ?? null, findsFlags);
  step.isFlagless = isFlagless;
  return step;
}

function stepsOf(decoded: readonly Decoded[], templates: readonly Template[], end: number): MicroStep[] {
  const steps: DecodedStep[] = [];
  let flags: number = FLAGS_UNKNOWN;
  for (let i = 0; i < decoded.length; i++) {
    const isPair = i + 2 === decoded.length && isCompareAndBranch(templates[i], templates[i + 1]);
    const second = isPair ? decoded[i + 1] : null;
    const template = second === null ? templates[i] : TEMPLATES.ofPair(decoded[i], second);
    steps.push(new DecodedStep(template, decoded[i], second, template.readsFlags ? flags : FLAGS_UNKNOWN));
    if (template.leavesFlags !== FLAGS_AS_FOUND) flags = template.leavesFlags;
    if (isPair) i++;
  }
  dropDeadFlags(steps);
  if (templates[templates.length - 1].exit !== '') return steps;
  const all: MicroStep[] = steps;
  all.push(new Continuation(end));
  return all;
}

/** Flags are seen at the end of the block and by what may leave (DESIGN decision 5). */
function dropDeadFlags(steps: readonly DecodedStep[]): void {
  let isSeen = true;
  for (let i = steps.length - 1; i >= 0; i--) {
    const { template } = steps[i];
    const { leavesFlags, readsFlags, mayLeave } = template;
    steps[i].isFlagless = !isSeen && leavesFlags !== FLAGS_AS_FOUND;
    const isKept = leavesFlags === FLAGS_AS_FOUND || leavesFlags === FLAGS_UNKNOWN;
    isSeen = mayLeave || readsFlags || (isSeen && isKept);
  }
}

/** Flags of one known kind, and a jump that looks at them: lifted together they are a compare of operands. */
function isCompareAndBranch(first: Template, second: Template): boolean {
  return first.leavesFlags > FLAGS_UNKNOWN && first.exit === '' && second.readsFlags && second.exit === 'branch';
}

class DecodedStep implements MicroStep {
  readonly template: Template;
  readonly findsFlags: number;
  isFlagless = false;
  readonly instructionCount: number;
  readonly rip: number;
  readonly exitRip: number;
  readonly #first: Decoded;
  readonly #second: Decoded | null;

  constructor(template: Template, first: Decoded, second: Decoded | null, findsFlags: number) {
    this.template = template;
    this.findsFlags = findsFlags;
    this.instructionCount = second === null ? 1 : 2;
    this.rip = first.rip;
    this.exitRip = (second ?? first).rip;
    this.#first = first;
    this.#second = second;
  }

  get #instructions(): readonly Decoded[] {
    return this.#second === null ? [this.#first] : [this.#first, this.#second];
  }

  ops(): readonly Op[] {
    return TEMPLATES.opsOf(this.template, this.#instructions);
  }

  get sizes(): number[] {
    return this.#instructions.map(({ length }) => length);
  }

  numberOf(field: Field): number {
    return fieldNumber(field, this.#decodedOf(field));
  }

  highOf(field: Field): number {
    return fieldHigh(field, this.#decodedOf(field));
  }

  #decodedOf({ instruction }: Field): Decoded {
    return instruction === 0 || this.#second === null ? this.#first : this.#second;
  }
}

/** The way on from a block without an exit of its own. */
class Continuation implements MicroStep {
  readonly template: Template = TEMPLATES.continuation;
  readonly findsFlags = FLAGS_UNKNOWN;
  readonly isFlagless = false;
  readonly instructionCount = 0;
  readonly sizes: readonly number[] = [];
  readonly rip: number;
  /** Never a jump back. */
  readonly exitRip = -1;

  constructor(rip: number) {
    this.rip = rip;
  }

  ops(): readonly Op[] {
    return TEMPLATES.opsOf(this.template, []);
  }

  numberOf(): number {
    return this.rip;
  }

  highOf(): number {
    return 0;
  }
}
