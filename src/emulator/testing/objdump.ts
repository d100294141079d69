/** GNU objdump's reading of a program: the second opinion on lengths and mnemonics. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Listed {
  readonly bytes: Uint8Array;
  /** Without prefixes; '(bad)' where objdump knows none. */
  readonly mnemonic: string;
}

/** objdump writes prefixes, also those without effect, before the mnemonic. */
const PREFIX =
  /^((lock|rep[nz]?[ez]?|bnd|notrack|data16|addr32|[c-gs]s|xacquire|xrelease|rex(\.[WRXB]+)?|\{evex\}|\{vex3?\}) )+/;

/** The instructions of the executable sections, in order. @param range addresses, to take a part only */
export async function* disassembled(file: string, range?: readonly [from: number, to: number]): AsyncGenerator<Listed> {
  const limits = range === undefined ? [] : [`--start-address=${range[0]}`, `--stop-address=${range[1]}`];
  const args = ['-d', '-w', '--insn-width=16', '-M', 'intel', ...limits, file];
  const objdump = spawn('objdump', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  for await (const line of createInterface({ input: objdump.stdout })) {
    const match = /^ *[0-9a-f]+:\t([0-9a-f ]+)\t(.*)$/.exec(line);
    if (match === null) continue;
    const [, hex = '', text = ''] = match;
    if (hex.startsWith('9b ') && hex.length > 3) continue; // FWAIT with what follows, as one
    const mnemonic = /^\(bad\)|^[^\s(]*/.exec(text.replace(PREFIX, ''))?.[0] ?? '';
    yield { bytes: Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex')), mnemonic };
  }
}
