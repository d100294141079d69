/** statusFlags of lazy-flags.ts for generated code: (kind and width, result, first, second) → the six flags. */
import { AF, CF, FLAG_KINDS, OF, PF, SF, STATUS_FLAGS, ZF } from '../../../ir/lazy-flags.ts';
import type { CodeWriter, Label } from '../encoder/code-writer.ts';

const [KIND, RESULT, FIRST, SECOND] = [0, 1, 2, 3];

export function writeStatusFlags(code: CodeWriter): void {
  new StatusFlags(code).write();
}

class StatusFlags {
  readonly #code: CodeWriter;
  readonly #width: number;
  /** 64 - width: moves the sign to bit 63. */
  readonly #up: number;
  readonly #flags: number;

  constructor(code: CodeWriter) {
    this.#code = code;
    this.#width = code.newLocal('i64');
    this.#up = code.newLocal('i64');
    this.#flags = code.newLocal('i32');
  }

  write(): void {
    const code = this.#code;
    this.#returnBits();
    this.#findWidth();
    this.#signZeroParity();
    const labels = new Map<string, Label>();
    const done = code.block();
    for (const kind of FLAG_KINDS.toReversed()) labels.set(kind, code.block());
    code.localGet(KIND);
    code.i32(8);
    code.op('i32.shr_u');
    code.brTable(
      [...FLAG_KINDS].map((kind) => labels.get(kind) ?? done),
      done,
    );
    for (const kind of FLAG_KINDS) {
      code.end();
      this.#ofKind(kind);
      code.br(done);
    }
    code.end();
    code.localGet(this.#flags);
  }

  #returnBits(): void {
    const code = this.#code;
    code.localGet(KIND);
    code.i32(0x100);
    code.op('i32.lt_u');
    code.if();
    code.localGet(SECOND);
    code.op('i32.wrap_i64');
    code.i32(STATUS_FLAGS);
    code.op('i32.and');
    code.return();
    code.end();
  }

  #findWidth(): void {
    const code = this.#code;
    code.localGet(KIND);
    code.i32(0xff);
    code.op('i32.and');
    code.op('i64.extend_i32_u');
    code.localSet(this.#width);
    code.i64(64);
    code.localGet(this.#width);
    code.op('i64.sub');
    code.localSet(this.#up);
  }

  // Operands moved up: the sign is bit 63, and only `width` bits count.
  #raised(local: number): void {
    this.#code.localGet(local);
    this.#code.localGet(this.#up);
    this.#code.op('i64.shl');
  }

  #signZeroParity(): void {
    const code = this.#code;
    this.#raised(RESULT);
    code.i64(0);
    code.op('i64.lt_s');
    code.i32(Math.log2(SF));
    code.op('i32.shl');
    this.#raised(RESULT);
    code.op('i64.eqz');
    code.i32(Math.log2(ZF));
    code.op('i32.shl');
    code.op('i32.or');
    code.localGet(RESULT);
    code.i64(0xff);
    code.op('i64.and');
    code.op('i64.popcnt');
    code.op('i32.wrap_i64');
    code.i32(1);
    code.op('i32.and');
    code.op('i32.eqz');
    code.i32(Math.log2(PF));
    code.op('i32.shl');
    code.op('i32.or');
    code.localSet(this.#flags);
  }

  #ofKind(kind: (typeof FLAG_KINDS)[number]): void {
    switch (kind) {
      case 'add':
      case 'adc':
        this.#addition();
        break;
      case 'sub':
      case 'sbb':
        this.#subtraction();
        break;
      case 'inc':
      case 'dec':
        this.#step(kind === 'inc');
        break;
      case 'shl':
        this.#shiftLeft();
        break;
      case 'shr':
        this.#shiftRight();
        break;
      case 'sar':
        this.#shiftSigned();
        break;
      case 'mul':
        this.#multiplication();
        break;
      default: // bits, logic
    }
  }

  /** Pops 0 or 1; sets `flag` when it is 1. */
  #or(flag: number): void {
    const code = this.#code;
    if (flag !== CF) {
      code.i32(Math.log2(flag));
      code.op('i32.shl');
    }
    code.localGet(this.#flags);
    code.op('i32.or');
    code.localSet(this.#flags);
  }

  /** Pops a raised value; pushes its sign, 0 or 1. */
  #sign(): void {
    this.#code.i64(0);
    this.#code.op('i64.lt_s');
  }

