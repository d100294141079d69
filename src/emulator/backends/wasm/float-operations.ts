/** The operations of the float op by number, as generated code names them when it asks the host. */

const VERBS = ['add', 'sub', 'mul', 'div', 'sqrt'] as const;
const SHAPES = ['F64', 'F32', 'F64x2', 'F32x4'] as const;

/** The operations that the runtime module has functions for (float-runtime.ts). */
export const USUAL_OPERATIONS: readonly string[] = SHAPES.flatMap((shape) => VERBS.map((verb) => verb + shape));

/** All that were asked for so far: the usual ones first, the others as they come. */
export const FLOAT_OPERATIONS: string[] = [...USUAL_OPERATIONS];

export function floatNumber(operation: string): number {
  const known = FLOAT_OPERATIONS.indexOf(operation);
  return known >= 0 ? known : FLOAT_OPERATIONS.push(operation) - 1;
}
