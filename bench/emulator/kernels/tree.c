/* A binary search tree of 20,000 nodes per round: pointer chasing, a bump allocator, recursion. */
#include "kernel.h"
#define COUNT 20000
struct node { struct node *left, *right; u64 key; };
static struct node nodes[COUNT];
static u64 depth_sum(const struct node *n, u64 depth) {
  return n ? n->key * depth + depth_sum(n->left, depth + 1) + depth_sum(n->right, depth + 1) : 0;
}
u64 kernel(u64 rounds) {
  u64 seed = 7, sum = 0;
  for (u64 r = 0; r < rounds; r++) {
    struct node *root = 0;
    for (int i = 0; i < COUNT; i++) {
      struct node *n = &nodes[i];
      n->left = n->right = 0;
      n->key = next_random(&seed);
      struct node **at = &root;
      while (*at) at = n->key < (*at)->key ? &(*at)->left : &(*at)->right;
      *at = n;
    }
    sum += depth_sum(root, 1);
  }
  return sum;
}
