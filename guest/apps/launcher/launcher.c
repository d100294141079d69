/*
 * The resident launcher of an ELF namespace: runs shared objects that have a `main`, each on a thread of its own.
 * ../README.md is the contract with the kernel. Objects stay loaded, so a second run of the same file sees the globals
 * that the first one left: OSv's behaviour for plain runs.
 *
 * It exports exit and its relatives (interposed.list), which ld.so finds before libc's: a program's exit ends that
 * program, never the namespace.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>

#include "osv.h"

typedef int (*main_function)(int argc, char **argv, char **envp);

/* What ld.so answers when a program cannot be loaded, and sh when it cannot be found. */
enum { CANNOT_LOAD = 127 };

/* More than C asks for (7.22.4.2: at least 32); a further one is refused. */
enum { MAX_EXIT_HANDLERS = 64 };

struct exit_handler {
  void (*run)(int code, void *argument); /* on_exit's shape; atexit's function takes neither */
  void *argument;
};

struct run {
  struct run *next;
  pid_t pid;
  char *path;
  int argc;
  char **argv;          /* never freed: globals of the object may point to it */
  void *object;         /* dlopen handle, kept */
  bool is_in_main;
  jmp_buf thread_start; /* where exit leaves to, so that the thread ends as libc wants it */
  int handler_count;
  struct exit_handler handlers[MAX_EXIT_HANDLERS];
};

static pthread_mutex_t runs_lock = PTHREAD_MUTEX_INITIALIZER;
static struct run *runs;                  /* under runs_lock */
static _Thread_local struct run *own_run; /* set on the main thread of a run only */

/* ---- runs ---- */

static void add_run(struct run *run) {
  pthread_mutex_lock(&runs_lock);
  run->next = runs;
  runs = run;
  pthread_mutex_unlock(&runs_lock);
}

static void remove_run(struct run *run) {
  pthread_mutex_lock(&runs_lock);
  for (struct run **link = &runs; *link != NULL; link = &(*link)->next) {
    if (*link == run) {
      *link = run->next;
      break;
    }
  }
  pthread_mutex_unlock(&runs_lock);
  free(run);
}

/* The run that the calling thread belongs to: every program has its own pid, also inside one namespace. */
static struct run *run_of_caller(void) {
  if (own_run != NULL) return own_run;
  pid_t pid = getpid();
  pthread_mutex_lock(&runs_lock);
  struct run *run = runs;
  while (run != NULL && run->pid != pid) run = run->next;
  pthread_mutex_unlock(&runs_lock);
  return run;
}

/* ---- the end of a program ---- */

static void run_exit_handlers(struct run *run, int code) {
  while (run->handler_count > 0) {
    struct exit_handler handler = run->handlers[--run->handler_count];
    handler.run(code, handler.argument);
  }
}

/* libc's own iteration over open streams: exported and stable since 2.2.5, though no header declares it. */
typedef struct _IO_FILE *stream_iterator;
extern stream_iterator _IO_iter_begin(void), _IO_iter_end(void), _IO_iter_next(stream_iterator);
extern FILE *_IO_iter_file(stream_iterator);
extern void _IO_list_lock(void), _IO_list_unlock(void);

/* Not fflush(NULL): it waits for every stream's lock, and somebody may hold stdin's while waiting for a key. */
static void flush_streams(void) {
  _IO_list_lock();
  for (stream_iterator at = _IO_iter_begin(); at != _IO_iter_end(); at = _IO_iter_next(at)) {
    FILE *stream = _IO_iter_file(at);
    if (ftrylockfile(stream) != 0) continue;
    if (__fwriting(stream) && __fpending(stream) > 0) fflush_unlocked(stream);
    funlockfile(stream);
  }
  _IO_list_unlock();
}

/* std::cout keeps bytes of its own after sync_with_stdio(false); its destructor, which would flush, does not run here. */
static void flush_cxx_streams(struct run *run) {
  if (run->object == NULL) return;
  void *(*flush)(void *stream) = (void *(*)(void *))dlsym(run->object, "_ZNSo5flushEv");
  if (flush == NULL) return;
  static const char *const names[] = {"_ZSt4cout", "_ZSt4clog"};
  for (int i = 0; i < 2; i++) {
    void *stream = dlsym(run->object, names[i]);
    if (stream != NULL) flush(stream);
  }
}

