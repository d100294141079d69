/* A product of 24 × 24 matrices in long double, and the length of its rows: loads and stores of ten bytes, quotients, roots. */
#include "kernel.h"
#define N 24
static long double a[N][N], b[N][N], c[N][N];
static long double root(long double x) {
  __asm__("fsqrt" : "+t"(x));
  return x;
}
u64 kernel(u64 rounds) {
  u64 seed = 29, sum = 0;
  for (int i = 0; i < N; i++)
    for (int k = 0; k < N; k++) {
      a[i][k] = (long double)(next_random(&seed) & 1023) / 7.0L;
      b[i][k] = (long double)(next_random(&seed) & 1023) / 11.0L;
    }
  for (u64 r = 0; r < rounds; r++) {
    for (int i = 0; i < N; i++) {
      long double square = 0.0L;
      for (int j = 0; j < N; j++) {
        long double s = 0.0L;
        for (int k = 0; k < N; k++) s += a[i][k] * b[k][j];
        c[i][j] = s;
        square += s * s;
      }
      long double length = root(square);
      for (int j = 0; j < N; j++) a[i][j] = c[i][j] / length > 0.2L ? c[i][j] / length * 64.0L : (double)a[i][j];
    }
    sum = sum * 31 + bits_of((double)c[r % N][3]);
  }
  return sum;
}
