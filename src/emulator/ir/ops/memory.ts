/**
 * Guest memory. Addresses are i64; a high half that is not zero faults. Every op here may fault: it checks the page
 * permission of its first and last byte and, when that fails, the instruction is resumed in the cold tier. A load whose
 * address the same instruction stores to as many bytes is the first half of an update: its fault is that of a write.
 */

export const memory = {
  load8: { args: ['i64'], result: 'i32', effects: 'load', attributes: [], doc: 'The byte at a, zero-extended.' },
  load16: { args: ['i64'], result: 'i32', effects: 'load', attributes: [], doc: 'Two bytes at a, zero-extended.' },
  load32: { args: ['i64'], result: 'i32', effects: 'load', attributes: [], doc: 'Four bytes at a.' },
  load64: { args: ['i64'], result: 'i64', effects: 'load', attributes: [], doc: 'Eight bytes at a.' },
  store8: { args: ['i64', 'i32'], result: 'none', effects: 'store', attributes: [], doc: 'Low byte of b to a.' },
  store16: { args: ['i64', 'i32'], result: 'none', effects: 'store', attributes: [], doc: 'Low 16 bits of b to a.' },
  store32: { args: ['i64', 'i32'], result: 'none', effects: 'store', attributes: [], doc: 'b to a.' },
  store64: { args: ['i64', 'i64'], result: 'none', effects: 'store', attributes: [], doc: 'b to a.' },
  load128: {
    args: ['i64'],
    result: 'v128',
    effects: 'load',
    attributes: [],
    doc: 'Sixteen bytes at a, any alignment.',
  },
  loadLow32: { args: ['i64'], result: 'v128', effects: 'load', attributes: [], doc: 'Four bytes at a, zeros above.' },
  loadLow64: { args: ['i64'], result: 'v128', effects: 'load', attributes: [], doc: 'Eight bytes at a, zeros above.' },
  store128: { args: ['i64', 'v128'], result: 'none', effects: 'store', attributes: [], doc: 'b to a, any alignment.' },
  checkRead: {
    args: ['i64'],
    result: 'none',
    effects: 'load',
    attributes: ['length'],
    doc: 'Faults as a load of that many bytes (at most 4096) at a would. For helpers that read guest memory behind it.',
  },
  checkWrite: {
    args: ['i64'],
    result: 'none',
    effects: 'store',
    attributes: ['length'],
    doc: 'Faults as a store of that many bytes to a would; stores nothing. For instructions that must know before they write.',
  },
  // LOCK and XCHG: one indivisible read-modify-write. `operation` is add, and, or, xor, exchange, or negate (0 - old).
  atomicUpdate32: {
    args: ['i64', 'i32'],
    result: 'i32',
    effects: 'store',
    attributes: ['operation', 'width'],
    doc: 'Replaces the integer of 8, 16 or 32 bits at a by (old operation b); gives old, zero-extended.',
  },
  atomicUpdate64: {
    args: ['i64', 'i64'],
    result: 'i64',
    effects: 'store',
    attributes: ['operation'],
    doc: 'Replaces the 64-bit integer at a by (old operation b); gives old.',
  },
  compareExchange32: {
    args: ['i64', 'i32', 'i32'],
    result: 'i32',
    effects: 'store',
    attributes: ['width'],
    doc: 'Stores c to a when the integer of 8, 16 or 32 bits there equals b; gives old, zero-extended.',
  },
  compareExchange64: {
    args: ['i64', 'i64', 'i64'],
    result: 'i64',
    effects: 'store',
    attributes: [],
    doc: 'Stores c to a when the 64-bit integer there equals b; gives old.',
  },
} as const;