static _Noreturn void end_run(struct run *run, int code) {
  osv_end_run(code);
  if (run != own_run) __builtin_trap(); /* the kernel lets only the main thread return */
  longjmp(run->thread_start, 1);
}

/* libc's definition of a function that this file interposes. */
static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

void exit(int code) {
  struct run *run = run_of_caller();
  if (run == NULL) ((void (*)(int))real("exit"))(code);
  run_exit_handlers(run, code);
  flush_cxx_streams(run);
  flush_streams();
  end_run(run, code);
}

void quick_exit(int code) {
  struct run *run = run_of_caller();
  if (run == NULL) ((void (*)(int))real("quick_exit"))(code);
  flush_streams();
  end_run(run, code);
}

void _exit(int code) {
  struct run *run = run_of_caller();
  if (run != NULL) end_run(run, code);
  for (;;) syscall(SYS_exit_group, code);
}

void _Exit(int code) { _exit(code); }

/* ---- exit handlers ---- */

static int add_handler(struct run *run, void (*function)(int, void *), void *argument) {
  pthread_mutex_lock(&runs_lock);
  bool has_room = run->handler_count < MAX_EXIT_HANDLERS;
  if (has_room) run->handlers[run->handler_count++] = (struct exit_handler){function, argument};
  pthread_mutex_unlock(&runs_lock);
  return has_room ? 0 : -1;
}

/*
 * atexit(f) arrives here as (f, NULL, dso); destructors of C++ statics come with their object. The former belong to the
 * program and run at its end; the latter must not, since the next run of the object uses the same statics.
 */
int __cxa_atexit(void (*function)(void *), void *argument, void *dso) {
  struct run *run = run_of_caller();
  if (run != NULL && run->is_in_main && argument == NULL) {
    return add_handler(run, (void (*)(int, void *))(void *)function, NULL);
  }
  return ((int (*)(void (*)(void *), void *, void *))real("__cxa_atexit"))(function, argument, dso);
}

int on_exit(void (*function)(int, void *), void *argument) {
  struct run *run = run_of_caller();
  if (run != NULL) return add_handler(run, function, argument);
  return ((int (*)(void (*)(int, void *), void *))real("on_exit"))(function, argument);
}

/* ---- the environment, which the REST API shows too ---- */

int setenv(const char *name, const char *value, int overwrite) {
  int result = ((int (*)(const char *, const char *, int))real("setenv"))(name, value, overwrite);
  const char *now = result == 0 ? getenv(name) : NULL;
  char *entry = NULL;
  if (now != NULL && asprintf(&entry, "%s=%s", name, now) >= 0) osv_environment(entry);
  free(entry);
  return result;
}

int unsetenv(const char *name) {
  int result = ((int (*)(const char *))real("unsetenv"))(name);
  if (result == 0) osv_environment(name);
  return result;
}

int putenv(char *entry) {
  int result = ((int (*)(char *))real("putenv"))(entry);
  if (result == 0) osv_environment(entry);
  return result;
}

int clearenv(void) {
  for (char **entry = environ; entry != NULL && *entry != NULL; entry++) {
    char *name = strndup(*entry, strcspn(*entry, "="));
    if (name != NULL) osv_environment(name);
    free(name);
  }
  return ((int (*)(void))real("clearenv"))();
}

static bool is_listed(const char *entry, char **list, uint32_t count) {
  size_t length = strcspn(entry, "=") + 1;
  for (uint32_t i = 0; i < count; i++) {
    if (strncmp(entry, list[i], length) == 0) return true;
  }
  return false;
}

/* Makes environ equal to the kernel's list; entries that are right already are not touched, others may be reading them. */
static void adopt_environment(char **list, uint32_t count) {
  int (*set)(const char *, const char *, int) = (int (*)(const char *, const char *, int))real("setenv");
  int (*unset)(const char *) = (int (*)(const char *))real("unsetenv");
  for (char **entry = environ; entry != NULL && *entry != NULL;) {
    if (is_listed(*entry, list, count)) {
      entry++;
      continue;
    }
    char *name = strndup(*entry, strcspn(*entry, "="));
    if (name == NULL || unset(name) != 0) entry++; /* unset moves the rest down to `entry` */
    free(name);
  }
  for (uint32_t i = 0; i < count; i++) {
    char *equals = strchr(list[i], '=');
    if (equals == NULL || equals == list[i]) continue;
    *equals = 0;
    const char *now = getenv(list[i]);
    if (now == NULL || strcmp(now, equals + 1) != 0) set(list[i], equals + 1, 1);
    *equals = '=';
  }
}

