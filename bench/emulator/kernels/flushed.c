/* A decaying filter over 1,024 floats per round under DAZ and FTZ, as -ffast-math programs run: tails become zeros. */
#include "kernel.h"
#define N 1024
static float in[N], out[N];
u64 kernel(u64 rounds) {
  u64 seed = 17, sum = 0;
  unsigned mode = 0x1f80 | 0x8040;
  __asm__ volatile("ldmxcsr %0" ::"m"(mode));
  for (int i = 0; i < N; i++) in[i] = i < 16 ? (float)(next_random(&seed) & 1023) / 512.0f - 1.0f : 0.0f;
  for (u64 r = 0; r < rounds; r++) {
    float last = 0.0f, before = 0.0f;
    for (int i = 0; i < N; i++) {
      float y = in[i] + 1.1f * last - 0.4f * before;
      before = last;
      last = y;
      out[i] = y;
    }
    in[r & 15] += out[r & (N - 1)] * 0.001f;
  }
  for (int i = 0; i < N; i++) {
    u32 bits;
    __builtin_memcpy(&bits, &out[i], 4);
    sum = sum * 31 + bits;
  }
  return sum;
}
