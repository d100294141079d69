/* What an immutable file forbids to root too (chattr(1)). Ends with 77 where root may not set the flag. */
#include "call.h"

#include <linux/fs.h>
#include <sys/ioctl.h>

static int set_flags(int f, int flags) { return ioctl(f, FS_IOC_SETFLAGS, &flags); }

int main(int argc, char **argv) {
  enter_work_folder(argc, argv);
  int fixed = open("fixed", O_CREAT | O_RDWR, 0644), source = open("source", O_CREAT | O_RDWR, 0644), flags;
  write(fixed, "text", 4), write(source, "text", 4);
  if (ioctl(fixed, FS_IOC_GETFLAGS, &flags) != 0 || set_flags(fixed, flags | FS_IMMUTABLE_FL) != 0) {
    leave_work_folder();
    return 77;
  }
  CALL(access, "fixed", W_OK);
  CALL(access, "fixed", R_OK);
  CALL(faccessat, AT_FDCWD, "fixed", W_OK);
  CALL(faccessat2, AT_FDCWD, "fixed", W_OK, AT_EACCESS);
  CALL(copy_file_range, source, NULL, fixed, NULL, 4, 0);
  CALL(write, fixed, "more", 4);
  CALL(unlink, "fixed");
  set_flags(fixed, flags);
  CALL(access, "fixed", W_OK);
  leave_work_folder();
  return 0;
}
