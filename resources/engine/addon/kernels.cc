// The kernels for each width of vectors, and the choice among them. ONEDNN_MAX_CPU_ISA bounds them as it bounds
// TensorFlow's products.
#include "kernels.h"

#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string>

#define BASIL_TABLE(name)                                                                                     \
  const Kernels table = {name, norm, normAgain, normGradient, addBias, biasActivated, activation,             \
                         activationGradient, sumRows, attention, attentionGradient, compose, dots,            \
                         combine, adamw};

#pragma GCC push_options
#pragma GCC target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,f16c,prefer-vector-width=512")
namespace basil::avx512 {
constexpr int W = 16;
#define BASIL_HALVES 1
#include "lanes.inc"
#include "rows.inc"
#include "attention.inc"
#include "moving.inc"
BASIL_TABLE("AVX-512")
}  // namespace basil::avx512
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("avx2,fma,f16c")
namespace basil::avx2 {
constexpr int W = 8;
#include "lanes.inc"
#include "rows.inc"
#include "attention.inc"
#include "moving.inc"
BASIL_TABLE("AVX2")
}  // namespace basil::avx2
#pragma GCC pop_options
#undef BASIL_HALVES

namespace basil::plain {
constexpr int W = 4;
#define BASIL_HALVES 0
#include "lanes.inc"
#include "rows.inc"
#include "attention.inc"
#include "moving.inc"
BASIL_TABLE("SSE2")
}  // namespace basil::plain

namespace basil {

const Kernels &kernels() {
  const char *set = std::getenv("ONEDNN_MAX_CPU_ISA");
  const std::string bound = set ? set : "";
  const bool most512 = bound.empty() || bound == "ALL" || bound == "DEFAULT" || bound.rfind("AVX512", 0) == 0 ||
                       bound.rfind("AVX10", 0) == 0;
  const bool most256 = most512 || bound.rfind("AVX2", 0) == 0;
  __builtin_cpu_init();
  if (most512 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
    return avx512::table;
  if (most256 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return avx2::table;
  return plain::table;
}

}  // namespace basil
