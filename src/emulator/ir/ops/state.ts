/** Reads and writes of the thread state: variables of state-layout.ts and the lazy flags of lazy-flags.ts. */

export const state = {
  get64: { args: [], result: 'i64', effects: 'read', attributes: ['variable'], doc: 'The 64-bit variable.' },
  get32: { args: [], result: 'i32', effects: 'read', attributes: ['variable'], doc: 'Low 32 bits of the variable.' },
  set64: { args: ['i64'], result: 'none', effects: 'write', attributes: ['variable'], doc: 'Sets all 64 bits.' },
  set32: {
    args: ['i32'],
    result: 'none',
    effects: 'write',
    attributes: ['variable'],
    doc: 'Sets the low half of a 64-bit variable and clears its high half.',
  },
  setLow32: {
    args: ['i32'],
    result: 'none',
    effects: 'write',
    attributes: ['variable'],
    doc: 'Sets the low half of a 64-bit variable and keeps its high half; or sets a 32-bit variable.',
  },
  get128: { args: [], result: 'v128', effects: 'read', attributes: ['variable'], doc: 'The xmm register.' },
  set128: {
    args: ['v128'],
    result: 'none',
    effects: 'write',
    attributes: ['variable'],
    doc: 'Sets the xmm register; the upper half of its ymm stays.',
  },
  // Flags as the last operation that wrote them: result, first and second operand. 8- and 16-bit operands are zero-extended.
  setFlags32: {
    args: ['i32', 'i32', 'i32'],
    result: 'none',
    effects: 'write',
    attributes: ['flagsKind', 'width'],
    doc: 'Status flags become those of an operation of 8, 16 or 32 bits: (result, first, second).',
  },
  setFlags64: {
    args: ['i64', 'i64', 'i64'],
    result: 'none',
    effects: 'write',
    attributes: ['flagsKind'],
    doc: 'Status flags become those of a 64-bit operation: (result, first, second).',
  },
  setFlagsIf32: {
    args: ['i32', 'i32', 'i32', 'i32'],
    result: 'none',
    effects: 'write',
    attributes: ['flagsKind', 'width'],
    doc: 'setFlags32 of the last three arguments when the first is not 0, else the flags stay.',
  },
  setFlagsIf64: {
    args: ['i32', 'i64', 'i64', 'i64'],
    result: 'none',
    effects: 'write',
    attributes: ['flagsKind'],
    doc: 'setFlags64 of the last three arguments when the first is not 0, else the flags stay.',
  },
  getFlags: {
    args: [],
    result: 'i32',
    effects: 'read',
    attributes: [],
    doc: 'CF, PF, AF, ZF, SF and OF at their RFLAGS positions, other bits 0.',
  },
  condition: {
    args: [],
    result: 'i32',
    effects: 'read',
    attributes: ['condition'],
    doc: '1 when the condition code (o, b, e, be, s, p, l, le and their negations) holds for the current flags.',
  },
} as const;
