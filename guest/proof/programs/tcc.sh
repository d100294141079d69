cd /tmp
cat > proof.c <<'C'
#include <stdio.h>
#include <stdlib.h>
static int compare(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }
int main(void) {
  int all[50];
  for (int i = 0; i < 50; i++) all[i] = i * 7919 % 101;
  qsort(all, 50, sizeof *all, compare);
  for (int i = 0; i < 50; i += 7) printf("%d ", all[i]);
  printf("%.3f\n", 1.0 / 3);
  return 0;
}
C
tcc -o proof proof.c && ./proof
tcc -run proof.c
rm proof proof.c
