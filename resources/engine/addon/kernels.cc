// The kernels for each width of vectors, and the choice among them.
#include "kernels.h"
#include "width.h"

#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#define BASIL_TABLE(name)                                                                                     \
  const Kernels table = {name, norm, normAgain, normGradient, addBias, biasActivated, activation,             \
                         activationGradient, sumRows, attention, attentionGradient, compose, dots,            \
                         combine, adamw, normTangent, activationTangent, attentionTangent};

#pragma GCC push_options
#pragma GCC target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,f16c,prefer-vector-width=512")
namespace basil::avx512 {
constexpr int W = 16;
#define BASIL_HALVES 1
#include "lanes.inc"
#include "rows.inc"
#include "attention.inc"
#include "tangents.inc"
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
#include "tangents.inc"
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
#include "tangents.inc"
#include "moving.inc"
BASIL_TABLE("SSE2")
}  // namespace basil::plain

namespace basil {

const Kernels &kernels() {
  const int bits = widestVectors();
  return bits == 512 ? avx512::table : bits == 256 ? avx2::table : plain::table;
}

}  // namespace basil
