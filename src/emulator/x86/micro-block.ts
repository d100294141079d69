/** Decodes guest code from an address on into micro-ops. */
import type { Field } from '../ir/field.ts';
import { specOf } from '../ir/ops.ts';
import type { MicroBlock, MicroStep, Template } from '../ir/template.ts';
import type { Decoded } from './decode/decoded.ts';
import type { Decoder } from './decode/decoder.ts';
import { fieldHigh, fieldNumber, Templates } from './templates.ts';

/** Templates of all spaces. */
export const TEMPLATES = new Templates();

/**
 * Ends where liftBlock (lift-block.ts) ends a block: at the first exit, after `maxInstructions`, before what cannot be
 * decoded, and where the code enters another page. @returns null when the first instruction cannot be decoded.
 */
export function microBlock(decoder: Decoder, rip: number, maxInstructions: number): MicroBlock | null {
  const steps: MicroStep[] = [];
  let at = rip;
  while (steps.length < maxInstructions) {
    const isNewPage = at !== rip && at >>> 12 !== rip >>> 12;
    const result = isNewPage ? null : decoder.decode(at);
    if (result === null || result.kind !== 'instruction') break;
    const { decoded } = result;
    const template = TEMPLATES.of(decoded);
    steps.push(new DecodedStep(template, decoded));
    at = decoded.next;
    if (hasExit(template)) return { rip, sizeBytes: at - rip, instructionCount: steps.length, steps };
  }
  if (steps.length === 0) return null;
  const instructionCount = steps.length;
  steps.push(new Continuation(at));
  return { rip, sizeBytes: at - rip, instructionCount, steps };
}

function hasExit({ ops }: Template): boolean {
  return ops.length > 0 && specOf(ops[ops.length - 1].name).effects === 'exit';
}

class DecodedStep implements MicroStep {
  readonly template: Template;
  readonly instructionCount = 1;
  readonly #decoded: Decoded;

  constructor(template: Template, decoded: Decoded) {
    this.template = template;
    this.#decoded = decoded;
  }

  get rip(): number {
    return this.#decoded.rip;
  }

  get exitRip(): number {
    return this.#decoded.rip;
  }

  numberOf(field: Field): number {
    return fieldNumber(field, [this.#decoded]);
  }

  highOf(field: Field): number {
    return fieldHigh(field, [this.#decoded]);
  }
}

/** The way on from a block without an exit of its own. */
class Continuation implements MicroStep {
  readonly template: Template;
  readonly instructionCount = 0;
  readonly rip: number;

  constructor(rip: number) {
    this.template = TEMPLATES.continuation;
    this.rip = rip;
  }

  /** Never a jump back. */
  get exitRip(): number {
    return -1;
  }

  numberOf(): number {
    return this.rip;
  }

  highOf(): number {
    return 0;
  }
}
