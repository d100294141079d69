/* XXH64 over 64 KiB per round: 64-bit multiplies, rotates and adds. */
#include "kernel.h"
#define P1 11400714785074694791UL
#define P2 14029467366897019727UL
#define P3 1609587929392839161UL
#define P4 9650029242287828579UL
#define P5 2870177450012600261UL
static u64 data[8192];
static u64 rotl(u64 x, int n) { return x << n | x >> (64 - n); }
static u64 step(u64 acc, u64 input) { return rotl(acc + input * P2, 31) * P1; }
static u64 merge(u64 acc, u64 value) { return (acc ^ step(0, value)) * P1 + P4; }
static u64 hash(const u64 *p, u64 words, u64 seed) {
  u64 a = seed + P1 + P2, b = seed + P2, c = seed, d = seed - P1;
  for (u64 i = 0; i < words; i += 4) {
    a = step(a, p[i]); b = step(b, p[i + 1]); c = step(c, p[i + 2]); d = step(d, p[i + 3]);
  }
  u64 h = rotl(a, 1) + rotl(b, 7) + rotl(c, 12) + rotl(d, 18);
  h = merge(merge(merge(merge(h, a), b), c), d) + words * 8;
  h = (h ^ h >> 33) * P2;
  h = (h ^ h >> 29) * P3;
  return (h ^ h >> 32) + P5;
}
u64 kernel(u64 rounds) {
  u64 seed = 1, sum = 0;
  for (int i = 0; i < 8192; i++) data[i] = next_random(&seed) << 20 ^ next_random(&seed);
  for (u64 r = 0; r < rounds; r++) sum ^= hash(data, 8192, r);
  return sum;
}
