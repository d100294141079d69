/* A fast Fourier transform of 1,024 complex doubles there and back per round: butterflies with strides that double. */
#include "kernel.h"
#define N 1024
static double re[N], im[N], wre[N / 2], wim[N / 2];
/* The unit circle by halving angles from a right one: nothing but square roots. */
static void make_roots(void) {
  wre[0] = 1.0; wim[0] = 0.0;
  double c = 0.0, s = 1.0; /* of a quarter turn */
  for (int span = N / 4; span >= 1; span /= 2) {
    for (int i = 0; i < N / 2; i += 2 * span)
      if (i + span < N / 2) { wre[i + span] = wre[i] * c - wim[i] * s; wim[i + span] = wre[i] * s + wim[i] * c; }
    double half = __builtin_sqrt((1.0 + c) / 2.0);
    s = s / (2.0 * half);
    c = half;
  }
}
static void transform(double sign) {
  for (int i = 1, j = 0; i < N; i++) {
    int bit = N >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      double swap = re[i]; re[i] = re[j]; re[j] = swap;
      swap = im[i]; im[i] = im[j]; im[j] = swap;
    }
  }
  for (int length = 2; length <= N; length *= 2)
    for (int start = 0; start < N; start += length)
      for (int k = 0; k < length / 2; k++) {
        int low = start + k, high = low + length / 2, root = k * (N / length);
        double x = re[high] * wre[root] - sign * im[high] * wim[root];
        double y = im[high] * wre[root] + sign * re[high] * wim[root];
        re[high] = re[low] - x; im[high] = im[low] - y;
        re[low] += x; im[low] += y;
      }
}
u64 kernel(u64 rounds) {
  u64 seed = 11, sum = 0;
  make_roots();
  for (int i = 0; i < N; i++) { re[i] = (double)(next_random(&seed) & 255) - 128.0; im[i] = 0.0; }
  for (u64 r = 0; r < rounds; r++) {
    transform(1.0);
    transform(-1.0);
    for (int i = 0; i < N; i++) { re[i] *= 1.0 / N; im[i] *= 1.0 / N; }
  }
  for (int i = 0; i < N; i++) sum = sum * 31 + bits_of(re[i]) + bits_of(im[i]);
  return sum;
}
