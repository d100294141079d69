/* CRC-32 by table over 64 KiB per round: one dependent load per byte. */
#include "kernel.h"
static u8 data[65536];
static u32 table[256];
u64 kernel(u64 rounds) {
  for (u32 i = 0; i < 256; i++) {
    u32 c = i;
    for (int k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ c >> 1 : c >> 1;
    table[i] = c;
  }
  for (int i = 0; i < 65536; i++) data[i] = (u8)(i * 13 + (i >> 7));
  u32 crc = ~0u;
  for (u64 r = 0; r < rounds; r++)
    for (int i = 0; i < 65536; i++) crc = table[(crc ^ data[i]) & 255] ^ crc >> 8;
  return crc;
}
