/* The vDSO as a program without libc's help finds it: version definitions as Go's runtime follows them, functions, results. */
#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <time.h>

int main(void) {
  const char *base = (const char *)getauxval(AT_SYSINFO_EHDR);
  const Elf64_Phdr *segment = (const Elf64_Phdr *)(base + ((const Elf64_Ehdr *)base)->e_phoff);
  const Elf64_Dyn *dynamic = 0;
  for (int i = 0; i < ((const Elf64_Ehdr *)base)->e_phnum; i++)
    if (segment[i].p_type == PT_DYNAMIC) dynamic = (const Elf64_Dyn *)(base + segment[i].p_offset);
  const char *names = 0;
  const Elf64_Sym *symbols = 0;
  const Elf64_Half *versions = 0;
  unsigned count = 9; /* where there is only a GNU_HASH: all of Linux's */
  const Elf64_Verdef *definition = 0;
  for (; dynamic->d_tag; dynamic++) {
    const char *at = base + dynamic->d_un.d_ptr;
    if (dynamic->d_tag == DT_STRTAB) names = at;
    if (dynamic->d_tag == DT_SYMTAB) symbols = (const Elf64_Sym *)at;
    if (dynamic->d_tag == DT_HASH) count = ((const Elf64_Word *)at)[1];
    if (dynamic->d_tag == DT_VERSYM) versions = (const Elf64_Half *)at;
    if (dynamic->d_tag == DT_VERDEF) definition = (const Elf64_Verdef *)at;
  }
  int wanted = -1;
  for (;; definition = (const Elf64_Verdef *)((const char *)definition + definition->vd_next)) {
    const Elf64_Verdaux *name = (const Elf64_Verdaux *)((const char *)definition + definition->vd_aux);
    printf("version %d %s flags %d hash %x\n", definition->vd_ndx, names + name->vda_name, definition->vd_flags, definition->vd_hash);
    if (!(definition->vd_flags & VER_FLG_BASE)) wanted = definition->vd_ndx;
    if (!definition->vd_next) break;
  }
  int (*clock)(clockid_t, struct timespec *) = 0;
  for (unsigned i = 1; i < count && !clock; i++)
    if (versions[i] == wanted && !strcmp(names + symbols[i].st_name, "__vdso_clock_gettime"))
      clock = (int (*)(clockid_t, struct timespec *))(base + symbols[i].st_value);
  if (!clock) return puts("no clock"), 1;
  struct timespec first, mine, last;
  clock_gettime(CLOCK_MONOTONIC, &first);
  printf("answers %d\n", clock(CLOCK_MONOTONIC, &mine));
  clock_gettime(CLOCK_MONOTONIC, &last);
  double a = first.tv_sec + first.tv_nsec / 1e9, b = mine.tv_sec + mine.tv_nsec / 1e9, c = last.tv_sec + last.tv_nsec / 1e9;
  printf("in order %d\n", a <= b && b <= c);
  return 0;
}
