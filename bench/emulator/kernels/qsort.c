/* Quicksort of 50,000 random int64 per round: 64-bit compares, swaps, recursion. */
#include "kernel.h"
#define COUNT 50000
static i64 values[COUNT];
static void sort(i64 *v, i64 low, i64 high) {
  while (low < high) {
    i64 pivot = v[(low + high) / 2], i = low, j = high;
    while (i <= j) {
      while (v[i] < pivot) i++;
      while (v[j] > pivot) j--;
      if (i <= j) { i64 swap = v[i]; v[i++] = v[j]; v[j--] = swap; }
    }
    sort(v, low, j);
    low = i;
  }
}
u64 kernel(u64 rounds) {
  u64 seed = 42, sum = 0;
  for (u64 r = 0; r < rounds; r++) {
    for (int i = 0; i < COUNT; i++) values[i] = (i64)(next_random(&seed) << 13);
    sort(values, 0, COUNT - 1);
    for (int i = 0; i < COUNT; i++) sum = sum * 31 + (u64)values[i];
  }
  return sum;
}
