/*
 * Runs machine code on the host CPU inside a sandbox of own pages and tells what it did.
 *
 * stdin and stdout carry records, little endian, each starting with its own size:
 *
 *   case     u32 size, u32 code address, u32 code bytes, u32 patches, u64 gpr[16], u64 rflags, u8 fxsave[512],
 *            code, patches (u32 address, u32 bytes, bytes)
 *   result   u32 size, u32 signal, u32 si_code, u32 trap number, u64 error code, u64 cr2, u64 si_addr, u64 rip,
 *            u64 gpr[16], u64 rflags, u8 fxsave[512], u32 patches, patches: the bytes that changed
 *
 * The map below is also laid out in case.ts. Code pages are filled with INT3, so a case ends where it leaves its own
 * bytes: with SIGTRAP, or with the signal of its fault. A case that spins is ended by SIGVTALRM.
 *
 *   0x300000  code, 2 pages rwx       0x310000  hole
 *   0x302000  hole                    0x311000  data, 2 pages rw
 *                                     0x313000  hole
 *                                     0x314000  read-only page      0x315000  hole
 *                                     0x316000  rw page (edge), 0x317000 read-only page
 */
#define _GNU_SOURCE
#include <asm/prctl.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

enum { PAGE = 4096, CODE = 0x300000, CODE_SIZE = 2 * PAGE, DATA = 0x311000, DATA_SIZE = 2 * PAGE };
enum { CONSTANT = 0x314000, CONSTANT_SIZE = PAGE, GS_BASE = DATA, MAX_RECORD = 1 << 20 };
enum { EDGE = 0x316000, EDGE_SIZE = PAGE };

/* Field order is used by the assembler below. */
struct registers {
  uint64_t gpr[16]; /* 0: in the order of encodings: rax rcx rdx rbx rsp rbp rsi rdi r8.. */
  uint64_t rflags;  /* 128 */
  uint64_t rip;     /* 136 */
  uint8_t fxsave[512] __attribute__((aligned(16))); /* 144 */
};

struct registers guest; /* entry state; replaced by the exit state in the handler */
uint64_t host_rsp;
static struct { uint32_t signal, si_code, trap; uint64_t error, cr2, address; } ending;
static uint8_t shadow[DATA_SIZE + CONSTANT_SIZE];
static const uint8_t edge_shadow[EDGE_SIZE]; /* it starts as zeros */
static volatile sig_atomic_t case_number, watched_case;

/* enter_guest(): saves the host's registers, loads `guest` and jumps to its rip; the handler returns to leave_guest. */
void enter_guest(void);
void leave_guest(void);
__asm__(
    ".text\n.globl enter_guest, leave_guest\n"
    "enter_guest:\n"
    "  push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"
    "  mov %rsp, host_rsp(%rip)\n"
    "  fxrstor64 guest+144(%rip)\n"
    "  push guest+128(%rip)\n popfq\n"
    "  mov guest+0(%rip), %rax\n   mov guest+8(%rip), %rcx\n   mov guest+16(%rip), %rdx\n"
    "  mov guest+24(%rip), %rbx\n  mov guest+32(%rip), %rsp\n  mov guest+40(%rip), %rbp\n"
    "  mov guest+48(%rip), %rsi\n  mov guest+56(%rip), %rdi\n  mov guest+64(%rip), %r8\n"
    "  mov guest+72(%rip), %r9\n   mov guest+80(%rip), %r10\n  mov guest+88(%rip), %r11\n"
    "  mov guest+96(%rip), %r12\n  mov guest+104(%rip), %r13\n mov guest+112(%rip), %r14\n"
    "  mov guest+120(%rip), %r15\n"
    "  jmp *guest+136(%rip)\n"
    "leave_guest:\n"
    "  fninit\n  cld\n"
    "  pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n"
    "  ret\n");

