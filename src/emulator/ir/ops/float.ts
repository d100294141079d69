/** SSE floating point: one op, whose operations float-unit.ts defines. */

export const float = {
  float: {
    args: ['v128', 'v128'],
    result: 'v128',
    effects: 'raise',
    attributes: ['operation'],
    doc: 'The floating-point operation of a and b under MXCSR, which gets its flags; #XM when one of them is unmasked.',
  },
} as const;
