// Loaded before a program (LD_PRELOAD): notes every name that it looks up and every address that it connects to, in
// the file $LOOKUPS.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void note(const char* what, const char* whom) {
  const char* path = getenv("LOOKUPS");
  int file = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
  if (file < 0) return;
  dprintf(file, "%s %s\n", what, whom ? whom : "");
  close(file);
}

int getaddrinfo(const char* node, const char* service, const struct addrinfo* hints, struct addrinfo** found) {
  int (*real)(const char*, const char*, const struct addrinfo*, struct addrinfo**) = dlsym(RTLD_NEXT, "getaddrinfo");
  note("look-up", node);
  return real(node, service, hints, found);
}

int connect(int socket, const struct sockaddr* address, socklen_t size) {
  int (*real)(int, const struct sockaddr*, socklen_t) = dlsym(RTLD_NEXT, "connect");
  char text[INET6_ADDRSTRLEN] = "";
  if (address->sa_family == AF_INET) inet_ntop(AF_INET, &((struct sockaddr_in*)address)->sin_addr, text, sizeof text);
  if (address->sa_family == AF_INET6) inet_ntop(AF_INET6, &((struct sockaddr_in6*)address)->sin6_addr, text, sizeof text);
  if (*text) note("connection", text);
  return real(socket, address, size);
}
