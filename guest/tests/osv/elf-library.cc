/* The library of elf.cc: what goes over the border between two objects. Built three times: as libosv-a.so, as
   libosv-b.so (-DB), which need each other, and as libosv-late.so (-DLATE), which dlopen brings. */
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#ifdef B
#define NAME(x) b_##x
#define OTHER(x) a_##x
#elif defined(LATE)
#define NAME(x) late_##x
#define OTHER(x) b_##x
#else
#define NAME(x) a_##x
#define OTHER(x) b_##x
#endif
#define STRING_(x) #x
#define STRING(x) STRING_(x)

extern "C" {
extern int OTHER(number);
int OTHER(add)(int);
void OTHER(throws)(int);
int interposed(void);

int NAME(number) = 40;
__thread int NAME(tls) = 11;
__attribute__((tls_model("initial-exec"))) __thread int NAME(fast_tls) = 12;
int *NAME(pointer) = &OTHER(number); /* R_X86_64_64 into the other object */
int (*NAME(function))(int) = OTHER(add);

__attribute__((weak)) int interposed(void) { return 1; }
int NAME(add)(int x) { return x + NAME(number); }
int NAME(calls_interposed)(void) { return interposed(); }
int NAME(random)(void) { return rand(); } /* the program has its own rand */
int NAME(through)(int x) { return NAME(function)(x) + *NAME(pointer); }
int NAME(next_tls)(void) { return ++NAME(tls) * 100 + ++NAME(fast_tls); }

void NAME(throws)(int x) {
  if (x == 0) throw std::runtime_error("thrown by " STRING(NAME(throws)));
  OTHER(throws)(x - 1);
}

static int chosen_a(void) { return 7; }
static int (*choose(void))(void) { return chosen_a; }
int NAME(chosen)(void) __attribute__((ifunc("choose"))); /* R_X86_64_IRELATIVE or a symbol of that type */

__attribute__((constructor)) static void construct(int argc, char **argv) {
  printf("constructor of " STRING(NAME(x)) ", %d arguments, first given %d\n", argc, argv[0] != nullptr);
}
__attribute__((destructor)) static void destruct(void) { printf("destructor of " STRING(NAME(x)) "\n"); }
}
