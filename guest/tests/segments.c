/* Programs whose ELF segments lie in unusual ways: each is written as a file of a few bytes and executed; its exit code is a
   byte of its memory. */
#define _GNU_SOURCE
#include "show.h"
#include <elf.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define BASE 0x400000ul
#define PAGE 0x1000ul

/* A segment of the file's pages at the same distance in memory. */
struct segment {
  unsigned page, flags;
  unsigned long file_bytes, memory_bytes;
};

static struct {
  Elf64_Ehdr header;
  Elf64_Phdr programs[4];
  uint8_t code[32];
} start;

static uint8_t file[4 * PAGE];

/* exit(*(uint8_t *)address) */
static void write_code(uint32_t address) {
  uint8_t code[] = {0x0f, 0xb6, 0x3c, 0x25, 0, 0, 0, 0, 0xb8, 60, 0, 0, 0, 0x0f, 0x05};
  memcpy(code + 4, &address, 4);
  memcpy(start.code, code, sizeof code);
}

static void add_segment(const struct segment *segment) {
  unsigned long offset = segment->page * PAGE;
  start.programs[start.header.e_phnum++] = (Elf64_Phdr){.p_type = PT_LOAD, .p_flags = segment->flags, .p_offset = offset,
      .p_vaddr = BASE + offset, .p_paddr = BASE + offset, .p_filesz = segment->file_bytes,
      .p_memsz = segment->memory_bytes, .p_align = PAGE};
}

static int exit_code(const char *path) {
  pid_t child = fork();
  if (child == 0) {
    execl(path, path, NULL);
    _exit(101);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 200 + WTERMSIG(status);
}

/* The byte at `address` of a program with these segments behind its code; the file holds 7 everywhere else. */
static int byte_at(unsigned long address, const struct segment *segments, int count) {
  memset(&start, 0, sizeof start);
  memcpy(start.header.e_ident, ELFMAG, SELFMAG);
  start.header.e_ident[EI_CLASS] = ELFCLASS64;
  start.header.e_ident[EI_DATA] = ELFDATA2LSB;
  start.header.e_ident[EI_VERSION] = EV_CURRENT;
  start.header.e_type = ET_EXEC;
  start.header.e_machine = EM_X86_64;
  start.header.e_version = EV_CURRENT;
  start.header.e_entry = BASE + ((uint8_t *)start.code - (uint8_t *)&start);
  start.header.e_phoff = sizeof start.header;
  start.header.e_ehsize = sizeof start.header;
  start.header.e_phentsize = sizeof(Elf64_Phdr);
  add_segment(&(struct segment){0, PF_R | PF_X, sizeof start, sizeof start});
  for (int i = 0; i < count; i++) add_segment(&segments[i]);
  write_code(address);
  memset(file, 7, sizeof file);
  memcpy(file, &start, sizeof start);
  char path[] = "/tmp/segments-XXXXXX";
  int fd = mkstemp(path);
  if (write(fd, file, sizeof file) != sizeof file) return -1;
  fchmod(fd, 0755);
  close(fd);
  int code = exit_code(path);
  unlink(path);
  return code;
}

int main(void) {
  SECTION("a segment that ends within a page, behind one that does not, with the same rights");
  struct segment twins[] = {{1, PF_R | PF_W, PAGE, PAGE}, {2, PF_R | PF_W, 0x370, 0x2000}};
  SHOW(byte_at(BASE + PAGE + 5, twins, 2));
  SHOW(byte_at(BASE + 2 * PAGE + 0x36f, twins, 2));
  SHOW(byte_at(BASE + 2 * PAGE + 0x370, twins, 2));
  SHOW(byte_at(BASE + 3 * PAGE + 0x370, twins, 2));
  SECTION("the other way round");
  struct segment turned[] = {{1, PF_R | PF_W, 0x10, PAGE}, {2, PF_R | PF_W, PAGE, PAGE}};
  SHOW(byte_at(BASE + PAGE + 0xf, turned, 2));
  SHOW(byte_at(BASE + PAGE + 0x10, turned, 2));
  SHOW(byte_at(BASE + 2 * PAGE + 0x10, turned, 2));
  return 0;
}
