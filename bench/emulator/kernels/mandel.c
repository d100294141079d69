/* The Mandelbrot set on 64 × 64 points, at most 100 turns each, per round: doubles in registers, a compare a turn. */
#include "kernel.h"
#define SIZE 64
u64 kernel(u64 rounds) {
  u64 sum = 0;
  for (u64 r = 0; r < rounds; r++) {
    double shift = (double)(r & 7) * 0.01;
    for (int py = 0; py < SIZE; py++)
      for (int px = 0; px < SIZE; px++) {
        double cx = (double)px * (3.0 / SIZE) - 2.0 + shift, cy = (double)py * (2.4 / SIZE) - 1.2, x = 0.0, y = 0.0;
        int turns = 0;
        while (turns < 100 && x * x + y * y <= 4.0) {
          double next = x * x - y * y + cx;
          y = 2.0 * x * y + cy;
          x = next;
          turns++;
        }
        sum = sum * 3 + (u64)turns;
      }
  }
  return sum;
}