static const int GREG[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                             REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

static void on_signal(int signal, siginfo_t *info, void *context) {
  ucontext_t *uc = context;
  greg_t *gregs = uc->uc_mcontext.gregs;
  if (signal == SIGVTALRM && watched_case != case_number) {
    watched_case = case_number; /* the first tick of this case: give it one more */
    return;
  }
  for (int i = 0; i < 16; i++) guest.gpr[i] = gregs[GREG[i]];
  guest.rflags = gregs[REG_EFL];
  guest.rip = gregs[REG_RIP];
  memcpy(guest.fxsave, uc->uc_mcontext.fpregs, 512);
  ending.signal = signal;
  ending.si_code = info->si_code;
  ending.trap = signal == SIGVTALRM ? 0 : gregs[REG_TRAPNO]; /* else it is the one of an earlier fault */
  ending.error = gregs[REG_ERR];
  ending.cr2 = gregs[REG_CR2];
  ending.address = (uint64_t)info->si_addr;
  gregs[REG_RIP] = (greg_t)leave_guest;
  gregs[REG_RSP] = host_rsp;
  gregs[REG_EFL] = 0x202;
  uc->uc_mcontext.fpregs->cwd = 0x37f;
  uc->uc_mcontext.fpregs->swd = 0;
  uc->uc_mcontext.fpregs->mxcsr = 0x1f80;
}

static void die(const char *what) {
  perror(what);
  exit(2);
}

static void map(uint64_t addr, size_t size, int protection) {
  void *got = mmap((void *)addr, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (got != (void *)addr) die("mmap of the sandbox");
}

static void set_up(void) {
  map(CODE, CODE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC);
  map(DATA, DATA_SIZE, PROT_READ | PROT_WRITE);
  map(CONSTANT, CONSTANT_SIZE, PROT_READ);
  map(EDGE, EDGE_SIZE, PROT_READ | PROT_WRITE);
  map(EDGE + EDGE_SIZE, PAGE, PROT_READ);
  (void)*(volatile uint8_t *)(EDGE + EDGE_SIZE); /* present, so that error codes tell protection */
  static uint8_t stack[1 << 16];
  stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
  if (sigaltstack(&alternate, NULL)) die("sigaltstack");
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigfillset(&action.sa_mask);
  const int caught[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGVTALRM};
  for (size_t i = 0; i < sizeof caught / sizeof *caught; i++)
    if (sigaction(caught[i], &action, NULL)) die("sigaction");
  if (syscall(SYS_arch_prctl, ARCH_SET_GS, (unsigned long)GS_BASE)) die("arch_prctl");
  struct itimerval tick = {{0, 200000}, {0, 200000}};
  if (setitimer(ITIMER_VIRTUAL, &tick, NULL)) die("setitimer");
}

/* Reads exactly size bytes; 0 at a clean end of input. */
static int read_all(void *buffer, size_t size) {
  size_t got = fread(buffer, 1, size, stdin);
  if (got == 0 && feof(stdin)) return 0;
  if (got != size) die("truncated case");
  return 1;
}

static uint8_t *shadow_of(uint32_t addr, uint32_t size) {
  if (addr >= DATA && addr + size <= DATA + DATA_SIZE) return shadow + (addr - DATA);
  if (addr >= CONSTANT && addr + size <= CONSTANT + CONSTANT_SIZE) return shadow + DATA_SIZE + (addr - CONSTANT);
  fprintf(stderr, "patch at 0x%x+%u is outside the sandbox\n", addr, size);
  exit(2);
}

static void load_case(const uint8_t *record) {
  uint32_t header[4]; /* size, code address, code bytes, patches */
  memcpy(header, record, 16);
  memcpy(guest.gpr, record + 16, 128);
  memcpy(&guest.rflags, record + 144, 8);
  memcpy(guest.fxsave, record + 152, 512);
  guest.rip = header[1];
  if (header[1] < CODE || header[1] + header[2] > CODE + CODE_SIZE) die("code outside the sandbox");
  const uint8_t *at = record + 664;
  memset((void *)(uint64_t)CODE, 0xcc, CODE_SIZE);
  memcpy((void *)(uint64_t)header[1], at, header[2]);
  at += header[2];
  memset(shadow, 0, sizeof shadow);
  for (uint32_t i = 0; i < header[3]; i++) {
    uint32_t patch[2];
    memcpy(patch, at, 8);
    memcpy(shadow_of(patch[0], patch[1]), at + 8, patch[1]);
    at += 8 + patch[1];
  }
  memcpy((void *)(uint64_t)DATA, shadow, DATA_SIZE);
  memset((void *)(uint64_t)EDGE, 0, EDGE_SIZE);
  if (memcmp((void *)(uint64_t)CONSTANT, shadow + DATA_SIZE, CONSTANT_SIZE)) {
    mprotect((void *)(uint64_t)CONSTANT, CONSTANT_SIZE, PROT_READ | PROT_WRITE);
    memcpy((void *)(uint64_t)CONSTANT, shadow + DATA_SIZE, CONSTANT_SIZE);
    mprotect((void *)(uint64_t)CONSTANT, CONSTANT_SIZE, PROT_READ);
  }
}

/* Writes the runs of bytes that differ from `before` to `out`, counts them in *count; @returns the end. */
static uint8_t *collect_changes(uint8_t *out, uint32_t *count, uint32_t addr, uint32_t size, const uint8_t *before) {
  const uint8_t *now = (const uint8_t *)(uint64_t)addr;
  for (uint32_t i = 0; i < size;) {
    if (i % 8 == 0 && !memcmp(now + i, before + i, 8)) {
      i += 8;
      continue;
    }
    uint32_t end = i;
    while (end < size && now[end] != before[end]) end++;
    if (end > i) {
      uint32_t patch[2] = {addr + i, end - i};
      memcpy(out, patch, 8);
      memcpy(out + 8, now + i, end - i);
      out += 8 + (end - i);
      ++*count;
    }
    i = end > i ? end : i + 1;
  }
  return out;
}

static void write_result(uint8_t *record) {
  uint32_t changes = 0;
  uint8_t *end = collect_changes(record + 700, &changes, DATA, DATA_SIZE, shadow);
  end = collect_changes(end, &changes, EDGE, EDGE_SIZE, edge_shadow);
  uint32_t header[4] = {end - record, ending.signal, ending.si_code, ending.trap};
  memcpy(record, header, 16);
  memcpy(record + 16, &ending.error, 8);
  memcpy(record + 24, &ending.cr2, 8);
  memcpy(record + 32, &ending.address, 8);
  memcpy(record + 40, &guest.rip, 8);
  memcpy(record + 48, guest.gpr, 128);
  memcpy(record + 176, &guest.rflags, 8);
  memcpy(record + 184, guest.fxsave, 512);
  memcpy(record + 696, &changes, 4);
  fwrite(record, 1, end - record, stdout);
}

int main(void) {
  set_up();
  uint8_t *record = malloc(MAX_RECORD);
  uint32_t size;
  while (read_all(&size, 4)) {
    if (size < 664 || size > MAX_RECORD) die("size of a case");
    memcpy(record, &size, 4);
    read_all(record + 4, size - 4);
    load_case(record);
    case_number++;
    enter_guest();
    write_result(record);
  }
  return fflush(stdout) ? 2 : 0;
}
