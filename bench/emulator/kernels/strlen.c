/* Lengths of strings of 1 to 4,095 bytes, a word at a time as C does it without vectors, 1 MiB per round. */
#include "kernel.h"
#define SIZE 65536
typedef unsigned long word __attribute__((may_alias));
static u8 text[SIZE + 16] __attribute__((aligned(16)));
static u64 length(const u8 *s) {
  const u8 *at = s;
  for (; (unsigned long)at % sizeof(word); at++) if (!*at) return (u64)(at - s);
  const word ones = ~0UL / 255, high = ones << 7;
  const word *words = (const word *)at;
  while (!((*words - ones) & ~*words & high)) words++;
  for (at = (const u8 *)words; *at; at++) {}
  return (u64)(at - s);
}
u64 kernel(u64 rounds) {
  u64 seed = 29, sum = 0;
  for (int i = 0; i < SIZE; i++) text[i] = (u8)(1 + next_random(&seed) % 255);
  for (int at = 0, step = 1; at < SIZE; at += step, step = step * 2 % 4095 + 1) text[at] = 0;
  text[SIZE - 1] = 0;
  for (u64 r = 0; r < rounds * 16; r++) {
    for (u64 at = 0; at < SIZE;) {
      u64 size = length(text + at);
      sum = sum * 31 + size;
      at += size + 1;
    }
    text[(r * 61) & 0xfff] ^= (u8)(text[(r * 61) & 0xfff] > 1 ? 1 : 0);
  }
  return sum;
}
