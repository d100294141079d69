/* A switch interpreter of a small stack-less bytecode, 200,000 operations per round: a jump table, indirect jumps. */
#include "kernel.h"
enum { ADD, SUB, XOR, MUL, SHIFT, LOAD, STORE, BRANCH, LAST };
struct op { u8 code, a, b, c; };
static const struct op program[] = {
  {ADD,0,0,1},{XOR,2,0,3},{MUL,3,3,4},{SHIFT,5,3,7},{STORE,5,0,0},{SUB,6,6,1},{LOAD,7,6,0},{ADD,3,3,7},
  {XOR,0,0,5},{BRANCH,3,1,2},{ADD,2,2,1},{SUB,5,5,2},{MUL,2,2,4},{BRANCH,2,1,3},{XOR,6,6,2},{STORE,6,2,0},
  {LOAD,0,5,0},{ADD,0,0,6},{LAST,0,0,0}};
u64 kernel(u64 rounds) {
  u64 r[8] = {1, 1, 2, 3, 0x9e3779b97f4a7c15UL, 5, 6, 7};
  static u64 memory[256];
  for (u64 round = 0; round < rounds; round++) {
    const struct op *at = program;
    for (int count = 0; count < 200000; count++) {
      switch (at->code) {
        case ADD: r[at->a] = r[at->b] + r[at->c]; break;
        case SUB: r[at->a] = r[at->b] - r[at->c]; break;
        case XOR: r[at->a] = r[at->b] ^ r[at->c]; break;
        case MUL: r[at->a] = r[at->b] * r[at->c]; break;
        case SHIFT: r[at->a] = r[at->b] >> at->c; break;
        case LOAD: r[at->a] = memory[r[at->b] & 255]; break;
        case STORE: memory[r[at->b] & 255] = r[at->a]; break;
        case BRANCH: if (r[at->a] & 1 << at->b) at += at->c; break;
        case LAST: at = program - 1; break;
      }
      at++;
    }
  }
  u64 sum = 0;
  for (int i = 0; i < 8; i++) sum = sum * 31 + r[i];
  return sum;
}
