// TensorFlow logs a line about oneDNN while its library is being loaded, before it has read TF_CPP_MIN_LOG_LEVEL
// itself. This library is loaded just before and hands the level on. The name carries the release of Abseil in the
// pinned wheel: with another one the function is not found, and the line is back.
#include <cstdlib>

namespace absl {
inline namespace lts_20250814 {
enum class LogSeverityAtLeast : int {};
__attribute__((weak)) void SetMinLogLevel(LogSeverityAtLeast);
}  // namespace lts_20250814
}  // namespace absl

__attribute__((constructor)) static void mute() {
  const char* level = std::getenv("TF_CPP_MIN_LOG_LEVEL");
  if (level == nullptr || absl::SetMinLogLevel == nullptr) return;
  absl::SetMinLogLevel(static_cast<absl::LogSeverityAtLeast>(std::atoi(level)));
}
