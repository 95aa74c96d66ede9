// Part of the binding, so it runs when all libraries are loaded: see mute.cc.
#include <unistd.h>

extern "C" int muted_stderr;

__attribute__((constructor)) static void unmute() {
  if (muted_stderr < 0) return;
  dup2(muted_stderr, STDERR_FILENO);
  close(muted_stderr);
  muted_stderr = -1;
}
