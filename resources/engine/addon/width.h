// The widest vectors that this processor has and that ONEDNN_MAX_CPU_ISA, which bounds TensorFlow's products, leaves:
// 512, 256 or 128 bits.
#pragma once

#include <cstdlib>
#include <string>

namespace basil {

inline int widestVectors() {
  const char *set = std::getenv("ONEDNN_MAX_CPU_ISA");
  const std::string bound = set ? set : "";
  const bool most512 = bound.empty() || bound == "ALL" || bound == "DEFAULT" || bound.rfind("AVX512", 0) == 0 ||
                       bound.rfind("AVX10", 0) == 0;
  const bool most256 = most512 || bound.rfind("AVX2", 0) == 0;
  __builtin_cpu_init();
  if (most512 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
    return 512;
  return most256 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? 256 : 128;
}

}  // namespace basil
