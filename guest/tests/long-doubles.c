/* Long double as compilers and libraries use it: what the x87 unit gives under every rounding and precision, with its flags;
   conversions, comparisons and functions of libm that are exact. Loops repeat it until the code has become warm. */
#define _GNU_SOURCE
#include <fenv.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "show.h"

static const long double VALUES[] = {
    0.0L, -0.0L, 1.0L, -1.0L, 1.0L / 3, -10.0L / 3, 1e-7L, 12345678901234567.25L, 0x1.fffffffffffffffep0L, 0x1.00000000000008p0L,
    0x1.0000008p0L, 0x1.00000100000000002p0L, 0x1p52L, 0x1.8p63L, -0x1p31L, 2147483647.5L, -32768.5L, 0x1.fffffep127L, 0x1p-149L,
    0x1.fffffffffffff8p1023L, 0x1p-1074L, LDBL_MAX, LDBL_MIN, 0x1p-16445L, 0x1.fffffffffffffffep-1L, 63.75L, -100.5L, 1e4000L, -1e-4900L, INFINITY, -INFINITY, NAN,
};
#define COUNT (sizeof VALUES / sizeof *VALUES)

static uint64_t sum;

static void mix(const void *bytes, int size) {
  for (int i = 0; i < size; i++) sum = (sum ^ ((const unsigned char *)bytes)[i]) * 0x100000001b3;
}

static void mix_value(long double value) { mix(&value, 10); }

/* Everything two operands can be asked, with the status word behind it. */
static void ask(long double a, long double b) {
  unsigned short status;
  long double results[] = {a + b, a - b, a * b, a / b, b - a, b / a, -a, fabsl(a), a + (float)b, a * (double)b, a - 7, 9 / b};
  for (unsigned i = 0; i < sizeof results / sizeof *results; i++) mix_value(results[i]);
  int orders = (a < b) | (a <= b) << 1 | (a == b) << 2 | (a != b) << 3 | isunordered(a, b) << 4 | isless(a, b) << 5;
  float single = a;
  double twice = a;
  long double root, whole, chosen = a < b ? a : b;
  __asm__ volatile("fsqrt" : "=t"(root) : "0"(a));
  __asm__ volatile("frndint" : "=t"(whole) : "0"(a));
  short words[3];
  int halves[3];
  long long longs[2];
  __asm__ volatile("fists %0" : "=m"(words[0]) : "t"(a));
  __asm__ volatile("fistl %0" : "=m"(halves[0]) : "t"(a));
  __asm__ volatile("fld %%st\n fistpll %0" : "=m"(longs[0]) : "t"(a));
  __asm__ volatile("fld %%st\n fisttps %0" : "=m"(words[1]) : "t"(a));
  __asm__ volatile("fld %%st\n fisttpl %0" : "=m"(halves[1]) : "t"(a));
  __asm__ volatile("fld %%st\n fisttpll %0" : "=m"(longs[1]) : "t"(a));
  __asm__ volatile("fxam\n fnstsw %0" : "=a"(status) : "t"(a));
  long double rest, nearest, scaled, digits, exponent;
  unsigned short codes[2];
  __asm__ volatile("fprem\n fnstsw %1" : "=t"(rest), "=a"(codes[0]) : "0"(a), "u"(b));
  __asm__ volatile("fprem1\n fnstsw %1" : "=t"(nearest), "=a"(codes[1]) : "0"(a), "u"(b));
  __asm__ volatile("fscale" : "=t"(scaled) : "0"(a), "u"(b));
  __asm__ volatile("fxtract" : "=t"(digits), "=u"(exponent) : "0"(a));
  mix_value(rest), mix_value(nearest), mix_value(scaled), mix_value(digits), mix_value(exponent), mix(codes, 4);
  mix(&status, 2), mix(&orders, 4), mix(&single, 4), mix(&twice, 8), mix(words, 4), mix(halves, 8), mix(longs, 16);
  mix_value(root), mix_value(whole), mix_value(chosen);
}

static void sweep(unsigned control) {
  unsigned short word = control, status, old;
  __asm__ volatile("fnstcw %0\n fnclex\n fldcw %1" : "=m"(old) : "m"(word));
  for (unsigned i = 0; i < COUNT; i++)
    for (unsigned j = 0; j < COUNT; j++) ask(VALUES[i], VALUES[j]);
  __asm__ volatile("fnstsw %0\n fnclex\n fldcw %1" : "=a"(status) : "m"(old));
  printf("%03x: %016lx, status %04x\n", control, sum, status & 0x7f);
}

static long double horner(long double x, int degree) {
  long double value = 0;
  for (int i = degree; i >= 0; i--) value = value * x + 1.0L / (i + 1);
  return value;
}

int main(void) {
  SECTION("roundings and precisions");
  for (unsigned rounding = 0; rounding < 4; rounding++)
    for (unsigned precision = 0; precision < 4; precision++) sweep(0x7f | rounding << 10 | precision << 8);
  SECTION("functions");
  for (unsigned i = 0; i < COUNT; i++) {
    long double x = VALUES[i];
    int exponent;
    long double part = frexpl(x, &exponent), whole;
    long double rest = modfl(x, &whole);
    printf("%La %.21Lg %La %d %La %La %ld\n", x, x, part, exponent, rest, whole, isfinite(x) && fabsl(x) < 1e18L ? lrintl(x) : 0);
    printf("  %La %La %La %La %La %La %La\n", sqrtl(x), floorl(x), ceill(x), truncl(x), nearbyintl(x), ldexpl(x, 20), scalbnl(x, -9));
    printf("  %La %La %La %La\n", fmodl(x, 0.7L), remainderl(x, 3.3L), fmodl(1e30L, x), nextafterl(x, 2.0L));
  }
  SECTION("fenv");
  int modes[] = {FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO};
  for (int i = 0; i < 4; i++) {
    fesetround(modes[i]);
    feclearexcept(FE_ALL_EXCEPT);
    volatile long double one = 1, three = 3, tiny = LDBL_MIN, zero = 0;
    printf("%La %La %La %d\n", one / three, -one / three, tiny / three, fetestexcept(FE_ALL_EXCEPT));
    feclearexcept(FE_ALL_EXCEPT);
    printf("%La %d\n", one / zero, fetestexcept(FE_ALL_EXCEPT));
  }
  fesetround(FE_TONEAREST);
  SECTION("loops");
  long double total = 0;
  for (int i = 0; i < 20000; i++) total += horner((i - 10000) / 10000.0L, 12) * (i & 1 ? 1 : -1);
  printf("%La\n", total);
  for (int i = 1; i < 20000; i++) total = total / (1 + 1.0L / i) + sqrtl(i) - (double)total * 0.5;
  printf("%La\n", total);
  printf("%La %La\n", strtold("3.14159265358979323846264338327950288", NULL), strtold("1e-4940", NULL));
  return 0;
}
