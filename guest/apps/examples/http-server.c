/* http-server.so [PORT]: answers every request on PORT (8080) with a page that counts them. Ends on SIGINT, SIGTERM. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int listen_on(unsigned short port) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) return -1;
  int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_ANY)}};
  if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 16) != 0) {
    close(fd);
    return -1;
  }
  return fd;
}

/* Reads up to the empty line that ends the head; what follows it is of no interest here. */
static int read_head(int fd) {
  char head[8192];
  size_t length = 0;
  while (length < sizeof head - 1) {
    ssize_t count = read(fd, head + length, sizeof head - 1 - length);
    if (count <= 0) return -1;
    length += (size_t)count;
    head[length] = 0;
    if (strstr(head, "\r\n\r\n") != NULL) return 0;
  }
  return -1;
}

static void answer(int fd, unsigned long requests) {
  char body[256], head[256];
  int length = snprintf(body, sizeof body,
                        "<!doctype html><title>http-server.so</title>\n"
                        "<p>Hello from a C program in OSv, in your browser. Request %lu.</p>\n",
                        requests);
  int head_length = snprintf(head, sizeof head,
                             "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n"
                             "Connection: close\r\n\r\n",
                             length);
  if (write(fd, head, (size_t)head_length) < 0 || write(fd, body, (size_t)length) < 0) perror("write");
}

int main(int argc, char **argv) {
  unsigned short port = argc > 1 ? (unsigned short)atoi(argv[1]) : 8080;
  int listener = listen_on(port);
  if (listener < 0) {
    perror("http-server.so");
    return 1;
  }
  printf("listening on port %u\n", port);
  for (unsigned long requests = 1;; requests++) {
    int fd = accept(listener, NULL, NULL);
    if (fd < 0) {
      perror("accept");
      return 1;
    }
    if (read_head(fd) == 0) answer(fd, requests);
    close(fd);
  }
}
