import type { CodeWriter } from '../encoder/code-writer.ts';
import type { IntegerFunction } from '../runtime-functions.ts';

/** Writes the body of a function on its parameters (locals 0, 1, …). */
export type WriteBody = (code: CodeWriter, call: (name: IntegerFunction) => void) => void;
