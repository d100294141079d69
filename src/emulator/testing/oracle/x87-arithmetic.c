/* Reads cases of 48 bytes, answers each with 16: what the host's x87 unit makes of two 80-bit operands.
     case    i32 operation (0 add, 1 sub, 2 mul, 3 div, 4 sqrt, 5 rint, 6 to f64, 7 to f32), i32 control word,
             a [10] + 10 unused, b [10] + 10 unused
     answer  result [10], 2 unused, i32 exception flags */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct request {
  int32_t operation, control;
  uint8_t a[20], b[20];
};

struct answer {
  uint8_t result[10], unused[2];
  int32_t flags;
};

#define BINARY(text) __asm__ volatile("fldt %2\n\tfldt %1\n\t" text "\n\tfstpt %0" : "=m"(result) : "m"(a), "m"(b) : "st", "st(1)")

int main(void) {
  struct request request;
  while (fread(&request, sizeof request, 1, stdin) == 1) {
    long double a, b, result = 0;
    double as_double = 0;
    float as_float = 0;
    memcpy(&a, request.a, 10);
    memcpy(&b, request.b, 10);
    uint16_t control = request.control, status;
    __asm__ volatile("fninit\n\tfldcw %0" : : "m"(control));
    switch (request.operation) {
      case 0: BINARY("faddp"); break;
      case 1: BINARY("fsubp %%st, %%st(1)"); break;
      case 2: BINARY("fmulp"); break;
      case 3: BINARY("fdivp %%st, %%st(1)"); break;
      case 4: __asm__ volatile("fldt %1\n\tfsqrt\n\tfstpt %0" : "=m"(result) : "m"(a) : "st"); break;
      case 5: __asm__ volatile("fldt %1\n\tfrndint\n\tfstpt %0" : "=m"(result) : "m"(a) : "st"); break;
      case 6: __asm__ volatile("fldt %1\n\tfstpl %0" : "=m"(as_double) : "m"(a) : "st"); break;
      default: __asm__ volatile("fldt %1\n\tfstps %0" : "=m"(as_float) : "m"(a) : "st"); break;
    }
    __asm__ volatile("fnstsw %0\n\tfninit" : "=m"(status));
    struct answer answer;
    memset(&answer, 0, sizeof answer);
    if (request.operation == 6) memcpy(answer.result, &as_double, 8);
    else if (request.operation == 7) memcpy(answer.result, &as_float, 4);
    else memcpy(answer.result, &result, 10);
    answer.flags = status & 0x3f;
    fwrite(&answer, sizeof answer, 1, stdout);
  }
  return 0;
}
