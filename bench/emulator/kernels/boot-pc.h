/*
 * A kernel as a multiboot program (Multiboot Specification 0.6.96): the loader gives protected mode, flat segments and a
 * command line whose number is the rounds. What it has to say goes out at the first serial port:
 *
 *   "B" when the kernel begins, then its checksum and a newline
 *
 * so whoever reads the port takes the time between the two.
 */
#define COM1 0x3f8

static void write_serial(char c) { __asm__ volatile("outb %0, %1" : : "a"(c), "d"((u16)COM1)); }

/** `info` is the multiboot information: flags at 0 (bit 2: there is a command line), its address at 16. */
__attribute__((used)) static void start_pc(const u32 *info) {
  char text[17];
  const char *line = info[0] & 4 ? (const char *)info[4] : "1";
  while (*line && (*line < '0' || *line > '9')) line++;
  write_serial('B');
  format_sum(kernel(parse_rounds(line)), text);
  for (int i = 0; i < 17; i++) write_serial(text[i]);
}

/* gcc turns loops into calls of these, and there is no libc. */
__attribute__((used)) void *memcpy(void *to, const void *from, __SIZE_TYPE__ size) {
  void *start = to;
  __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
  return start;
}

__attribute__((used)) void *memset(void *to, int value, __SIZE_TYPE__ size) {
  void *start = to;
  __asm__ volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(value) : "memory");
  return start;
}

/* Interrupts stay off; CR0 and CR4 let SSE run (Intel SDM 3A 13.1.3). */
__asm__(
    ".section .init, \"ax\"\n"
    "  .align 4\n"
    "  .long 0x1badb002, 0, -0x1badb002\n"
    ".section .bss\n"
    "  .align 16\n"
    "  .skip 0x100000\n"
    "boot_stack_end:\n"
    ".text\n"
    ".globl _start\n"
    "_start:\n"
    "  cli\n"
    "  mov $boot_stack_end, %esp\n"
    "  mov %cr0, %eax\n"
    "  and $~4, %eax\n"
    "  or $2, %eax\n"
    "  mov %eax, %cr0\n"
    "  mov %cr4, %eax\n"
    "  or $0x600, %eax\n"
    "  mov %eax, %cr4\n"
    "  sub $12, %esp\n"
    "  push %ebx\n"
    "  call start_pc\n"
    "1: hlt\n"
    "  jmp 1b\n");
