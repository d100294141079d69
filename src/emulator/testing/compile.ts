/** Flat machine code from C or assembler by the host's gcc, for tests; results are cached by content. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const CACHE = path.resolve('.cache/test-code');

/** Machine code of a freestanding C file, linked at `address`; execution starts at its first byte, function `_start`. */
export function compileFlat(source: string, address: number, options: readonly string[] = ['-O2']): Uint8Array {
  const key = createHash('sha256')
    .update(JSON.stringify([source, address, options]))
    .digest('hex')
    .slice(0, 16);
  const binary = path.join(CACHE, `${key}.bin`);
  if (!existsSync(binary)) {
    mkdirSync(CACHE, { recursive: true });
    const stem = path.join(CACHE, key);
    writeFileSync(`${stem}.c`, source);
    writeFileSync(`${stem}.ld`, SCRIPT.replace('ADDRESS', String(address)));
    // oxfmt-ignore
    execFileSync('gcc', [
      '-nostdlib', '-ffreestanding', '-static', '-fno-pic', '-no-pie', '-mcmodel=small', '-fno-stack-protector',
      '-fcf-protection=none', '-fno-asynchronous-unwind-tables', '-Wl,--build-id=none', '-Wl,--no-warn-rwx-segments', `-Wl,-T,${stem}.ld`, ...options, `${stem}.c`, '-lgcc', '-o', `${stem}.elf`,
    ]);
    execFileSync('objcopy', ['-O', 'binary', `${stem}.elf`, binary]);
  }
  return readFileSync(binary);
}

const SCRIPT = `ENTRY(_start)
SECTIONS {
  . = ADDRESS;
  .all : { *(.text.start) *(.text*) *(.rodata*) *(.data*) *(.bss*) *(COMMON) BYTE(0) }
  /DISCARD/ : { *(.note*) *(.comment) *(.eh_frame*) }
}
`;
