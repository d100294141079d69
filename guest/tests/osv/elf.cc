/* OSv's tests of the loader: relocations, initialisers, thread-local variables, exceptions and permissions over the
   border between a program and its libraries. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <atomic>
#include <csetjmp>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <pthread.h>
#include <stdexcept>
#include <sys/auxv.h>
#include <thread>
#include <unistd.h>

#define SECTION(title) printf("-- %s\n", title)

extern "C" {
extern int a_number, b_number, *a_pointer;
extern int (*a_function)(int);
int a_add(int), b_add(int), a_calls_interposed(void), b_calls_interposed(void), a_random(void);
int a_through(int), b_through(int), a_next_tls(void), a_chosen(void), text_sum(void);
extern int (*volatile text_self)(void);
extern __thread int a_tls;
void a_throws(int);
int interposed(void) { return 2; }
int rand(void) noexcept { return 4; }
}

static int order = 0;
__attribute__((constructor(102))) static void second(void) { printf("constructor 102: %d\n", ++order); }
__attribute__((constructor(101))) static void first(void) { printf("constructor 101: %d\n", ++order); }
static void before_all(int argc, char **argv, char **envp) {
  static const char text[] = "preinit\n";
  if (argc > 0 && argv[argc] == nullptr && envp != nullptr) (void)!write(1, text, sizeof text - 1);
}
__attribute__((section(".preinit_array"), used)) static void (*preinit)(int, char **, char **) = before_all;
__attribute__((destructor)) static void last(void) { printf("destructor of the program\n"); }

static std::atomic<int> made, unmade, initialised;
struct Counted {
  int value;
  Counted() : value(5) { made++; }
  ~Counted() { unmade++; }
};
static thread_local Counted counted;
static int slow_value(void) {
  usleep(2000);
  return ++initialised;
}
static int once(void) {
  static int value = slow_value();
  return value;
}

static sigjmp_buf back;
static void fault(int signal) { siglongjmp(back, signal); }
template <class F> static const char *allowed(F action) {
  if (sigsetjmp(back, 1) != 0) return "no";
  action();
  return "yes";
}
static char data_code[] = "\xb8\x2a\x00\x00\x00\xc3"; /* mov $42, %eax; ret */
static const char text_constant[] = "constant";
static void (*const relocated)(int) = fault; /* .data.rel.ro */

static void relocations(void) {
  SECTION("tst-reloc, tst-elf-circular-reloc");
  printf("%d %d %d\n", a_add(1), b_add(2), *a_pointer);
  b_number = 50;
  printf("%d %d %d\n", a_through(1), b_through(2), *a_pointer);
  printf("%d %d\n", a_function == b_add, (int)(a_function(1)));
  printf("ifunc %d\n", a_chosen());
  SECTION("tst-resolve");
  printf("%d %d, rand %d\n", a_calls_interposed(), b_calls_interposed(), a_random());
  SECTION("tst-non-fpic");
  printf("%d %d\n", text_sum(), text_self == text_sum);
}

static void thread_locals(void) {
  SECTION("tst-tls");
  int from_threads[4];
  std::thread threads[4];
  a_tls = 20;
  for (int i = 0; i < 4; i++) threads[i] = std::thread([&, i] { a_tls += i, from_threads[i] = a_next_tls(); });
  for (auto &each : threads) each.join();
  for (int each : from_threads) printf("%d ", each);
  printf("own %d\n", a_next_tls());
  SECTION("tst-thread-local");
  for (int i = 0; i < 3; i++) std::thread([] { counted.value++; }).join();
  std::thread([] {}).join();
  printf("made %d, unmade %d, own %d\n", made.load(), unmade.load(), counted.value);
  SECTION("tst-concurrent-init");
  std::atomic<int> sum{0};
  for (auto &each : threads) each = std::thread([&] { sum += once(); });
  for (auto &each : threads) each.join();
  printf("initialised %d, seen %d\n", initialised.load(), sum.load());
}