  #complement(): void {
    this.#code.i64(-1);
    this.#code.op('i64.xor');
  }

  #gets(...locals: readonly number[]): void {
    for (const local of locals) this.#code.localGet(local);
  }

  /** Pops a value whose bit width - 1 counts; pushes that bit. */
  #top(): void {
    this.#code.localGet(this.#up);
    this.#code.op('i64.shl');
    this.#sign();
  }

  // CF: (a & b) | ((a | b) & ~r); OF: (a ^ r) & (b ^ r)
  #addition(): void {
    const code = this.#code;
    this.#gets(FIRST, SECOND);
    code.op('i64.and');
    this.#gets(FIRST, SECOND);
    code.op('i64.or');
    this.#gets(RESULT);
    this.#complement();
    code.op('i64.and');
    code.op('i64.or');
    this.#top();
    this.#or(CF);
    this.#gets(FIRST, RESULT);
    code.op('i64.xor');
    this.#gets(SECOND, RESULT);
    code.op('i64.xor');
    code.op('i64.and');
    this.#top();
    this.#or(OF);
    this.#auxiliary();
  }

  // CF: (~a & b) | ((~a | b) & r); OF: (a ^ b) & (a ^ r)
  #subtraction(): void {
    const code = this.#code;
    this.#gets(FIRST);
    this.#complement();
    this.#gets(SECOND);
    code.op('i64.and');
    this.#gets(FIRST);
    this.#complement();
    this.#gets(SECOND);
    code.op('i64.or');
    this.#gets(RESULT);
    code.op('i64.and');
    code.op('i64.or');
    this.#top();
    this.#or(CF);
    this.#gets(FIRST, SECOND);
    code.op('i64.xor');
    this.#gets(FIRST, RESULT);
    code.op('i64.xor');
    code.op('i64.and');
    this.#top();
    this.#or(OF);
    this.#auxiliary();
  }

  #auxiliary(): void {
    const code = this.#code;
    this.#gets(FIRST, SECOND);
    code.op('i64.xor');
    this.#gets(RESULT);
    code.op('i64.xor');
    code.op('i32.wrap_i64');
    code.i32(AF);
    code.op('i32.and');
    code.localGet(this.#flags);
    code.op('i32.or');
    code.localSet(this.#flags);
  }

  // INC overflows to the least number and DEC to the greatest; `second` keeps CF.
  #step(isIncrement: boolean): void {
    const code = this.#code;
    this.#raised(RESULT);
    if (isIncrement) code.i64(0, -0x8000_0000);
    else {
      code.i64(-1, 0x7fff_ffff);
      code.localGet(this.#up);
      code.op('i64.shr_u');
      code.localGet(this.#up);
      code.op('i64.shl');
    }
    code.op('i64.eq');
    this.#or(OF);
    code.localGet(RESULT);
    code.op('i32.wrap_i64');
    code.i32(15);
    code.op('i32.and');
    code.i32(isIncrement ? 0 : 15);
    code.op('i32.eq');
    this.#or(AF);
    this.#lowBitOfSecond();
    this.#or(CF);
  }

  #lowBitOfSecond(): void {
    const code = this.#code;
    code.localGet(SECOND);
    code.op('i32.wrap_i64');
    code.i32(1);
    code.op('i32.and');
  }

  /** Pops a bit number; pushes that bit of `first`, of which `width` bits count, or 0 when there is no such bit. */
  #bitOfFirst(): void {
    const code = this.#code;
    const number = code.newLocal('i64');
    code.localSet(number);
    this.#raised(FIRST);
    code.localGet(this.#up);
    code.op('i64.shr_u');
    code.localGet(number);
    code.op('i64.shr_u');
    code.op('i32.wrap_i64');
    code.i32(1);
    code.op('i32.and');
    code.localGet(number);
    code.i64(64);
    code.op('i64.lt_u');
    code.op('i32.and');
    code.release(number);
  }

  #count(): void {
    const code = this.#code;
    code.localGet(SECOND);
    code.i64(-1, 0);
    code.op('i64.and');
  }

  // CF: the last bit shifted out; OF: whether the sign changed with it.
  #shiftLeft(): void {
    const code = this.#code;
    const carry = code.newLocal('i32');
    code.localGet(this.#width);
    this.#count();
    code.op('i64.sub');
    this.#bitOfFirst();
    code.localTee(carry);
    this.#or(CF);
    code.localGet(carry);
    this.#raised(RESULT);
    this.#sign();
    code.op('i32.ne');
    this.#or(OF);
    code.release(carry);
  }

  #shiftRight(): void {
    const code = this.#code;
    this.#count();
    code.i64(1);
    code.op('i64.sub');
    this.#bitOfFirst();
    this.#or(CF);
    this.#raised(FIRST);
    this.#sign();
    this.#or(OF);
  }

  // Bits beyond the width repeat the sign: the operand is sign-extended and the count bounded by 63.
  #shiftSigned(): void {
    const code = this.#code;
    this.#raised(FIRST);
    code.localGet(this.#up);
    code.op('i64.shr_s');
    this.#count();
    code.i64(1);
    code.op('i64.sub');
    code.op('i64.shr_s');
    code.op('i32.wrap_i64');
    code.i32(1);
    code.op('i32.and');
    this.#or(CF);
  }

  #multiplication(): void {
    const code = this.#code;
    code.i32(CF | OF);
    code.i32(0);
    code.localGet(SECOND);
    code.op('i32.wrap_i64');
    code.op('select');
    code.localGet(this.#flags);
    code.op('i32.or');
    code.localSet(this.#flags);
  }
}
