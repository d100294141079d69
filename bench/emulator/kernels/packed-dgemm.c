/* A product of two 64 × 64 matrices of doubles per round, two columns at once: MULPD, ADDPD, broadcast loads. */
#include "kernel.h"
#define N 64
typedef double pair __attribute__((vector_size(16)));
static double a[N][N];
static pair b[N][N / 2], c[N][N / 2];
u64 kernel(u64 rounds) {
  u64 seed = 9, sum = 0;
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) {
      a[i][j] = (double)(next_random(&seed) & 4095) / 1024.0 - 2.0;
      b[i][j / 2][j & 1] = (double)(next_random(&seed) & 4095) / 1024.0 - 2.0;
    }
  for (u64 r = 0; r < rounds; r++) {
    for (int i = 0; i < N; i++)
      for (int j = 0; j < N / 2; j += 4) {
        pair s0 = {0, 0}, s1 = s0, s2 = s0, s3 = s0;
        for (int k = 0; k < N; k++) {
          pair x = {a[i][k], a[i][k]};
          s0 += x * b[k][j]; s1 += x * b[k][j + 1]; s2 += x * b[k][j + 2]; s3 += x * b[k][j + 3];
        }
        c[i][j] = s0; c[i][j + 1] = s1; c[i][j + 2] = s2; c[i][j + 3] = s3;
      }
    a[r & 63][r >> 6 & 63] += c[r >> 3 & 63][r & 31][0] * 0x1p-20;
  }
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) sum = sum * 31 + bits_of(c[i][j / 2][j & 1]);
  return sum;
}
