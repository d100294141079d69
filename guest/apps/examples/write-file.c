/* write-file.so FILE TEXT...: appends a line to FILE, makes it durable and prints what the file holds now. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int append(const char *path, char **words, int count) {
  FILE *file = fopen(path, "a");
  if (file == NULL) return -1;
  for (int i = 0; i < count; i++) fprintf(file, "%s%s", i > 0 ? " " : "", words[i]);
  fputc('\n', file);
  int failed = fflush(file) != 0 || fsync(fileno(file)) != 0;
  return fclose(file) != 0 || failed ? -1 : 0;
}

static int show(const char *path) {
  char bytes[4096];
  int fd = open(path, O_RDONLY);
  if (fd < 0) return -1;
  ssize_t count;
  while ((count = read(fd, bytes, sizeof bytes)) > 0) fwrite(bytes, 1, (size_t)count, stdout);
  close(fd);
  return (int)count;
}

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: %s FILE TEXT...\n", argv[0]);
    return 2;
  }
  if (append(argv[1], argv + 2, argc - 2) != 0 || show(argv[1]) != 0) {
    perror(argv[1]);
    return 1;
  }
  return 0;
}
