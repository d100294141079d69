/* Errors of execve and execveat; argument: a folder on the filesystem to test. */
#include "call.h"
#include <elf.h>
#include <stddef.h>
#include <sys/mman.h>


static char *const arguments[] = {"name", NULL};
static char *const nothing[] = {NULL};

static void put(const char *path, mode_t mode, const void *bytes, size_t size) {
  int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0700);
  write(fd, bytes, size);
  fchmod(fd, mode);
  close(fd);
}

static void put_text(const char *path, mode_t mode, const char *text) { put(path, mode, text, strlen(text)); }

/* An ELF file that names an interpreter and has nothing to run. */
static void put_elf(const char *path, const char *interpreter, size_t interpreter_bytes) {
  struct {
    Elf64_Ehdr header;
    Elf64_Phdr segments[2];
    char interpreter[64];
  } file = {
      .header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                 .e_type = ET_DYN, .e_machine = EM_X86_64, .e_version = EV_CURRENT, .e_ehsize = sizeof(Elf64_Ehdr),
                 .e_phoff = sizeof(Elf64_Ehdr), .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 2},
  };
  file.segments[0] = (Elf64_Phdr){.p_type = PT_INTERP, .p_flags = PF_R, .p_filesz = interpreter_bytes, .p_memsz = interpreter_bytes,
                                  .p_offset = offsetof(typeof(file), interpreter)};
  file.segments[1] = (Elf64_Phdr){.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_filesz = sizeof file, .p_memsz = sizeof file, .p_align = 4096};
  memcpy(file.interpreter, interpreter, strlen(interpreter));
  put(path, 0755, &file, sizeof file);
}

static char long_path[5000];

static void paths(void) {
  CALL(execve, BAD, arguments, nothing);
  CALL(execve, NULL, arguments, nothing);
  CALL(execve, "", arguments, nothing);
  CALL(execve, "missing", arguments, nothing);
  CALL(execve, "missing/more", arguments, nothing);
  CALL(execve, "text/more", arguments, nothing);
  CALL(execve, "loop", arguments, nothing);
  CALL(execve, "loop/more", arguments, nothing);
  CALL(execve, ".", arguments, nothing);
  CALL(execve, "fifo", arguments, nothing);
  CALL(execve, "text", arguments, nothing);
  long_path[4095] = 0;
  CALL(execve, long_path, arguments, nothing);
  long_path[4095] = 'x';
  CALL(execve, long_path, arguments, nothing);
  long_path[300] = 0;
  CALL(execve, long_path, arguments, nothing);
  long_path[300] = 'x';
}

static void formats(void) {
  CALL(execve, "empty", arguments, nothing);
  CALL(execve, "words", arguments, nothing);
  CALL(execve, "script-without-name", arguments, nothing);
  CALL(execve, "script-missing", arguments, nothing);
  CALL(execve, "script-folder", arguments, nothing);
  CALL(execve, "script-text", arguments, nothing);
  CALL(execve, "script-not-dir", arguments, nothing);
  CALL(execve, "script-loop", arguments, nothing);
  CALL(execve, "script-self", arguments, nothing);
  CALL(execve, "half-elf", arguments, nothing);
  CALL(execve, "other-machine", arguments, nothing);
  CALL(execve, "interpreter-missing", arguments, nothing);
  CALL(execve, "interpreter-folder", arguments, nothing);
  CALL(execve, "interpreter-text", arguments, nothing);
  CALL(execve, "interpreter-words", arguments, nothing);
  CALL(execve, "interpreter-script", arguments, nothing);
  CALL(execve, "interpreter-long-words", arguments, nothing);
  CALL(execve, "interpreter-other-machine", arguments, nothing);
  CALL(execve, "interpreter-not-dir", arguments, nothing);
  CALL(execve, "interpreter-loop", arguments, nothing);
  CALL(execve, "interpreter-of-one-byte", arguments, nothing);
  CALL(execve, "interpreter-without-end", arguments, nothing);
  int fd = open("words", O_WRONLY);
  CALL(execve, "words", arguments, nothing);
  close(fd);
}

