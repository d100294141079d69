/* What a handler learns of each exception of the processor: signal, code, address, where RIP stands, trap number and
   error code. Every handler ends the attempt by setting RIP to the resume point. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define PAGE 4096

static char alternate[65536];
static const char *attempt;
static uintptr_t start, resume; /* of the attempt */
static char *pages;             /* 0 readable, 1 not mapped, 2 read-only, 3 readable and writable, 4 no access */
static char *code;              /* a page that can be executed, followed by one that is not mapped */
static char *past_end;          /* a page of a mapped file that has none there */

static void place(uintptr_t at) {
  if (at == 0) printf("0");
  else if (at - start < 64) printf("instruction+%lu", at - start);
  else if (at - (uintptr_t)pages < 5 * PAGE) printf("page %lu+%lu", (at - (uintptr_t)pages) / PAGE, at % PAGE);
  else if (at - (uintptr_t)code < 2 * PAGE) printf("code+%lu", at - (uintptr_t)code);
  else if (at - (uintptr_t)past_end < PAGE) printf("past end+%lu", at - (uintptr_t)past_end);
  else printf("%#lx", at);
}

static void tell(int signal, siginfo_t *info, void *context) {
  greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
  printf("%s: %s code %d at ", attempt, sigabbrev_np(signal), info->si_code);
  place((uintptr_t)info->si_addr);
  printf(", RIP ");
  place((uintptr_t)registers[REG_RIP]);
  /* Whether the kernel's half is mapped for programs too is the kernel's choice. */
  greg_t hidden = (intptr_t)info->si_addr < 0;
  printf(", trap %lld", registers[REG_TRAPNO]);
  if (registers[REG_TRAPNO] == 14) printf(" error %llx", registers[REG_ERR] & ~hidden);
  printf("\n");
  registers[REG_RIP] = (greg_t)resume;
  registers[REG_EFL] &= ~0x40500LL; /* TF, DF and AC */
}

/* Runs `text` with RBX = pages and RCX = operand. */
#define TRY(name, text, operand)                                                                                   \
  do {                                                                                                             \
    attempt = name;                                                                                                \
    __asm__ volatile("lea 7f(%%rip), %%rax\n\tmov %%rax, %0\n\tlea 8f(%%rip), %%rax\n\tmov %%rax, %1\n\t"          \
                     "xor %%edx, %%edx\n\txor %%esi, %%esi\n\tmov $1, %%eax\n7: " text "\n8:"                      \
                     : "=m"(start), "=m"(resume)                                                                   \
                     : "b"(pages), "c"((uintptr_t)(operand))                                                       \
                     : "rax", "rdx", "rsi", "rdi", "r8", "xmm0", "xmm1", "memory", "cc");                          \
  } while (0)

static void memory(void) {
  TRY("load from 0", "mov (%%rdx), %%eax", 0);
  TRY("load near 0", "movzbl 0xabc(%%rdx), %%eax", 0);
  TRY("load from a page that is not mapped", "mov 4096+16(%%rbx), %%rax", 0);
  TRY("store to it", "mov %%eax, 4096+20(%%rbx)", 0);
  TRY("add to it", "addl $1, 4096+24(%%rbx)", 0);
  TRY("add to memory that may not be touched", "addl $1, 16384+8(%%rbx)", 0);
  TRY("add across the start of what may be written", "addq $1, 12288-4(%%rbx)", 0);
  TRY("compare with it", "cmpl $1, 8192+8(%%rbx)\n\tcmpl $1, 4096+8(%%rbx)", 0);
  TRY("store to a read-only page", "movb $1, 8192+5(%%rbx)", 0);
  TRY("add to memory of a read-only page", "lock addl $1, 8192+8(%%rbx)", 0);
  TRY("load without access", "mov 16384+1(%%rbx), %%al", 0);
  TRY("load across the end", "mov 4092(%%rbx), %%rax", 0);
  TRY("16 bytes across the end", "movups 4095(%%rbx), %%xmm0", 0);
  TRY("store across the end", "movups %%xmm0, 16384-3(%%rbx)", 0);
  TRY("store across the start of what may be written", "mov %%rax, 12288-4(%%rbx)", 0);
  TRY("push", "mov %%rsp, %%r8\n\tlea 12288(%%rbx), %%rsp\n\tpush %%rax\n8: mov %%r8, %%rsp\n9:", 0);
  TRY("string move", "mov %%rbx, %%rsi\n\tlea 12288-8(%%rbx), %%rdi\n\tmov $4, %%ecx\n\trep movsl", 0);
  TRY("an address that is not canonical", "mov (%%rcx), %%eax", 0x800000000000);
  TRY("of the kernel", "mov (%%rcx), %%eax", 0xffffffff80000000);
  TRY("xlat", "mov %%rbx, %%r8\n\tlea 4096-255(%%rbx), %%rbx\n\tmov $255, %%al\n\txlat\n8: mov %%r8, %%rbx\n9:", 0);
  TRY("bit string", "mov $8192*4+17, %%eax\n\tbt %%rax, (%%rbx)", 0);
  TRY("misaligned movaps", "movaps 1(%%rbx), %%xmm0", 0);
  TRY("misaligned packed operand", "paddd 8(%%rbx), %%xmm0", 0);
  TRY("misaligned movntdq", "movntdq %%xmm0, 12288+4(%%rbx)", 0);
  TRY("past the end of a file", "mov 8(%%rcx), %%eax", past_end);
}

