/* 64-bit modular exponentiation, division and remainder, 10,000 steps per round; one 128-bit product per step. */
#include "kernel.h"
u64 kernel(u64 rounds) {
  u64 a = 0x123456789abcdefUL, b = 987654321UL, sum = 0;
  for (u64 r = 0; r < rounds; r++)
    for (u64 i = 1; i <= 10000; i++) {
      a = fold_product(a, b | 1);
      b = b * 6364136223846793005UL + i;
      sum += a / (b >> 40 | 1) + (u64)((i64)b % (i64)(i * 3 + 1)) + (u32)a / (u32)(i | 1);
    }
  return sum;
}
