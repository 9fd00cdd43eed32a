// A Node-API addon of kernels of the float64 device (src-main/engine/devices/double): those of the portable engine, on
// its memory, by vectors as wide as the processor has them, to the same bits. It needs nothing but the C++ library;
// compiled with -ffp-contract=off. Exports: { version, panel, across, run(memory, job, kernel, tiles, threads) }.
#include <cpuid.h>
#include <immintrin.h>
#include <node_api.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>

#include "pool.h"
#include "width.h"

namespace basil {

/** Arguments of a kernel: addresses in the memory, and whole numbers. */
struct Job {
  char *memory;
  const double *values;
  int64_t whole(int i) const { return static_cast<int64_t>(values[i]); }
  double *doubles(int i) const { return reinterpret_cast<double *>(memory + whole(i)); }
};

typedef void (*Kernel)(const Job &, int64_t tile, int64_t thread);

struct Kernels {
  int64_t panel, across;
  Kernel packDoubles, gemmDoubles, substituteRows, updateAndMultiply, reflect, rotate, sizesByChance, movedByChance,
      widen, addUp, toBfloat16;
};

constexpr int64_t version = 2;  // of the kernels' arguments and results
constexpr int64_t DEPTH = 256, HEIGHT = 96;

/** Elements of a tile of movedByChance and of sums, and those that words are drawn for at once. */
constexpr int64_t PIECE = 4096, SPAN = 64;
enum How { NONE = 0, BY_CHANCE = 1, KNOWN = 3 };

/** What is done to a vector's elements, as it lies in the memory. */
struct Row {
  double by, factor, weight, divisor;
  int32_t how;
  uint32_t most, name[2];
};
static_assert(sizeof(Row) == 48, "a row of the table");

#pragma GCC push_options
#pragma GCC target("avx512f,avx512vl,avx512dq,avx512bw,avx2,prefer-vector-width=512")
namespace avx512 {
constexpr int W = 8;
#define BASIL_PRODUCT(a, b) _mm512_mul_epu32(reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b))
#include "kernels.inc"
#undef BASIL_PRODUCT
}  // namespace avx512
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("avx2")
namespace avx2 {
constexpr int W = 4;
#define BASIL_PRODUCT(a, b) _mm256_mul_epu32(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b))
#include "kernels.inc"
#undef BASIL_PRODUCT
}  // namespace avx2
#pragma GCC pop_options

namespace plain {
constexpr int W = 2;
#define BASIL_PRODUCT(a, b) _mm_mul_epu32(reinterpret_cast<__m128i>(a), reinterpret_cast<__m128i>(b))
#include "kernels.inc"
#undef BASIL_PRODUCT
}  // namespace plain

const Kernels &kernels() {
  static const int bits = widestVectors();
  return bits == 512 ? avx512::table : bits == 256 ? avx2::table : plain::table;
}

/** AMD's family 19h with 512 bits: it does them in halves, and adds beside it multiplies. */
bool isZen4() {
  unsigned a, b, c, d;
  if (!__get_cpuid(0, &a, &b, &c, &d) || b != signature_AMD_ebx) return false;
  return __get_cpuid(1, &a, &b, &c, &d) && (a >> 8 & 15) + (a >> 20 & 255) == 0x19;
}

/** Of matrices: Zen 4 does 43 G multiplications a second by 256 bits, and 33 by 512. */
const Kernels &ofMatrices() {
  static const bool isHalved = widestVectors() == 512 && isZen4();
  return isHalved ? avx2::table : kernels();
}

Kernel named(const std::string &name) {
  const Kernels &m = ofMatrices(), &k = kernels();
  if (name == "packDoubles") return m.packDoubles;
  if (name == "gemmDoubles") return m.gemmDoubles;
  if (name == "substituteRows") return m.substituteRows;
  if (name == "updateAndMultiply") return m.updateAndMultiply;
  if (name == "reflect") return m.reflect;
  if (name == "rotate") return m.rotate;
  if (name == "sizesByChance") return k.sizesByChance;
  if (name == "movedByChance") return k.movedByChance;
  if (name == "widen") return k.widen;
  if (name == "addUp") return k.addUp;
  if (name == "toBfloat16") return k.toBfloat16;
  throw std::runtime_error("there is no kernel " + name);
}

/** The threads of an environment: as many as were asked for last. */
struct Threads {
  std::unique_ptr<Pool> pool;
  int count = 0;
  Pool &of(int wanted) {
    if (!pool || wanted != count) {
      pool.reset();
      pool = std::make_unique<Pool>(wanted);
      count = wanted;
    }
    return *pool;
  }
};

void ok(napi_status status) {
  if (status != napi_ok) throw std::runtime_error("a value of JavaScript is not what the addon was promised");
}

void *dataOf(napi_env env, napi_value array) {
  void *data;
  ok(napi_get_typedarray_info(env, array, nullptr, nullptr, &data, nullptr, nullptr));
  return data;
}

int64_t wholeOf(napi_env env, napi_value value) {
  int64_t whole;
  ok(napi_get_value_int64(env, value, &whole));
  return whole;
}

/** run(memory: Uint8Array from its first byte on, job: Float64Array, kernel, tiles, threads). */
napi_value run(napi_env env, napi_callback_info info) {
  try {
    size_t count = 5;
    napi_value given[5];
    Threads *threads;
    ok(napi_get_instance_data(env, reinterpret_cast<void **>(&threads)));
    ok(napi_get_cb_info(env, info, &count, given, nullptr, nullptr));
    char name[32];
    ok(napi_get_value_string_utf8(env, given[2], name, sizeof name, nullptr));
    const Kernel kernel = named(name);
    const Job job{static_cast<char *>(dataOf(env, given[0])), static_cast<const double *>(dataOf(env, given[1]))};
    const int64_t tiles = wholeOf(env, given[3]), most = std::min(wholeOf(env, given[4]), tiles);
    if (most <= 1) {
      for (int64_t tile = 0; tile < tiles; tile++) kernel(job, tile, 0);
    } else {
      // a thread's scratch is its own: each takes the tiles that are left
      std::atomic<int64_t> next{0};
      threads->of(static_cast<int>(wholeOf(env, given[4]))).each(most, [&](int64_t thread) {
        for (int64_t tile = next++; tile < tiles; tile = next++) kernel(job, tile, thread);
      });
    }
  } catch (const std::exception &error) {
    napi_throw_error(env, nullptr, error.what());
  }
  return nullptr;
}

}  // namespace basil

NAPI_MODULE_INIT() {
  try {
    const auto end = [](napi_env, void *data, void *) { delete static_cast<basil::Threads *>(data); };
    basil::ok(napi_set_instance_data(env, new basil::Threads, end, nullptr));
    napi_value version, panel, across, run;
    basil::ok(napi_create_int64(env, basil::version, &version));
    basil::ok(napi_create_int64(env, basil::ofMatrices().panel, &panel));
    basil::ok(napi_create_int64(env, basil::ofMatrices().across, &across));
    basil::ok(napi_create_function(env, "run", NAPI_AUTO_LENGTH, basil::run, nullptr, &run));
    basil::ok(napi_set_named_property(env, exports, "version", version));
    basil::ok(napi_set_named_property(env, exports, "panel", panel));
    basil::ok(napi_set_named_property(env, exports, "across", across));
    basil::ok(napi_set_named_property(env, exports, "run", run));
    return exports;
  } catch (const std::exception &error) {
    napi_throw_error(env, nullptr, error.what());
    return nullptr;
  }
}
