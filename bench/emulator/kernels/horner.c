/* A polynomial of degree 15 in long double by Horner's scheme at 256 places: one product and one sum a step. */
#include "kernel.h"
#define DEGREE 15
#define N 256
static long double coefficients[DEGREE + 1];
u64 kernel(u64 rounds) {
  u64 seed = 23, sum = 0;
  for (int i = 0; i <= DEGREE; i++)
    coefficients[i] = (long double)(i64)((next_random(&seed) & 0xffff) - 0x8000) / 3.0L;
  for (u64 r = 0; r < rounds; r++) {
    long double total = 0.0L;
    for (int i = 0; i < N; i++) {
      long double x = (long double)((i64)(r & 15) + i - 128) / 128.0L, value = coefficients[DEGREE];
      for (int k = DEGREE - 1; k >= 0; k--) value = value * x + coefficients[k];
      total += value;
    }
    sum = sum * 31 + bits_of((double)total);
  }
  return sum;
}
