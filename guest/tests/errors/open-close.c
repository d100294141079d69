/* Opening and closing files: open, openat, openat2, creat, close, close_range, dup. */
#include "call.h"
#include <linux/openat2.h>

static char long_name[300];

int main(int argc, char **argv) {
  enter_work_folder(argc, argv);
  memset(long_name, 'n', sizeof long_name - 1);
  symlink("loop", "loop");
  close(open("file", O_CREAT | O_RDWR, 0600));
  SECTION("paths");
  CALL(openat, AT_FDCWD, "loop", O_RDONLY);
  CALL(openat, AT_FDCWD, long_name, O_RDONLY);
  CALL(openat, AT_FDCWD, "none", O_RDONLY);
  CALL(openat, AT_FDCWD, "file/x", O_RDONLY);
  CALL(openat, AT_FDCWD, BAD, O_RDONLY);
  CALL(openat, NO_FD, "file", O_RDONLY);
  AS_NOBODY(CALL(openat, AT_FDCWD, "file", O_RDONLY));
  CALL(close, NO_FD);
  CALL(dup, NO_FD);
  leave_work_folder();
  return 0;
}
