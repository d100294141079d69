/* Sieve of Eratosthenes up to one million per round: byte stores with a stride, then a counting pass. */
#include "kernel.h"
#define LIMIT 1000000
static u8 composite[LIMIT + 1];
u64 kernel(u64 rounds) {
  u64 sum = 0;
  for (u64 r = 0; r < rounds; r++) {
    for (u64 i = 0; i <= LIMIT; i++) composite[i] = 0;
    for (u64 i = 2; i * i <= LIMIT; i++)
      if (!composite[i])
        for (u64 j = i * i; j <= LIMIT; j += i) composite[j] = 1;
    for (u64 i = 2; i <= LIMIT; i++) sum += !composite[i] * (i ^ r);
  }
  return sum;
}
