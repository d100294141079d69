/* Integer programs for the core: each returns a number that the same source gives natively. No libc, no floats. */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;
typedef long i64;
typedef unsigned __int128 u128;

static u64 seed = 88172645463325252ul;
static u64 next(void) {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return seed;
}

static u64 mix(u64 h, u64 x) { return (h ^ x) * 0x9e3779b97f4a7c15ul + (h >> 29); }

/* SHA-256 of a counter: rotates, adds, byte swaps. */
static u32 sha_k[64];
static u64 sha256(void) {
  u32 h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  for (int i = 0; i < 64; i++) sha_k[i] = (u32)next();
  for (u32 block = 0; block < 40; block++) {
    u32 w[64];
    for (int i = 0; i < 16; i++) w[i] = __builtin_bswap32(block * 16 + i);
    for (int i = 16; i < 64; i++) {
      u32 a = w[i - 15], b = w[i - 2];
      u32 s0 = (a >> 7 | a << 25) ^ (a >> 18 | a << 14) ^ a >> 3, s1 = (b >> 17 | b << 15) ^ (b >> 19 | b << 13) ^ b >> 10;
      w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    u32 v[8];
    for (int i = 0; i < 8; i++) v[i] = h[i];
    for (int i = 0; i < 64; i++) {
      u32 e = v[4], a = v[0];
      u32 t1 = v[7] + ((e >> 6 | e << 26) ^ (e >> 11 | e << 21) ^ (e >> 25 | e << 7)) + ((e & v[5]) ^ (~e & v[6])) + sha_k[i] + w[i];
      u32 t2 = ((a >> 2 | a << 30) ^ (a >> 13 | a << 19) ^ (a >> 22 | a << 10)) + ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
      for (int j = 7; j > 0; j--) v[j] = v[j - 1];
      v[4] += t1;
      v[0] = t1 + t2;
    }
    for (int i = 0; i < 8; i++) h[i] += v[i];
  }
  return (u64)h[0] << 32 | h[7];
}

/* Divisions of every width and sign, and 128-bit arithmetic. */
static u64 divisions(void) {
  u64 h = 0;
  for (int i = 0; i < 3000; i++) {
    u64 a = next() >> (next() & 63), b = (next() >> (next() & 63)) | 1;
    h = mix(h, a / b);
    h = mix(h, a % b);
    h = mix(h, (i64)a / (i64)(b | 2));
    h = mix(h, (i64)a % (i64)(b | 2));
    h = mix(h, (u32)a / ((u32)b | 1));
    h = mix(h, (int)a % (int)((u32)b | 3));
    h = mix(h, (u16)a / ((u16)b | 1));
    h = mix(h, (signed char)a % (signed char)(b | 5));
    u128 p = (u128)a * b;
    h = mix(h, (u64)(p >> 64) ^ (u64)p);
    __int128 q = (__int128)(i64)a * (i64)b;
    h = mix(h, (u64)(q >> 64));
    p = (p << 7) - (a + (p >> 3));
    h = mix(h, (u64)(p >> 61));
  }
  return h;
}

static i64 values[4000];
static void sort(i64 *a, int n) {
  while (n > 1) {
    i64 pivot = a[(n - 1) / 2];
    int i = -1, j = n;
    for (;;) {
      do i++; while (a[i] < pivot);
      do j--; while (a[j] > pivot);
      if (i >= j) break;
      i64 t = a[i];
      a[i] = a[j];
      a[j] = t;
    }
    sort(a, j + 1);
    a += j + 1;
    n -= j + 1;
  }
}
static u64 quicksort(void) {
  for (int i = 0; i < 4000; i++) values[i] = (i64)next() >> (i & 31);
  sort(values, 4000);
  u64 h = 0;
  for (int i = 0; i < 4000; i++) h = mix(h, values[i]);
  return h;
}

static u64 fib(u64 n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

/* Bit counting, scanning, testing, narrow fields, unaligned data. */
struct __attribute__((packed)) fields { u8 a; u16 b; u32 c : 19, d : 13; u64 e : 37, f : 27; i64 g : 11; };
static u64 bits(void) {
  u64 h = 0;
  struct fields table[64];
  for (int i = 0; i < 64; i++) {
    u64 x = next();
    table[i] = (struct fields){x, x >> 3, x >> 5, x >> 9, x >> 11, x >> 17, x >> 23};
  }
  for (int i = 0; i < 2000; i++) {
    u64 x = next() >> (i & 63);
    struct fields *f = &table[x & 63];
    h = mix(h, __builtin_popcountl(x));
    if (x) h = mix(h, __builtin_clzl(x) * 64 + __builtin_ctzl(x));
    h = mix(h, x >> (i & 31) & 1 ? __builtin_bswap64(x) : ~x);
    h = mix(h, (u16)(f->b << 3) + f->c * f->d - f->e + f->f + f->g + (u8)(f->a - 200));
    f->g = (i64)x >> 13;
    f->b = (f->b << 5) | (f->b >> 11);
    f->a = (u8)(f->a << 1) | (f->a >> 7);
    h = mix(h, (x << (i & 63)) | (x >> (-i & 63)));
    h = mix(h, (i64)(signed char)x + (short)(x >> 8) + (int)(x >> 24));
  }
  return h;
}

/* A small virtual machine: jump tables, indirect calls, signed and unsigned comparisons of all widths. */
static u64 op_add(u64 a, u64 b) { return a + b; }
static u64 op_xor(u64 a, u64 b) { return a ^ (b << 1); }
static u64 op_less(u64 a, u64 b) { return (i64)a < (i64)b; }
static u64 op_below(u64 a, u64 b) { return (u8)a < (u8)b ? a : b; }
static u64 (*const volatile operations[4])(u64, u64) = {op_add, op_xor, op_less, op_below};
static u64 interpreter(void) {
  u64 r[8] = {1, 2, 3, 5, 8, 13, 21, 34}, h = 0;
  for (int i = 0; i < 6000; i++) {
    u32 code = (u32)next();
    u64 *d = &r[code >> 3 & 7], s = r[code >> 6 & 7];
    switch (code >> 9 & 15) {
      case 0: *d += s; break;
      case 1: *d -= s; break;
      case 2: *d *= s | 1; break;
      case 3: *d = (int)*d > (int)s ? *d : s; break;
      case 4: *d = (u16)*d <= (u16)s ? ~*d : s; break;
      case 5: *d = (signed char)*d >= (signed char)s; break;
      case 6: *d ^= s >> 3; break;
      case 7: *d = operations[code & 3](*d, s); break;
      case 8: *d <<= s & 63; break;
      case 9: *d = (i64)*d >> (s & 63); break;
      case 10: *d = (u32)*d >> (s & 31); break;
      case 11: *d -= *d < s; break;
      case 12: *d = -*d; break;
      case 13: *d = __builtin_add_overflow((int)*d, (int)s, &(int){0}) + *d; break;
      case 14: *d = __builtin_mul_overflow((i64)*d, (i64)s, &(i64){0}) ? *d + 3 : *d; break;
      default: *d = (*d & 0xffff0000ffff) | s << 48;
    }
    h = mix(h, *d);
  }
  return h;
}

/* Byte copies forward, backward and overlapping, byte searches, as a libc of bytes has them. */
static u8 buffer[8192];
static u64 bytes(void) {
  u64 h = 0;
  for (int i = 0; i < 8192; i++) buffer[i] = next() % 251;
  for (int i = 0; i < 60; i++) {
    u32 from = next() % 4000, to = next() % 4000, n = next() % 700;
    u8 *source = buffer + from, *target = buffer + to;
    u64 count = n;
    if (i % 3 == 0) __asm__ volatile("rep movsb" : "+S"(source), "+D"(target), "+c"(count) : : "memory");
    else if (i % 3 == 2) __asm__ volatile("rep stosw" : "+D"(target), "+c"(count) : "a"(n * 257) : "memory");
    else {
      source += n;
      target += n;
      __asm__ volatile("std; rep movsb; cld" : "+S"(source), "+D"(target), "+c"(count) : : "memory");
    }
    u8 *found = buffer + from;
    u64 left = 3000;
    __asm__ volatile("repne scasb" : "+D"(found), "+c"(left) : "a"(n & 0xff) : "memory");
    h = mix(h, found - buffer + left);
  }
  for (int i = 0; i < 8192; i++) h = mix(h, buffer[i]);
  return h;
}

static u64 run(int which) {
  switch (which) {
    case 0: return sha256();
    case 1: return divisions();
    case 2: return quicksort();
    case 3: return fib(17);
    case 4: return bits();
    case 5: return interpreter();
    default: return bytes();
  }
}

#ifdef FLAT
/* Unlike the functions of a libc these may be plain: gcc asks for them. */
void *memcpy(void *to, const void *from, u64 n) { for (u64 i = 0; i < n; i++) ((volatile u8 *)to)[i] = ((u8 *)from)[i]; return to; }
void *memset(void *to, int value, u64 n) { for (u64 i = 0; i < n; i++) ((volatile u8 *)to)[i] = value; return to; }
__attribute__((section(".text.start"), force_align_arg_pointer)) void _start(void) {
  u64 which, result;
  __asm__ volatile("" : "=D"(which));
  result = run(which);
  __asm__ volatile("syscall" : : "a"(60), "D"(result) : "rcx", "r11", "memory");
  for (;;);
}
#else
#include <stdio.h>
int main(void) {
  for (int i = 0; i < 7; i++) printf("%lx\n", run(i));
  return 0;
}
#endif
