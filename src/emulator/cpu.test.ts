import { expect, test } from 'vitest';
import { compileFlat } from './testing/compile.ts';
import { CODE, createGuest } from './testing/guest.ts';
import { REG } from './cpu.ts';

const HELLO = `
static long syscall3(long n, long a, long b, long c) {
  long r; __asm__ volatile("syscall" : "=a"(r) : "a"(n), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory"); return r;
}
static unsigned long length(const char *s) { unsigned long n = 0; while (s[n]) n++; return n; }
__attribute__((section(".text.start"))) void _start(void) {
  const char *text = "hello, world\\n";
  syscall3(1, 1, (long)text, length(text));
  syscall3(60, 7, 0, 0);
  for (;;);
}`;

test('a compiled hello reaches its system calls with the right arguments', () => {
  const guest = createGuest(compileFlat(HELLO, CODE));
  expect(guest.run()).toEqual({ kind: 'syscall' });
  expect(guest.state.low(REG.RAX)).toBe(1);
  const text = guest.space.u8.subarray(guest.state.low(REG.RSI), guest.state.low(REG.RSI) + guest.state.low(REG.RDX));
  expect(Buffer.from(text).toString()).toBe('hello, world\n');
  guest.state.setNumber(REG.RAX, text.length);
  expect(guest.run()).toEqual({ kind: 'syscall' });
  expect([guest.state.low(REG.RAX), guest.state.low(REG.RDI)]).toEqual([60, 7]);
});
