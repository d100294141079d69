/* A network that has lo and nothing else: what the machine has, and on Linux a new one. */
#ifndef ALONE_H
#define ALONE_H

#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* @returns whether this process has a network of its own now, lo up */
static inline int go_alone(void) {
  if (unshare(CLONE_NEWNET) != 0) return 0;
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
  int result = ioctl(fd, SIOCSIFFLAGS, &request);
  close(fd);
  return result == 0 && access("/proc/net/if_inet6", R_OK) == 0;
}

#endif
