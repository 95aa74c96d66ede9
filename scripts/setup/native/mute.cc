// TensorFlow logs a line about oneDNN while its library is being loaded, before any log level can reach it.
// This library is loaded just before and takes stderr away; unmute.cc, loaded just after, gives it back.
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

extern "C" int muted_stderr;
int muted_stderr = -1;

__attribute__((constructor)) static void mute() {
  const char* level = std::getenv("TF_CPP_MIN_LOG_LEVEL");
  if (level == nullptr || std::atoi(level) < 1) return;
  int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere < 0) return;
  muted_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
  if (muted_stderr >= 0) dup2(nowhere, STDERR_FILENO);
  close(nowhere);
}
