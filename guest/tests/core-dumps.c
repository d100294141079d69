/* core(5): who leaves one, and what is in it. The folder is the first argument. */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/procfs.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "show.h"

static char marker[64] = "a word that must be in the core";
static volatile int threads_ready;

static void *waiting_thread(void *unused) {
  threads_ready++;
  for (;;) pause();
  return unused;
}

static const char *note_name(unsigned type) {
  switch (type) {
    case NT_PRSTATUS: return "PRSTATUS";
    case NT_FPREGSET: return "FPREGSET";
    case NT_PRPSINFO: return "PRPSINFO";
    case NT_AUXV: return "AUXV";
    case NT_FILE: return "FILE";
    case NT_SIGINFO: return "SIGINFO";
    default: return NULL;
  }
}

static void look(const char *core, pid_t child) {
  struct stat status;
  int fd = open(core, O_RDONLY);
  if (fd < 0) {
    printf("no core\n");
    return;
  }
  fstat(fd, &status);
  printf("mode %o\n", status.st_mode);
  char *bytes = mmap(NULL, status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
  Elf64_Ehdr *head = (void *)bytes;
  Elf64_Phdr *segment = (void *)(bytes + head->e_phoff);
  printf("%.3s type %d machine %d\n", bytes + 1, head->e_type, head->e_machine);
  int found = 0, stack = 0, threads = 0, whole = 1;
  for (int i = 0; i < head->e_phnum; i++, segment++) {
    if (segment->p_offset + segment->p_filesz > (unsigned long)status.st_size) whole = 0;
    if (segment->p_type == PT_LOAD && (unsigned long)marker - segment->p_vaddr < segment->p_filesz)
      found = strcmp(bytes + segment->p_offset + ((unsigned long)marker - segment->p_vaddr), marker) == 0;
    if (segment->p_type != PT_NOTE) continue;
    for (char *at = bytes + segment->p_offset, *end = at + segment->p_filesz; at < end;) {
      Elf64_Nhdr *note = (void *)at;
      char *content = at + sizeof *note + (note->n_namesz + 3) / 4 * 4;
      at = content + (note->n_descsz + 3) / 4 * 4;
      if (note_name(note->n_type) == NULL) continue;
      if (note->n_type == NT_PRSTATUS) {
        struct elf_prstatus *thread = (void *)content;
        struct user_regs_struct *registers = (void *)&thread->pr_reg;
        if (threads++ == 0)
          printf("PRSTATUS %u bytes: signal %d, pid %d, parent %d, the fault's r12 %d, cs %llx\n", note->n_descsz,
                 thread->pr_cursig, thread->pr_pid == child, thread->pr_ppid == getpid(), registers->r12 == 0x1234567, (unsigned long long)registers->cs);
        stack = registers->rsp != 0;
      } else if (note->n_type == NT_PRPSINFO) {
        struct elf_prpsinfo *program = (void *)content;
        printf("PRPSINFO %u bytes: '%s', pid %d\n", note->n_descsz, program->pr_fname, program->pr_pid == child);
      } else if (note->n_type == NT_SIGINFO) {
        siginfo_t *info = (void *)content;
        printf("SIGINFO %u bytes: signal %d code %d\n", note->n_descsz, info->si_signo, info->si_code);
      } else if (note->n_type != NT_FPREGSET) printf("%s: %s\n", note_name(note->n_type), note->n_descsz > 0 ? "there" : "empty");
    }
  }
  printf("marker %d, stack pointer %d, threads %d, whole %d\n", found, stack, threads, whole);
  munmap(bytes, status.st_size);
  close(fd);
  unlink(core);
}

static void die(const char *title, long limit, int signal, int threads) {
  printf("-- %s\n", title);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    setrlimit(RLIMIT_CORE, &(struct rlimit){limit, limit});
    strcpy(marker, "changed before it died");
    for (int i = 0; i < threads; i++) {
      pthread_t thread;
      pthread_create(&thread, NULL, waiting_thread, NULL);
    }
    while (threads_ready < threads) usleep(1000);
    if (signal == SIGSEGV) {
      asm volatile("mov $0x1234567, %%r12\n\tmovl $1, 8" : : : "r12", "memory");
    }
    if (signal == SIGABRT) abort();
    kill(getpid(), signal);
    pause();
    _exit(0);
  }
  int status;
  waitpid(child, &status, 0);
  printf("signal %d, core %d\n", WTERMSIG(status), WCOREDUMP(status) != 0);
  strcpy(marker, "changed before it died");
  char name[40];
  sprintf(name, "core.%d", child);
  look(access("core", F_OK) == 0 ? "core" : name, child);
}

/* Two counters at the ends of 24 MB that a thread raises together: the core shows one moment. */
enum { APART = 24 << 20 };
static volatile long *counters[2];
static void *counts(void *p) {
  for (;;) ++*counters[0], ++*counters[1];
  return p;
}
static long counter_in_core(int fd, Elf64_Ehdr *head, const volatile long *address) {
  Elf64_Phdr segment;
  long value = -1;
  for (int i = 0; i < head->e_phnum; i++) {
    pread(fd, &segment, sizeof segment, head->e_phoff + i * sizeof segment);
    unsigned long offset = (unsigned long)address - segment.p_vaddr;
    if (segment.p_type == PT_LOAD && offset < segment.p_filesz) pread(fd, &value, 8, segment.p_offset + offset);
  }
  return value;
}
static void one_moment(void) {
  printf("-- one moment\n");
  fflush(stdout);
  char *memory = mmap(NULL, APART + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  counters[0] = (long *)memory, counters[1] = (long *)(memory + APART);
  pid_t child = fork();
  if (child == 0) {
    setrlimit(RLIMIT_CORE, &(struct rlimit){1 << 30, 1 << 30});
    memset(memory, 1, APART + 4096);
    *counters[0] = *counters[1] = 0;
    pthread_t thread;
    pthread_create(&thread, NULL, counts, NULL);
    while (*counters[1] < 100000) usleep(1000);
    abort();
  }
  int status;
  waitpid(child, &status, 0);
  char name[40];
  sprintf(name, "core.%d", child);
  if (access("core", F_OK) == 0) strcpy(name, "core");
  int fd = open(name, O_RDONLY);
  Elf64_Ehdr head = {0};
  pread(fd, &head, sizeof head, 0);
  long first = counter_in_core(fd, &head, counters[0]), second = counter_in_core(fd, &head, counters[1]);
  printf("core %d, counted %d, together %d\n", WCOREDUMP(status) != 0, first >= 100000, first == second || first == second + 1);
  close(fd), unlink(name);
}

int main(int argc, char **argv) {
  char folder[100];
  sprintf(folder, "%s/core-XXXXXX", argc > 1 ? argv[1] : "/tmp");
  if (mkdtemp(folder) == NULL || chdir(folder) != 0) return 1;
  die("no core is allowed", 0, SIGQUIT, 0);
  die("a page is too little", 100, SIGQUIT, 0);
  die("SIGTERM leaves none", RLIM_INFINITY, SIGTERM, 0);
  die("SIGQUIT", 1 << 30, SIGQUIT, 0);
  die("abort", 1 << 30, SIGABRT, 0);
  die("a fault, with two more threads", 1 << 30, SIGSEGV, 2);
  one_moment();
  chdir("/");
  SHOW(rmdir(folder));
  return 0;
}