static void vectors(void) {
  static char huge[200000];
  memset(huge, 'x', sizeof huge - 1);
  char *const one[] = {huge, NULL};
  CALL(execve, "words", one, nothing);
  CALL(execve, "words", arguments, one);
  huge[131071] = 0;
  CALL(execve, "words", one, nothing);
  static char *many[100];
  for (int i = 0; i < 60; i++) many[i] = huge;
  CALL(execve, "words", many, nothing);
  CALL(execve, "words", arguments, many);
  CALL(execve, "words", BAD, nothing);
  CALL(execve, "words", arguments, BAD);
  char *const wrong[] = {"name", BAD, NULL};
  CALL(execve, "words", wrong, nothing);
  CALL(execve, "words", arguments, wrong);
  char *pages = mmap(NULL, 2 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(pages + 4096, 4096, PROT_NONE);
  char *end = pages + 4096 - 8;
  *(char **)end = "name";
  CALL(execve, "words", end, nothing);
  CALL(execve, "missing", BAD, nothing);
  CALL(execve, "missing", one, nothing);
}

static void by_descriptor(void) {
  int folder = open(".", O_RDONLY | O_DIRECTORY);
  int words = open("words", O_RDONLY);
  int script = open("script", O_RDONLY | O_CLOEXEC);
  int text = open("text", O_RDONLY);
  CALL(execveat, -1, "words", arguments, nothing, 0);
  CALL(execveat, 999, "words", arguments, nothing, 0);
  CALL(execveat, 999, "", arguments, nothing, AT_EMPTY_PATH);
  CALL(execveat, words, "words", arguments, nothing, 0);
  CALL(execveat, folder, "words", arguments, nothing, 1);
  CALL(execveat, folder, "words", arguments, nothing, 0);
  CALL(execveat, folder, "link", arguments, nothing, AT_SYMLINK_NOFOLLOW);
  CALL(execveat, folder, "link", arguments, nothing, 0);
  CALL(execveat, folder, "", arguments, nothing, 0);
  CALL(execveat, folder, "", arguments, nothing, AT_EMPTY_PATH);
  CALL(execveat, words, "", arguments, nothing, AT_EMPTY_PATH);
  CALL(execveat, text, "", arguments, nothing, AT_EMPTY_PATH);
  CALL(execveat, script, "", arguments, nothing, AT_EMPTY_PATH);
  CALL(execveat, folder, "missing", arguments, nothing, 0);
  CALL(execveat, folder, "loop", arguments, nothing, 0);
  CALL(execveat, folder, BAD, arguments, nothing, 0);
  CALL(execveat, folder, "words", BAD, nothing, 0);
  CALL(execveat, folder, "interpreter-text", arguments, nothing, 0);
  CALL(execveat, folder, "interpreter-words", arguments, nothing, 0);
  CALL(execveat, folder, "interpreter-long-words", arguments, nothing, 0);
  CALL(execveat, folder, long_path, arguments, nothing, 0);
  static char huge[200000];
  memset(huge, 'x', sizeof huge - 1);
  char *const one[] = {huge, NULL};
  CALL(execveat, folder, "words", one, nothing, 0);
  open("words", O_WRONLY);
  CALL(execveat, folder, "words", arguments, nothing, 0);
}

static void without_rights(void) {
  CALL(execve, "closed/inside", arguments, nothing);
  CALL(execve, "roots-own", arguments, nothing);
  CALL(execve, "text", arguments, nothing);
}

/* Who became a user that has too many processes may not go on with another program (execve(2), EAGAIN). */
static void too_many(void) {
  int ready[2];
  pipe(ready);
  pid_t other = fork();
  if (other == 0) {
    become_nobody();
    write(ready[1], "x", 1);
    for (;;) pause();
  }
  char byte;
  read(ready[0], &byte, 1);
  setrlimit(RLIMIT_NPROC, &(struct rlimit){0, 0});
  become_nobody();
  CALL(execve, "words", arguments, nothing);
  CALL(execveat, AT_FDCWD, "words", arguments, nothing, 0);
  signal_child(other, SIGKILL);
  waitpid(other, NULL, 0);
  CALL(execve, "words", arguments, nothing);
}

int main(int argc, char **argv) {
  enter_work_folder(argc, argv);
  memset(long_path, 'x', sizeof long_path - 1);
  put_text("text", 0644, "#!/bin/sh\n");
  put_text("empty", 0755, "");
  put_text("words", 0755, "no format that anything has\n");
  put("long-words", 0755, long_path, 1000);
  put_text("script", 0755, "#!/bin/sh\nexit 0\n");
  put_text("script-without-name", 0755, "#!\n");
  put_text("script-missing", 0755, "#!missing\n");
  put_text("script-folder", 0755, "#!.\n");
  put_text("script-text", 0755, "#!text\n");
  put_text("script-not-dir", 0755, "#!text/more\n");
  put_text("script-loop", 0755, "#!loop\n");
  put_text("script-self", 0755, "#!script-self\n");
  put_text("roots-own", 0700, "#!/bin/sh\n");
  put("half-elf", 0755, "\177ELF\2\1\1", 7);
  put_elf("interpreter-missing", "missing", 8);
  put_elf("interpreter-folder", ".", 2);
  put_elf("interpreter-text", "text", 5);
  put_elf("interpreter-words", "words", 6);
  put_elf("interpreter-script", "script", 7);
  put_elf("interpreter-long-words", "long-words", 11);
  put_elf("interpreter-other-machine", "other-machine", 14);
  put_elf("interpreter-not-dir", "text/more", 10);
  put_elf("interpreter-loop", "loop", 5);
  put_elf("interpreter-of-one-byte", "", 1);
  put_elf("interpreter-without-end", "missing", 7);
  put_elf("other-machine", "missing", 8);
  int fd = open("other-machine", O_WRONLY);
  pwrite(fd, "\267", 1, offsetof(Elf64_Ehdr, e_machine));
  close(fd);
  symlink("loop", "loop");
  symlink("words", "link");
  mkfifo("fifo", 0755);
  mkdir("closed", 0700);
  put_text("closed/inside", 0755, "#!/bin/sh\n");
  SECTION("execve: paths");
  IN_CHILD(paths());
  SECTION("execve: formats");
  IN_CHILD(formats());
  SECTION("execve: vectors");
  IN_CHILD(vectors());
  SECTION("execveat");
  IN_CHILD(by_descriptor());
  SECTION("without rights");
  AS_NOBODY(without_rights());
  SECTION("more processes than allowed");
  IN_CHILD(too_many());
  leave_work_folder();
  return 0;
}
