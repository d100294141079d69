/* Code that changes while it runs: by stores, by system calls, by another thread, by mmap and mprotect; single steps. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "show.h"

#define PAGE 4096
#define ALL (PROT_READ | PROT_WRITE | PROT_EXEC)

typedef int function(void);

static unsigned char *code;
static sigjmp_buf back;
static volatile int fault_code, fault_signal;
static volatile uintptr_t fault_address, fault_rip;

static int faults;

static void on_fault(int signal, siginfo_t *info, void *context) {
  if (faults++ == 100) _exit(3);
  fault_signal = signal;
  fault_code = info->si_code;
  fault_address = (uintptr_t)info->si_addr;
  fault_rip = ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
  siglongjmp(back, 1);
}

static void catch(int signal) {
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER};
  sigaction(signal, &action, NULL);
}

/* mov eax, value; ret */
static void emit(unsigned char *at, int value) {
  at[0] = 0xb8;
  memcpy(at + 1, &value, 4);
  at[5] = 0xc3;
}

static int call(void *at) { return ((function *)at)(); }

/* Calls and says what came of it: a value, or the signal with the distance of address and RIP from `base`. */
static void try(const char *what, void *at, unsigned char *base) {
  if (sigsetjmp(back, 1) == 0) printf("%s: %d\n", what, call(at));
  else
    printf("%s: signal %d code %d address +%lx rip +%lx\n", what, fault_signal, fault_code,
           (long)(fault_address - (uintptr_t)base), (long)(fault_rip - (uintptr_t)base));
}

static void just_in_time(void) {
  SECTION("a just-in-time compiler that fills its page bit by bit");
  long sum = 0;
  for (int i = 0; i < PAGE / 16; i++) {
    emit(code + 16 * i, i);
    for (int j = 0; j <= i; j++) sum += call(code + 16 * j);
  }
  printf("sum %ld\n", sum);

  SECTION("one that writes the same place at every turn");
  sum = 0;
  for (int i = 0; i < 20000; i++) {
    emit(code, i);
    sum += call(code);
  }
  printf("sum %ld\n", sum);
  for (int i = 0; i < 20000; i++) sum += call(code);
  printf("sum %ld\n", sum);
}

static void write_xor_execute(void) {
  SECTION("write xor execute");
  long sum = 0;
  for (int i = 0; i < 300; i++) {
    mprotect(code, PAGE, PROT_READ | PROT_WRITE);
    if (i % 3 == 0) emit(code, i);
    mprotect(code, PAGE, PROT_READ | PROT_EXEC);
    for (int j = 0; j < 20; j++) sum += call(code);
  }
  printf("sum %ld\n", sum);
  mprotect(code, PAGE, PROT_READ | PROT_WRITE);
  try("not executable", code, code);
  mprotect(code, PAGE, PROT_NONE);
  try("no access", code, code);
  mprotect(code, PAGE, ALL);
  try("again", code, code);
}

static void by_system_calls(void) {
  SECTION("read, mmap and munmap");
  int ends[2];
  if (pipe(ends) != 0) return;
  long sum = 0;
  for (int i = 0; i < 200; i++) {
    unsigned char text[6];
    emit(text, i);
    if (write(ends[1], text, sizeof text) != 6 || read(ends[0], code, sizeof text) != 6) return;
    for (int j = 0; j < 10; j++) sum += call(code);
  }
  printf("sum %ld\n", sum);
  unsigned char *page = code + PAGE;
  for (int i = 0; i < 50; i++) {
    mmap(page, PAGE, ALL, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    emit(page, 7 * i);
    for (int j = 0; j < 10; j++) sum += call(page);
    munmap(page, PAGE);
  }
  printf("sum %ld\n", sum);
  try("unmapped", page, code);
  mmap(page, PAGE, ALL, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  emit(page, 1);
  try("mapped", page, code);
  madvise(page, PAGE, MADV_DONTNEED);
  emit(page + 8, 2);
  try("after DONTNEED", page + 8, code);
}

/* mov eax, 11 (munmap); mov rdi, rcx; mov esi, 4096; syscall; ret: unmaps the page that it lies on. */
static void unmap_under_oneself(void) {
  SECTION("a page that is unmapped while it runs");
  unsigned char *page = code + PAGE;
  static const unsigned char text[] = {0xb8, 11, 0, 0, 0, 0x48, 0x89, 0xcf, 0xbe, 0, 0x10, 0, 0, 0x0f, 0x05, 0xc3};
  memcpy(page, text, sizeof text);
  if (sigsetjmp(back, 1) == 0) {
    unsigned char *target = page;
    __asm__ volatile("call *%%rcx" : "+c"(target) : : "rax", "rdx", "rdi", "rsi", "r8", "r9", "r10", "r11", "memory", "cc");
    printf("came back\n");
  } else
    printf("signal %d code %d address +%lx rip +%lx\n", fault_signal, fault_code,
           (long)(fault_address - (uintptr_t)code), (long)(fault_rip - (uintptr_t)code));
  mmap(page, PAGE, ALL, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void at_the_end_of_a_page(void) {
  SECTION("an instruction that goes on into nothing");
  emit(code + PAGE - 3, 5);
  munmap(code + PAGE, PAGE);
  try("cut", code + PAGE - 3, code);
}

static atomic_int turn;

static void *writer(void *unused) {
  (void)unused;
  for (int i = 1; i < 200; i++) {
    while (atomic_load(&turn) != 2 * i - 1) sched_yield();
    emit(code + 64, i);
    atomic_store(&turn, 2 * i);
  }
  return NULL;
}

static void by_another_thread(void) {
  SECTION("another thread");
  pthread_t thread;
  emit(code + 64, 0);
  long sum = call(code + 64);
  pthread_create(&thread, NULL, writer, NULL);
  for (int i = 1; i < 200; i++) {
    atomic_store(&turn, 2 * i - 1);
    while (atomic_load(&turn) != 2 * i) sched_yield();
    for (int j = 0; j < 30; j++) sum += call(code + 64);
  }
  pthread_join(thread, NULL);
  printf("sum %ld\n", sum);
}

static volatile int traps;
static volatile uintptr_t trap_sum;

static void on_trap(int signal, siginfo_t *info, void *context) {
  (void)signal;
  traps++;
  fault_code = info->si_code;
  uintptr_t rip = ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
  if (rip - (uintptr_t)code < PAGE) trap_sum += rip - (uintptr_t)code;
}

static void single_steps(void) {
  SECTION("TF");
  struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};
  sigaction(SIGTRAP, &action, NULL);
  /* pushf; or dword [rsp], 100h; popf; nop; mov eax, 3; pushf; and dword [rsp], ~100h; popf; nop; ret */
  static const unsigned char text[] = {0x9c, 0x81, 0x0c, 0x24, 0, 1, 0, 0, 0x9d, 0x90, 0xb8, 3, 0, 0, 0, 0x9c,
                                       0x81, 0x24, 0x24, 0xff, 0xfe, 0xff, 0xff, 0x9d, 0x90, 0xc3};
  memcpy(code, text, sizeof text);
  for (int i = 0; i < 3; i++) {
    traps = 0;
    trap_sum = 0;
    int value = call(code);
    printf("%d, %d traps at +%ld in sum, code %d\n", value, traps, (long)trap_sum, fault_code);
  }
}

int main(void) {
  code = mmap(NULL, 2 * PAGE, ALL, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  catch(SIGSEGV);
  catch(SIGBUS);
  just_in_time();
  write_xor_execute();
  by_system_calls();
  unmap_under_oneself();
  by_another_thread();
  single_steps();
  at_the_end_of_a_page();
  return 0;
}