/* ---- starting a program ---- */

static int call_main(struct run *run) {
  run->object = dlopen(run->path, RTLD_NOW | RTLD_LOCAL);
  main_function entry = run->object == NULL ? NULL : (main_function)dlsym(run->object, "main");
  if (entry == NULL) {
    fprintf(stderr, "%s: error while loading shared libraries: %s\n", run->path, dlerror());
    return CANNOT_LOAD;
  }
  run->is_in_main = true;
  return entry(run->argc, run->argv, environ);
}

static void *run_thread(void *argument) {
  struct run *run = argument;
  run->pid = getpid();
  own_run = run;
  add_run(run);
  if (setjmp(run->thread_start) == 0) exit(call_main(run));
  own_run = NULL;
  remove_run(run);
  return NULL;
}

/* libc's globals as a fresh process would find them (OSv resets optind too), while nobody else depends on them. */
static void reset_libc(const struct run *run) {
  optind = 0;
  if (run->argc > 0) {
    const char *slash = strrchr(run->argv[0], '/');
    program_invocation_name = run->argv[0];
    program_invocation_short_name = slash != NULL ? (char *)slash + 1 : run->argv[0];
  }
  pthread_mutex_lock(&runs_lock);
  bool is_alone = runs == NULL;
  pthread_mutex_unlock(&runs_lock);
  if (is_alone && ftrylockfile(stdin) == 0) {
    __fpurge(stdin);
    clearerr_unlocked(stdin);
    funlockfile(stdin);
  }
}

static char **split(char **strings, uint32_t count) {
  char **list = calloc(count + 1, sizeof *list);
  if (list == NULL) return NULL;
  for (uint32_t i = 0; i < count; i++) {
    list[i] = *strings;
    *strings += strlen(*strings) + 1;
  }
  return list;
}

/* A run out of the kernel's description; its strings are copied, since the description is reused. */
static struct run *make_run(const struct osv_run *given, size_t strings_size) {
  struct run *run = calloc(1, sizeof *run);
  char *strings = malloc(strings_size);
  if (run == NULL || strings == NULL) return NULL;
  memcpy(strings, given->strings, strings_size);
  run->path = strings;
  strings += strlen(strings) + 1;
  run->argc = (int)given->argc;
  run->argv = split(&strings, given->argc);
  char **environment = split(&strings, given->envc);
  if (run->argv == NULL || environment == NULL) return NULL;
  adopt_environment(environment, given->envc);
  free(environment);
  return run;
}

static size_t strings_size(const struct osv_run *given) {
  const char *at = given->strings;
  for (uint64_t left = 1 + (uint64_t)given->argc + given->envc; left > 0; left--) at += strlen(at) + 1;
  return (size_t)(at - given->strings);
}

static bool start(const struct osv_run *given) {
  struct run *run = make_run(given, strings_size(given));
  if (run == NULL) return false;
  reset_libc(run);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  int error = pthread_create(&thread, &attributes, run_thread, run);
  pthread_attr_destroy(&attributes);
  if (error != 0) fprintf(stderr, "%s: %s\n", run->path, strerror(error));
  return error == 0;
}

int main(void) {
  /* ARG_MAX of Linux (execve(2)): 128 KiB for one string, far more than a command line of the REST API can hold. */
  enum { DESCRIPTION_SIZE = 256 * 1024 };
  struct osv_run *given = malloc(DESCRIPTION_SIZE);
  if (given == NULL) return 1;
  setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
  for (;;) {
    if (osv_next_run(given, DESCRIPTION_SIZE) != 0) {
      if (errno == E2BIG) continue;
      return 1;
    }
    if (!start(given)) osv_end_run(CANNOT_LOAD);
  }
}
