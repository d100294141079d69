/* A product of two 64 × 64 matrices of doubles per round, three plain loops: multiply-add chains and strided loads. */
#include "kernel.h"
#define N 64
static double a[N][N], b[N][N], c[N][N];
u64 kernel(u64 rounds) {
  u64 seed = 9, sum = 0;
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) {
      a[i][j] = (double)(next_random(&seed) & 4095) / 1024.0 - 2.0;
      b[i][j] = (double)(next_random(&seed) & 4095) / 1024.0 - 2.0;
    }
  for (u64 r = 0; r < rounds; r++) {
    for (int i = 0; i < N; i++)
      for (int j = 0; j < N; j++) {
        double dot = 0.0;
        for (int k = 0; k < N; k++) dot += a[i][k] * b[k][j];
        c[i][j] = dot;
      }
    a[r & 63][r >> 6 & 63] += c[r >> 3 & 63][r & 63] * 0x1p-20;
  }
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) sum = sum * 31 + bits_of(c[i][j]);
  return sum;
}
