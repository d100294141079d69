# The driver, cc1, the assembler and the linker make a program, which then runs; make decides what to do.
mkdir /tmp/proof && cd /tmp/proof
cat > sum.h <<'C'
long sum(int count);
C
cat > sum.c <<'C'
#include "sum.h"
long sum(int count) { long all = 0; for (int i = 1; i <= count; i++) all += i * i; return all; }
C
cat > main.c <<'C'
#include <stdio.h>
#include <string.h>
#include "sum.h"
int main(int argc, char **argv) { printf("%s: %ld %zu\n", argv[0], sum(1000), strlen(argv[argc - 1])); return 42; }
C
printf 'run: program\n\t./program word; echo $$?\nprogram: main.o sum.o\n\tgcc -o $@ $^\n%%.o: %%.c sum.h\n\tgcc -O2 -c $<\n' > Makefile
make; make -q program && echo up to date
make -n -W sum.c run | head -2
gcc -O2 -static main.c sum.c -o static && ./static; nm program | grep ' T '; objdump -d sum.o | md5sum; strip program; size program | tail -1
cd /; rm -r /tmp/proof
