/*
 * Calls every function of libm with random and boundary operands and prints, for each, a hash of all results: their bits,
 * the floating-point exceptions they raised and errno. The same file and the same libm.so natively and in the machine
 * must print the same, since every operation is the processor's.
 *
 * Functions of long double that are made of the x87's transcendental instructions are shown call by call: processors
 * differ in the last bit of those.
 *
 * libm-proof COUNT            one line for each function and rounding mode, COUNT operand sets each
 * libm-proof COUNT FUNCTION   every call of one function, to find the first that differs
 */
#define _GNU_SOURCE
#include <complex.h>
#include <errno.h>
#include <fenv.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OUT_BYTES 64

static uint64_t random_state;

static uint64_t next_random(void) { /* splitmix64: good bits from any seed */
  uint64_t z = random_state += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

/* What a function does with operands and results of one of the three types, which it knows itself. */
typedef void (*Call)(const void *operands, unsigned char *out);

typedef struct {
  const char *name;
  Call call;
  int is_transcendental; /* of the x87 */
} Function;

static const int modes[] = {FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO};
static const char *const mode_names[] = {"nearest", "down", "up", "zero"};

/* The bits of a long double are ten bytes; the other six are padding. */
#define BITS(value) (sizeof(value) == 16 ? 10 : sizeof(value))
#define KEEP(at, value) memcpy(out + (at), &(__typeof__(value)){value}, BITS(value))

#define TEXT_OF(name) #name
#define TEXT(name) TEXT_OF(name)

#define T float
#define NAME(name) name##f
#include "libm-functions.h"
#undef T
#undef NAME
#define T double
#define NAME(name) name
#include "libm-functions.h"
#undef T
#undef NAME
#define T long double
#define NAME(name) name##l
#include "libm-functions.h"

static uint64_t hash(uint64_t sum, const unsigned char *bytes, int count) { /* FNV-1a */
  for (int i = 0; i < count; i++) sum = (sum ^ bytes[i]) * 0x100000001b3;
  return sum;
}

static void show(const unsigned char *bytes, int count) {
  for (int i = count; i-- > 0;) printf("%02x", bytes[i]);
}

typedef void (*Draw)(void *operands);

static void show_call(const Function *function, int mode, const void *operands, int bytes, const unsigned char *out) {
  printf("%s %s", function->name, mode_names[mode]);
  for (int i = 0; i < 3; i++) {
    putchar(' ');
    show((const unsigned char *)operands + i * bytes, bytes < 16 ? bytes : 10);
  }
  printf(" = ");
  show(out, OUT_BYTES);
  putchar('\n');
}

static void prove(const Function *function, Draw draw, int bytes, int count, int is_verbose) {
  for (int mode = 0; mode < 4; mode++) {
    random_state = 20260101;
    uint64_t sum = 0xcbf29ce484222325;
    for (int i = 0; i < count; i++) {
      long double operands[3] = {0}; /* room for the largest type */
      unsigned char out[OUT_BYTES] = {0};
      draw(operands);
      feclearexcept(FE_ALL_EXCEPT);
      errno = 0;
      fesetround(modes[mode]);
      function->call(operands, out);
      fesetround(FE_TONEAREST);
      out[OUT_BYTES - 2] = fetestexcept(FE_ALL_EXCEPT);
      out[OUT_BYTES - 1] = errno;
      sum = hash(sum, out, OUT_BYTES);
      if (is_verbose) show_call(function, mode, operands, bytes, out);
    }
    if (!is_verbose) printf("%s %s %016lx\n", function->name, mode_names[mode], sum);
  }
}

#define PROVE(functions, draw, type)                                                       \
  for (unsigned i = 0; i < sizeof functions / sizeof *functions; i++)                      \
    if (wanted == NULL || strcmp(wanted, functions[i].name) == 0)                          \
      prove(&functions[i], draw, sizeof(type), count, wanted != NULL || functions[i].is_transcendental)

int main(int argc, char **argv) {
  int count = argc > 1 ? atoi(argv[1]) : 100;
  const char *wanted = argc > 2 ? argv[2] : NULL;
  PROVE(functionsf, drawf, float);
  PROVE(functions, draw, double);
  PROVE(functionsl, drawl, long double);
  return 0;
}
