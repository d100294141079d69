/* Byte loops over 64 KiB per round, as strlen, memchr, toupper and a histogram write them. */
#include "kernel.h"
static u8 text[65537], upper[65537];
static u32 histogram[256];
u64 kernel(u64 rounds) {
  u64 sum = 0, seed = 3;
  for (int i = 0; i < 65536; i++) text[i] = (u8)(33 + next_random(&seed) % 90);
  for (u64 r = 0; r < rounds; r++) {
    const u8 *p = text;
    while (*p) p++;
    sum += (u64)(p - text);
    for (int i = 0; i < 65536; i++) upper[i] = text[i] >= 'a' && text[i] <= 'z' ? text[i] - 32 : text[i];
    for (int i = 0; i < 65536; i++) histogram[upper[i]]++;
    text[r & 0xffff] = (u8)(33 + (r & 63));
    sum = sum * 31 + histogram[text[(r * 77) & 0xffff] & 127];
  }
  return sum;
}
