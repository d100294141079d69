/* The spectral norm of an infinite matrix cut at 100, two power steps per round: divisions and integer conversions. */
#include "kernel.h"
#define N 100
static double u[N], v[N], t[N];
static double entry(int i, int j) { return 1.0 / (double)((i + j) * (i + j + 1) / 2 + i + 1); }
static void times(const double *x, double *y, int transposed) {
  for (int i = 0; i < N; i++) {
    double dot = 0.0;
    for (int j = 0; j < N; j++) dot += (transposed ? entry(j, i) : entry(i, j)) * x[j];
    y[i] = dot;
  }
}
u64 kernel(u64 rounds) {
  for (int i = 0; i < N; i++) u[i] = 1.0;
  double norm = 0.0;
  for (u64 r = 0; r < rounds; r++) {
    times(u, t, 0);
    times(t, v, 1);
    times(v, t, 0);
    times(t, u, 1);
    double uv = 0.0, vv = 0.0;
    for (int i = 0; i < N; i++) { uv += u[i] * v[i]; vv += v[i] * v[i]; }
    norm = __builtin_sqrt(uv / vv);
    for (int i = 0; i < N; i++) u[i] /= norm * norm * norm * norm;
  }
  return bits_of(norm);
}
