/* Copies of 16 bytes to 64 KiB, as a memcpy without vectors does them (REP MOVSQ and a tail); 512 KiB of each per round. */
#include "kernel.h"
static u8 from[65536 + 64], to[65536 + 64];
static void copy(u8 *d, const u8 *s, u64 size) {
  unsigned long words = (unsigned long)size / sizeof(long), rest = (unsigned long)size % sizeof(long);
  __asm__ volatile(
#ifdef __x86_64__
      "rep movsq"
#else
      "rep movsl"
#endif
      : "+D"(d), "+S"(s), "+c"(words) : : "memory");
  while (rest--) *d++ = *s++;
}
u64 kernel(u64 rounds) {
  u64 seed = 23, sum = 0;
  for (int i = 0; i < 65536 + 64; i++) from[i] = (u8)next_random(&seed);
  for (u64 r = 0; r < rounds; r++)
    for (u64 size = 16; size <= 65536; size *= 4)
      for (u64 done = 0; done < 524288; done += size) {
        copy(to + (r & 7), from + (done >> 12 & 31), size + (done & 3));
        sum = sum * 31 + to[(r & 7) + size - 1];
      }
  return sum;
}
