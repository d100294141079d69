/*
 * Floating-point programs for the core: loops whose values wander through zeros, denormals, infinities and NaN under an
 * MXCSR that is given. Each returns a checksum of all bits it made and of MXCSR after every round. No libc.
 */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long u64;
typedef double d2 __attribute__((vector_size(16)));
typedef float f4 __attribute__((vector_size(16)));

static u64 hash;
static void mix(u64 x) { hash = (hash ^ x) * 0x9e3779b97f4a7c15ul + (hash >> 29); }
static u64 seed;
static u64 next(void) {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return seed;
}

static u32 get_mxcsr(void) { u32 value; __asm__ volatile("stmxcsr %0" : "=m"(value)); return value; }
static void set_mxcsr(u32 value) { __asm__ volatile("ldmxcsr %0" : : "m"(value)); }
static double of_bits(u64 bits) { double x; __builtin_memcpy(&x, &bits, 8); return x; }
static u64 bits_of(double x) { u64 bits; __builtin_memcpy(&bits, &x, 8); return bits; }
static u32 bits_of_single(float x) { u32 bits; __builtin_memcpy(&bits, &x, 4); return bits; }

static double values[64];
static float singles[64];
/* Now and then a number from the ends of the range, else one near 1. */
static void fill(int rare) {
  for (int i = 0; i < 64; i++) {
    u64 r = next();
    u64 exponent = r % rare ? 1000 + (r >> 8) % 48 : (u64[]){0, 1, 2, 2046, 2047, 500}[(r >> 8) % 6];
    u64 fraction = (r >> 16 & 7) ? next() >> 12 : 0;
    values[i] = of_bits((r >> 63) << 63 | exponent << 52 | fraction);
    u32 small = r % rare ? 110 + (r >> 8) % 34 : (u32[]){0, 1, 2, 254, 255, 60}[(r >> 8) % 6];
    u32 bits = (u32)(r >> 63) << 31 | small << 23 | (u32)(fraction >> 29);
    __builtin_memcpy(&singles[i], &bits, 4);
  }
}

static void sums(void) {
  double sum = 0, product = 1, difference = 0;
  for (int i = 0; i < 64; i++) {
    sum += values[i] * values[63 - i];
    product = product * values[i] + values[i ^ 1] * 1e-200;
    difference -= values[i] / (product + 1);
    if (difference < sum) difference = difference * 0.5;
  }
  mix(bits_of(sum)), mix(bits_of(product)), mix(bits_of(difference));
}

static void decay(void) {
  double x = values[0], y = 1e-290;
  for (int i = 0; i < 120; i++) {
    x = x * 0.125 + y;
    y = y * 0.5;
    if (x != x) x = values[i & 63];
  }
  mix(bits_of(x)), mix(bits_of(y));
}

static void roots(void) {
  float sum = 0;
  double least = 1e300, most = -1e300;
  for (int i = 0; i < 64; i++) {
    double root, value = values[i];
    __asm__("sqrtsd %1, %0" : "=x"(root) : "x"(value));
    __asm__("minsd %1, %0" : "+x"(least) : "x"(root));
    __asm__("maxsd %1, %0" : "+x"(most) : "x"(value));
    sum = sum * 0.5f + singles[i] * (float)root;
    mix((u64)(long)(__builtin_fabs(value) < 1e15 ? value * 3 : i));
    mix((u32)(__builtin_fabs(value) < 1e8 ? (int)(value * 7) : i));
    sum += (float)i + (float)(long)(seed >> 20);
  }
  mix(bits_of_single(sum)), mix(bits_of(least)), mix(bits_of(most));
}

static void packed(void) {
  d2 sum = {0, 0}, last = {1, 2};
  f4 single = {0, 0, 0, 0}, scale = {0.5f, 0.25f, 2.0f, 1.0f};
  for (int i = 0; i < 64; i += 4) {
    d2 a = *(d2 *)&values[i], b = *(d2 *)&values[i + 2];
    f4 c = *(f4 *)&singles[i];
    sum += a * b;
    last = last * (d2){0.5, 1.5} + a;
    single = single * scale + c * c;
    scale = scale + c * (f4){1e-3f, 1e-3f, 0, 1e-3f};
  }
  u64 out[2];
  __builtin_memcpy(out, &sum, 16), mix(out[0]), mix(out[1]);
  __builtin_memcpy(out, &last, 16), mix(out[0]), mix(out[1]);
  __builtin_memcpy(out, &single, 16), mix(out[0]), mix(out[1]);
  __builtin_memcpy(out, &scale, 16), mix(out[0]), mix(out[1]);
}

static u64 run(u32 mxcsr, int which) {
  u32 before = get_mxcsr();
  hash = mxcsr, seed = 88172645463325252ul + which;
  for (int round = 0; round < 20; round++) {
    fill(round % 3 == 0 ? 7 : round % 3 == 1 ? 90 : 100000);
    if (round % 4 == 0) set_mxcsr(mxcsr);
    switch (which) {
      case 0: sums(); break;
      case 1: decay(); break;
      case 2: roots(); break;
      default: packed();
    }
    mix(get_mxcsr());
  }
  set_mxcsr(before);
  return hash;
}

#ifdef FLAT
void *memcpy(void *to, const void *from, u64 n) { for (u64 i = 0; i < n; i++) ((volatile u8 *)to)[i] = ((u8 *)from)[i]; return to; }
void *memset(void *to, int value, u64 n) { for (u64 i = 0; i < n; i++) ((volatile u8 *)to)[i] = value; return to; }
__attribute__((section(".text.start"), force_align_arg_pointer)) void _start(void) {
  u64 which, mxcsr, result;
  __asm__ volatile("" : "=D"(which), "=S"(mxcsr));
  result = run(mxcsr, which);
  __asm__ volatile("syscall" : : "a"(60), "D"(result) : "rcx", "r11", "memory");
  for (;;);
}
#else
#include <stdio.h>
#include <stdlib.h>
int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++)
    for (int which = 0; which < 4; which++) printf("%lx\n", run(strtoul(argv[i], 0, 16), which));
  return 0;
}
#endif
