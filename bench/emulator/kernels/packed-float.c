/* A filter of five taps over 4,096 floats per round, four at once: MULPS, ADDPS, MINPS by compare, unaligned loads. */
#include "kernel.h"
#define N 4096
typedef float quad __attribute__((vector_size(16)));
typedef float loose __attribute__((vector_size(16), aligned(4)));
typedef int mask __attribute__((vector_size(16)));
static float in[N + 8] __attribute__((aligned(16))), out[N] __attribute__((aligned(16)));
u64 kernel(u64 rounds) {
  u64 seed = 13, sum = 0;
  for (int i = 0; i < N + 8; i++) in[i] = (float)(next_random(&seed) & 1023) / 512.0f - 1.0f;
  for (u64 r = 0; r < rounds; r++) {
    const quad most = {1.0f, 1.0f, 1.0f, 1.0f};
    for (int i = 0; i < N; i += 4) {
      quad y = *(loose *)(in + i) * 0.1f + *(loose *)(in + i + 1) * 0.2f + *(loose *)(in + i + 2) * 0.4f +
               *(loose *)(in + i + 3) * 0.2f + *(loose *)(in + i + 4) * 0.1f;
      mask over = y > most;
      *(quad *)(out + i) = (quad)(((mask)most & over) | ((mask)y & ~over));
    }
    in[r & (N - 1)] = out[(r * 7) & (N - 1)] + 0.01f;
  }
  for (int i = 0; i < N; i++) {
    u32 bits;
    __builtin_memcpy(&bits, &out[i], 4);
    sum = sum * 31 + bits;
  }
  return sum;
}