static void exceptions(void) {
  SECTION("tst-except");
  for (int depth = 0; depth < 3; depth++) {
    try {
      a_throws(depth);
    } catch (const std::runtime_error &error) {
      printf("caught: %s\n", error.what());
    }
  }
  try {
    std::thread([] {
      try {
        a_throws(1);
      } catch (...) {
        printf("caught in a thread\n");
      }
    }).join();
    (void)std::stoi("none");
  } catch (const std::exception &error) {
    printf("of the C++ library: %s\n", error.what());
  }
}

static void permissions(void) {
  SECTION("tst-elf-permissions");
  signal(SIGSEGV, fault);
  printf("read text %s\n", allowed([] { (void)*(volatile char *)(void *)a_add; }));
  printf("write text %s\n", allowed([] { *(volatile char *)(void *)a_add = 0; }));
  printf("write a constant %s\n", allowed([] { *(volatile char *)text_constant = 'x'; }));
  printf("write data %s\n", allowed([] { *(volatile char *)data_code = '\xb8'; }));
  printf("run data %s\n", allowed([] { ((int (*)(void))(void *)data_code)(); }));
  printf("write what was relocated %s\n", allowed([] { *(void (*volatile *)(int))(uintptr_t)&relocated = nullptr; }));
  void *volatile heap = malloc(100);
  memcpy(heap, data_code, 6);
  printf("run the heap %s\n", allowed([&] { ((int (*)(void))heap)(); }));
  char stack[16];
  memcpy(stack, data_code, 6);
  void *volatile here = stack;
  printf("run the stack %s\n", allowed([&] { ((int (*)(void))here)(); }));
  signal(SIGSEGV, SIG_DFL);
}

static void by_hand(void) {
  SECTION("dl_tests");
  printf("not there %d\n", dlsym(RTLD_DEFAULT, "late_add") == nullptr);
  void *late = dlopen("libosv-late.so", RTLD_LAZY | RTLD_LOCAL);
  if (late == nullptr) {
    printf("%s\n", dlerror());
    return;
  }
  auto add = (int (*)(int))dlsym(late, "late_add");
  auto tls = (int (*)(void))dlsym(late, "late_next_tls");
  printf("%d, local %d\n", add(2), dlsym(RTLD_DEFAULT, "late_add") == nullptr);
  int in_thread = 0;
  std::thread([&] { in_thread = tls(); }).join();
  printf("tls %d %d %d\n", tls(), tls(), in_thread);
  printf("again %d\n", dlopen("libosv-late.so", RTLD_NOW | RTLD_GLOBAL) == late);
  printf("global %d\n", dlsym(RTLD_DEFAULT, "late_add") == (void *)add);
  printf("needed by it %d\n", dlsym(late, "b_add") == (void *)b_add);
  printf("next rand is libc's %d\n", dlsym(RTLD_NEXT, "rand") != (void *)rand);
  printf("versioned %d\n", dlvsym(RTLD_DEFAULT, "memcpy", "GLIBC_2.14") != nullptr);
  printf("no such version %d\n", dlvsym(RTLD_DEFAULT, "memcpy", "GLIBC_9.9") == nullptr);
  Dl_info info;
  int found = dladdr((void *)add, &info);
  printf("dladdr %d %s %s\n", found, found ? strrchr(info.dli_fname, '/') + 1 : "", found ? info.dli_sname : "");
  printf("closed %d %d\n", dlclose(late), dlclose(late));
  printf("flags %d\n", dlopen("libosv-late.so", 0) == nullptr);
}

int main(int argc, char **argv) {
  setvbuf(stdout, nullptr, _IOLBF, 0);
  SECTION("tst-elf-init");
  printf("constructors before main %d, %d arguments: %s\n", order, argc, argc > 1 ? argv[1] : "");
  printf("entry %d, page %lu\n", getauxval(AT_ENTRY) != 0, getauxval(AT_PAGESZ));
  relocations();
  thread_locals();
  exceptions();
  permissions();
  by_hand();
  atexit([] { printf("atexit\n"); });
  printf("-- end\n");
  return 6;
}
