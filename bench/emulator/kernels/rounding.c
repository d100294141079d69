/* Sums and products of intervals: lower bounds rounded down, upper bounds rounded up, 512 steps each per round. */
#include "kernel.h"
#define N 512
static double low[N], high[N];
static void round_to(unsigned mode) {
  mode = 0x1f80 | mode << 13;
  __asm__ volatile("ldmxcsr %0" ::"m"(mode) : "memory");
}
u64 kernel(u64 rounds) {
  u64 seed = 19, sum = 0;
  for (int i = 0; i < N; i++) low[i] = high[i] = (double)(next_random(&seed) & 4095) / 3.0;
  for (u64 r = 0; r < rounds; r++) {
    double a = 0.0, b = 0.0;
    round_to(1);
    for (int i = 0; i < N; i++) a += low[i] * 0.3;
    round_to(2);
    for (int i = 0; i < N; i++) b += high[i] * 0.3;
    low[r & (N - 1)] = a * 0.001;
    high[r & (N - 1)] = b * 0.001;
    sum = sum * 31 + bits_of(a) + bits_of(b);
  }
  round_to(0);
  return sum;
}
