/* rseq(2): registration, and sequences that a signal or another thread breaks off. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/rseq.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "show.h"

static struct rseq *own(void) { return (struct rseq *)((char *)__builtin_thread_pointer() + __rseq_offset); }
static long rseq(void *area, unsigned size, int flags, unsigned signature) { return syscall(SYS_rseq, area, size, flags, signature); }

/* In a sequence until it is broken off or *stop; 1: broken off. The word before the abort handler is `SIGNATURE`. */
#define SEQUENCE(name, SIGNATURE, COUNT)                                                              \
  static __attribute__((noinline)) int name(struct rseq *r, volatile long *count, volatile int *stop) { \
    int out;                                                                                          \
    asm volatile(".pushsection .data.rseq_cs, \"aw\"\n.balign 32\n3: .long 0, 0\n.quad 1f, 2f - 1f, 4f\n.popsection\n" \
                 "leaq 3b(%%rip), %%rax\nmovq %%rax, %[cs]\n"                                          \
                 "1:\n" COUNT "2:\nmovl $0, %[out]\njmp 5f\n"                                          \
                 ".byte 0x0f, 0xb9, 0x3d\n.long " SIGNATURE "\n4: movl $1, %[out]\n5:\n"                \
                 : [out] "=&r"(out), [cs] "=m"(r->rseq_cs)                                            \
                 : [count] "r"(count), [stop] "r"(stop)                                               \
                 : "rax", "rcx", "memory", "cc");                                                     \
    return out;                                                                                       \
  }
#define SPIN "6: incq (%[count])\ncmpl $0, (%[stop])\nje 6b\n"
#define ADD "movq (%[count]), %%rax\nmovl $40, %%ecx\n6: pause\ndecl %%ecx\njnz 6b\nincq %%rax\nmovq %%rax, (%[count])\n"
SEQUENCE(spin, "0x53053053", SPIN)
SEQUENCE(spin_wrongly, "0x12345678", SPIN)
SEQUENCE(add, "0x53053053", ADD)

static volatile int stop, handled, turns;
static volatile long count;
static void handler(int s) {
  handled = s;
  if (own()->rseq_cs != 0) handled = -1;
}

static void on_first_processor(void) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(0, &set);
  sched_setaffinity(0, sizeof set, &set);
}
static void *takes_turns(void *p) {
  on_first_processor();
  while (!stop) turns++;
  return p;
}

enum { ROUNDS = 3000 };
static volatile long total;
static void *adds(void *p) {
  static volatile int never;
  on_first_processor();
  for (int i = 0; i < ROUNDS; i++)
    while (add(own(), &total, &never));
  return p;
}

static int status_of(pid_t child) {
  int status;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? WTERMSIG(status) : 1000 + WEXITSTATUS(status);
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  SECTION("registration");
  struct rseq *r = own();
  static struct rseq other __attribute__((aligned(32)));
  unsigned size = 32;
  printf("by libc: %d, processor %d, start %d\n", __rseq_size > 0, (int)r->cpu_id >= 0, r->cpu_id_start == r->cpu_id);
  SHOW(rseq(r, size, 0, RSEQ_SIG));
  SHOW(rseq(r, size, 0, 1));
  SHOW(rseq(&other, size, 0, RSEQ_SIG));
  SHOW(rseq(r, size, 2, RSEQ_SIG));
  SHOW(rseq(r, size, 1, 7));
  SHOW(rseq(&other, size, 1, RSEQ_SIG));
  SHOW(rseq(r, 64, 1, RSEQ_SIG));
  SHOW(rseq(r, size, 1, RSEQ_SIG));
  printf("processor %d start %d\n", (int)r->cpu_id, (int)r->cpu_id_start);
  SHOW(rseq(r, size, 1, RSEQ_SIG));
  SHOW(rseq((char *)&other + 4, size, 0, RSEQ_SIG));
  SHOW(rseq(&other, 16, 0, RSEQ_SIG));
  SHOW(rseq(r, size, 0, RSEQ_SIG));
  printf("processor %d\n", (int)r->cpu_id >= 0);
  printf("a forked child has it: %d\n", status_of(fork() == 0 ? (_exit(rseq(r, size, 0, RSEQ_SIG) == -1 && errno == EBUSY), 0) : -1));

  SECTION("sequences that run through");
  stop = 1;
  printf("%d, count %ld, named %d\n", spin(r, &count, &stop), count, r->rseq_cs != 0);
  SECTION("a signal");
  stop = 0;
  signal(SIGALRM, handler);
  struct itimerval t = {{0, 0}, {0, 5000}};
  setitimer(ITIMER_REAL, &t, NULL);
  int broken = 0;
  do broken += spin(r, &count, &stop); while (!handled); /* another thread may come first */
  printf("broken off %d", broken > 0);
  printf(", handled %d, named %d\n", handled == SIGALRM, r->rseq_cs != 0);
  SECTION("another thread");
  pthread_t threads[4];
  on_first_processor();
  pthread_create(&threads[0], NULL, takes_turns, NULL);
  while (turns == 0) sched_yield();
  printf("broken off %d\n", spin(r, &count, &stop));
  stop = 1;
  pthread_join(threads[0], NULL);
  SECTION("counting without locks");
  for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, adds, NULL);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  printf("%ld\n", total);
  SECTION("what is wrong");
  fflush(stdout);
  stop = 0;
  pid_t child = fork();
  if (child == 0) {
    signal(SIGALRM, handler);
    setitimer(ITIMER_REAL, &t, NULL);
    spin_wrongly(r, &count, &stop);
    _exit(1);
  }
  printf("signature: %d\n", status_of(child));
  child = fork();
  if (child == 0) {
    r->rseq_cs = 16;
    raise(SIGALRM);
    _exit(1);
  }
  printf("address: %d\n", status_of(child));
  return 0;
}
