/* Writes where nothing is mapped: only this program ends, the console tells where it was. */
#include <stdio.h>

int main(void) {
  puts("writing to address 16 ...");
  *(volatile int *)16 = 1;
  puts("not reached");
  return 0;
}