static void instructions(void) {
  TRY("ud2", "ud2", 0);
  TRY("invalid opcode", ".byte 0x06", 0);
  TRY("lock nop", ".byte 0xf0, 0x90", 0);
  TRY("lock add to a register", ".byte 0xf0, 0x01, 0xc0", 0);
  TRY("lock mov", ".byte 0xf0, 0x89, 0x03", 0);
  TRY("lock cmp", ".byte 0xf0, 0x39, 0x03", 0);
  TRY("ud0", ".byte 0x0f, 0xff, 0xc0", 0);
  TRY("ud1", ".byte 0x0f, 0xb9, 0x03", 0);
  TRY("into", ".byte 0xce", 0);
  TRY("into the middle of an instruction", ".byte 0xeb, 0x02, 0x48, 0xb8, 0x0f, 0x0b, 0, 0, 0, 0, 0, 0", 0);
  TRY("int3", "nop\n\tint3\n\tnop", 0);
  TRY("int $3", "int $3\n\tnop", 0);
  TRY("int $4", "int $4\n\tnop", 0);
  TRY("int $77", "int $77", 0);
  TRY("hlt", "hlt", 0);
  TRY("cli", "cli", 0);
  TRY("in", "in (%%dx), %%al", 0);
  TRY("out", "outb %%al, $0x80", 0);
  TRY("rdmsr", "rdmsr", 0);
  TRY("wrmsr", "wrmsr", 0);
  TRY("sti", "sti", 0);
  TRY("insb", "insb", 0);
  TRY("rep outsl", "rep outsl", 0);
  TRY("wbinvd", "wbinvd", 0);
  TRY("invlpg", "invlpg (%%rbx)", 0);
  TRY("swapgs", "swapgs", 0);
  TRY("sysret", "sysretq", 0);
  TRY("lldt", "lldt %%ax", 0);
  TRY("ltr from nowhere", "ltr 4096(%%rbx)", 0);
  TRY("clts", "clts", 0);
  TRY("move to dr7", "mov %%rax, %%db7", 0);
  TRY("rsm", "rsm", 0);
  TRY("move from cr0", "mov %%cr0, %%rax", 0);
  TRY("lgdt", "lgdt (%%rbx)", 0);
  TRY("load of a segment that is not there", "mov $0x1234, %%eax\n\tmov %%eax, %%ds", 0);
  TRY("15 bytes", ".byte 0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x90\n\tud2", 0);
  TRY("16 bytes", ".byte 0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x90", 0);
  TRY("single step", "pushf\n\torl $0x100, (%%rsp)\n\tpopf\n\tnop\n\tnop", 0);
  TRY("jump to 0", "jmp *%%rdx", 0);
  TRY("jump to a page that is not executable", "lea 32(%%rbx), %%rax\n\tjmp *%%rax", 0);
  TRY("jump to what is not mapped", "lea 4096+32(%%rbx), %%rax\n\tjmp *%%rax", 0);
  TRY("jump to an address that is not canonical", "jmp *%%rcx", 0x800000000000);
  memset(code, 0, PAGE);
  TRY("zeros", "mov $1, %%eax\n\tjmp *%%rcx", code); /* add %al, (%rax) */
  memset(code, 0xff, PAGE);
  TRY("ones", "jmp *%%rcx", code);
  memcpy(code, "\x0e text that is no code", 24);
  TRY("text", "jmp *%%rcx", code);
  memset(code, 0x66, PAGE);
  TRY("prefixes to the end of a page", "jmp *%%rcx", code + PAGE - 14);
  TRY("fifteen prefixes at the end of a page", "jmp *%%rcx", code + PAGE - 15);
  memset(code, 0x90, PAGE);
  TRY("off the end of a page", "jmp *%%rcx", code + PAGE - 2);
  code[PAGE - 1] = 0x48;
  TRY("an instruction that goes on in a page that is not mapped", "jmp *%%rcx", code + PAGE - 1);
}

