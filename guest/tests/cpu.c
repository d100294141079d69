/* What a program learns of its processor. With an argument it then uses what the processor does not have. */
#include <cpuid.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
  unsigned words[13] = {0};
  for (unsigned i = 0; i < 3; i++) {
    unsigned *at = words + 4 * i;
    __get_cpuid(0x80000002 + i, at, at + 1, at + 2, at + 3);
  }
  unsigned hypervisor[4] = {0};
  __cpuid(0x40000000, hypervisor[3], hypervisor[0], hypervisor[1], hypervisor[2]);
  hypervisor[3] = 0;
  __builtin_cpu_init();
  printf("%s; %.3s;", (char *)words, (char *)hypervisor);
#define TELL(feature) if (__builtin_cpu_supports(feature)) fputs(" " feature, stdout);
  TELL("sse2") TELL("sse3") TELL("ssse3") TELL("sse4.1") TELL("sse4.2") TELL("popcnt") TELL("aes") TELL("pclmul") TELL("avx")
  puts("");
  fflush(stdout);
  if (argc > 1) __asm__ volatile(".byte 0xc5, 0xfd, 0xfe, 0xc1"); /* vpaddd ymm0, ymm0, ymm1 */
  (void)argv;
  return 0;
}
