/* Five bodies that attract each other, 1,000 steps per round: multiply, add, one square root and division a pair. */
#include "kernel.h"
#define BODIES 5
static double at[BODIES][3], speed[BODIES][3], mass[BODIES];
static void start(void) {
  u64 seed = 5;
  for (int i = 0; i < BODIES; i++) {
    mass[i] = i == 0 ? 39.5 : 0.001 * (double)(i + 1);
    for (int k = 0; k < 3; k++) {
      at[i][k] = (double)i * 5.0 + (double)(next_random(&seed) & 1023) / 256.0;
      speed[i][k] = i == 0 ? 0.0 : (double)(next_random(&seed) & 1023) / 512.0 - 1.0;
    }
  }
}
static void advance(double dt) {
  for (int i = 0; i < BODIES; i++)
    for (int j = i + 1; j < BODIES; j++) {
      double dx = at[i][0] - at[j][0], dy = at[i][1] - at[j][1], dz = at[i][2] - at[j][2];
      double square = dx * dx + dy * dy + dz * dz;
      double force = dt / (square * __builtin_sqrt(square));
      speed[i][0] -= dx * mass[j] * force; speed[i][1] -= dy * mass[j] * force; speed[i][2] -= dz * mass[j] * force;
      speed[j][0] += dx * mass[i] * force; speed[j][1] += dy * mass[i] * force; speed[j][2] += dz * mass[i] * force;
    }
  for (int i = 0; i < BODIES; i++)
    for (int k = 0; k < 3; k++) at[i][k] += dt * speed[i][k];
}
u64 kernel(u64 rounds) {
  start();
  for (u64 r = 0; r < rounds; r++)
    for (int step = 0; step < 1000; step++) advance(0.001);
  u64 sum = 0;
  for (int i = 0; i < BODIES; i++) sum = sum * 31 + bits_of(at[i][0] + at[i][1] * 3.0 + at[i][2] * 5.0);
  return sum;
}
