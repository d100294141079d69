/**
 * Instruction boundaries, ways to fault, calls of host helpers, and the exits that end a block. Code addresses in
 * attributes are whole numbers between -2^53 and 2^53 that stand for their 64-bit sign extension.
 */

export const control = {
  instruction: {
    args: [],
    result: 'none',
    effects: 'boundary',
    attributes: ['address', 'length'],
    doc: 'Start of the guest instruction at that RIP. State at a fault is the state here.',
  },
  raiseIf: { args: ['i32'], result: 'none', effects: 'raise', attributes: ['vector'], doc: 'Exception when a ≠ 0.' },
  checkTarget: {
    args: ['i64'],
    result: 'none',
    effects: 'raise',
    attributes: [],
    doc: '#GP when a is not canonical: a branch there faults before it changes anything. Fast tiers may leave whenever its high half is not 0.',
  },
  interpret: {
    args: [],
    result: 'none',
    effects: 'raise',
    attributes: [],
    doc: 'A fast tier leaves here, always: the reference interpreter executes the whole instruction, and the dispatcher has control after it.',
  },
  helper: {
    args: ['i32', 'i32'],
    result: 'i32',
    effects: 'helper',
    attributes: ['helper'],
    doc: 'Runs the named helper (helpers.ts) on the thread state in memory; it may read and write every variable, not guest memory.',
  },
  x87: {
    args: ['i32', 'i32'],
    result: 'i32',
    effects: 'unit',
    attributes: ['helper'],
    doc: 'Runs the named operation of the x87 unit (x87/operations.ts) on its variables, and on guest memory whose access was checked.',
  },
  jump: { args: [], result: 'none', effects: 'exit', attributes: ['target'], doc: 'Goes on at a constant address.' },
  branch: {
    args: ['i32'],
    result: 'none',
    effects: 'exit',
    attributes: ['target', 'next'],
    doc: 'Goes on at target when a ≠ 0, else at next.',
  },
  jumpIndirect: { args: ['i64'], result: 'none', effects: 'exit', attributes: [], doc: 'Goes on at a.' },
  call: {
    args: [],
    result: 'none',
    effects: 'exit',
    attributes: ['target', 'next'],
    doc: 'Goes on at target; a matching ret goes on at next (already pushed: a prediction only).',
  },
  callIndirect: {
    args: ['i64'],
    result: 'none',
    effects: 'exit',
    attributes: ['next'],
    doc: 'Goes on at a; a matching ret goes on at next (already pushed: a prediction only).',
  },
  ret: { args: ['i64'], result: 'none', effects: 'exit', attributes: [], doc: 'Goes on at a, popped from the stack.' },
  redispatch: {
    args: [],
    result: 'none',
    effects: 'exit',
    attributes: ['target'],
    doc: 'Goes on at a constant address further on, by way of the dispatcher: systemFlags may have changed, and TF is looked at there.',
  },
  repeatString: {
    args: ['i64'],
    result: 'none',
    effects: 'exit',
    attributes: ['operation', 'width', 'next'],
    doc: 'REP movs, stos, lods, scasE, scasNE, cmpsE or cmpsNE (.a32 with 67h), source segment base a; then goes on at next. Each step is a retired instruction. A fast tier may leave the block at this instruction for the cold one to go on.',
  },
  syscall: {
    args: [],
    result: 'none',
    effects: 'exit',
    attributes: ['next'],
    doc: 'Leaves to the kernel with RIP = next; RCX and R11 are already set.',
  },
  raise: {
    args: [],
    result: 'none',
    effects: 'exit',
    attributes: ['vector', 'next'],
    doc: 'Exception; the RIP reported is next.',
  },
  fetchFault: {
    args: [],
    result: 'none',
    effects: 'exit',
    attributes: ['address'],
    doc: '#PF (or #GP if not canonical): the code byte at address cannot be fetched. Only in blocks without instructions, never cached.',
  },
} as const;