static void arithmetic(void) {
  TRY("divide by zero", "div %%ecx", 0);
  TRY("signed 64 bits by zero", "cqo\n\tidiv %%rcx", 0);
  TRY("quotient that does not fit", "mov $5, %%edx\n\tdiv %%ecx", 3);
  TRY("the least number by -1", "mov $1, %%eax\n\tror $1, %%rax\n\tcqo\n\tidiv %%rcx", -1);
  TRY("8 bits", "mov $0x4000, %%eax\n\tidivb %%cl", 2);
  unsigned control = 0x1f80 & ~0x0200;
  TRY("sse division by zero", "ldmxcsr (%%rcx)\n\tmov $1, %%eax\n\tcvtsi2sd %%eax, %%xmm0\n\txorps %%xmm1, %%xmm1\n\t"
      "divsd %%xmm1, %%xmm0\n8: movl $0x1f80, (%%rcx)\n\tldmxcsr (%%rcx)\n9:", &control);
  unsigned short word = 0x037f & ~4;
  TRY("x87 division by zero", "fninit\n\tfldcw (%%rcx)\n\tfld1\n\tfldz\n\tfdivrp\n\tnop\n\tfwait\n8: fninit\n9:", &word);
  word = 0x037f & ~1;
  TRY("x87 stack that is empty", "fninit\n\tfldcw (%%rcx)\n\tfstp %%st(0)\n\tfwait\n8: fninit\n9:", &word);
}

/* What a handler cannot help: the signal is blocked or ignored, or there is no stack for it. */
static void endings(void) {
  for (int kind = 0; kind < 6; kind++) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
      sigset_t set;
      sigemptyset(&set);
      sigaddset(&set, SIGSEGV);
      if (kind == 0) sigprocmask(SIG_BLOCK, &set, NULL);
      if (kind == 1 || kind == 5) signal(SIGSEGV, SIG_IGN);
      if (kind == 2) signal(SIGSEGV, SIG_DFL);
      if (kind == 3) sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, NULL);
      if (kind == 3) __asm__ volatile("mov %0, %%rsp\n\tmovb $0, 0" ::"r"(pages + 2 * PAGE) : "memory");
      if (kind == 4) signal(SIGFPE, SIG_IGN), kill(getpid(), SIGFPE), ({ __asm__ volatile("xor %%ecx, %%ecx\n\tdiv %%ecx" ::: "ecx", "eax", "edx"); });
      if (kind == 5) raise(SIGSEGV);
      else *(volatile char *)NULL = 0;
      _exit(7);
    }
    int status;
    waitpid(child, &status, 0);
    printf("ending %d: signal %d exit %d\n", kind, WIFSIGNALED(status) ? WTERMSIG(status) : 0,
           WIFEXITED(status) ? WEXITSTATUS(status) : -1);
  }
}

static volatile int depth;
static uintptr_t stack_low;

#pragma GCC diagnostic ignored "-Winfinite-recursion"
__attribute__((noinline)) static int sink(volatile char *above) {
  volatile char here[1024];
  here[0] = above[0];
  depth++;
  return sink(here) + here[0];
}

static void on_overflow(int signal, siginfo_t *info, void *context) {
  char here;
  uintptr_t rsp = (uintptr_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RSP];
  printf("overflow: %s code %d, address near the stack pointer %d, below the start %d, on the alternate stack %d, deep %d\n",
         sigabbrev_np(signal), info->si_code, (uintptr_t)info->si_addr - (rsp - 8192) < 16384,
         (uintptr_t)info->si_addr < stack_low, (uintptr_t)(&here - alternate) < sizeof alternate, depth > 1000);
  fflush(stdout);
  _exit(0);
}

static void handle(int signal, void (*handler)(int, siginfo_t *, void *), int flags) {
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};
  sigaction(signal, &action, NULL);
}

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  pages = mmap(NULL, 5 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memset(pages, 0x90, 5 * PAGE);
  mprotect(pages + 2 * PAGE, PAGE, PROT_READ);
  mprotect(pages, PAGE, PROT_READ);
  mprotect(pages + 4 * PAGE, PAGE, PROT_NONE);
  code = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  FILE *file = tmpfile();
  fputs("short", file);
  fflush(file);
  past_end = (char *)mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE, fileno(file), 0) + PAGE;
  munmap(pages + PAGE, PAGE); /* last, so that nothing comes to lie there */
  munmap(code + PAGE, PAGE);
  stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
  sigaltstack(&stack, NULL);
  for (int i = 0; i < 5; i++) handle((int[]){SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP}[i], tell, SA_NODEFER | SA_ONSTACK);
  memory();
  instructions();
  arithmetic();
  endings();
  handle(SIGSEGV, on_overflow, SA_ONSTACK);
  char here = 0;
  stack_low = (uintptr_t)&here;
  return sink(&here);
}
