/**
 * An instruction row: everything the emulator knows of one mnemonic. The decoder's table, the disassembler, the lift
 * and docs/compat/instructions.md derive from rows.
 *
 * A form is 'ENCODING  OPERANDS  ATTRIBUTES', parts separated by two spaces or more, as the manual writes them:
 *
 *   '81 /2 iz  Ev,Iz  lock'      'F3 0F 58 /r  Vss,Wss'      'REX.W 0F C7 /1  Mdq  lock'      'D9 E8'     '50+r  Zv  d64'
 *
 *   encoding    NP 66 F2 F3   the mandatory prefix: NP none of them; without a token any prefix goes
 *               REX.W W0      W must be 1, 0
 *               0F, 0F 38, 0F 3A, then the opcode byte; 'B8+r' takes a register from its low bits
 *               /r, /0…/7     ModRM, with the reg field as an operand or fixed
 *               D0, C0+i      a second byte: the whole ModRM byte fixed, or but for its rm field
 *               ib iw iz iv cb cz   for the reader only: immediates follow from the operands
 *   operands    letter: E reg or memory, G reg, Z reg in the opcode, I immediate, sI sign-extended, J branch target,
 *                       M memory only, R register only, O absolute offset, S segment register,
 *                       V W U xmm (reg; rm or memory; rm only), P Q N mmx likewise; STi, ST0; AL CL AX DX rAX 1
 *               size: b w d q dq (8 to 128), v operand size, z 16 or 32, y 32 or 64 by REX.W, p far pointer,
 *                     ss sd ps pd x (32, 64, 128), t 80 bits, none; '-' instead of operands when there are none
 *   attributes  lock  LOCK is legal with a memory destination
 *               b0    REX.B must be clear             mod3  ModRM.mod is ignored, 11 taken
 *               d64   operand size is 64 unless 66h makes it 16        f64   operand size is always 64
 */
import type { Lifter } from './lifter.ts';
import type { Operand } from './operands.ts';

/** 'full', or what is missing. */
export type Support = 'full' | { readonly partial: string };

export function partial(missing: string): Support {
  return { partial: missing };
}

export interface InstructionRow {
  /** Mnemonic; 'cbw/cwde/cdqe' names it by operand size 16/32/64. */
  readonly name: string;
  /** Volume and entry of the Intel SDM: '2A, ADC'. */
  readonly sdm: string;
  readonly forms: readonly string[];
  readonly support: Support;
  /** Status flags the manual leaves undefined, as letters of 'CPAZSO': not compared against the host. */
  readonly undefinedFlags?: string;
  /** CPUID feature that a program checks before using it; '' or absent for the base set. */
  readonly feature?: string;
  /** REP and REPNE have a meaning. */
  readonly isRepeatable?: boolean;
  /** Builds the meaning. State may be written only after the last op that may fault. */
  lift(b: Lifter, ...operands: Operand[]): void;
}

export type Instruction = InstructionRow;

export function instruction(row: InstructionRow): Instruction {
  return row;
}
