// Kernels on float32 in the host's memory, each one pass where TensorFlow's operations would be many: norms,
// activations, attention, what they become in forward mode, bias and residual, what vectors need, and an optimiser's
// step. They are written once (*.inc) and compiled for each width of vectors that processors have; the widest that is
// here is taken.
#pragma once

#include <cstdint>

#include "pool.h"

namespace basil {

enum Activation { quickGelu = 0, gelu = 1 };

struct AttentionShape {
  int64_t images, tokens, heads, size;  // size: of a head
  bool causal;
};

/** Of a step t of AdamW: fresh = 1 - b, size = (1 - b1^t) / sqrt(1 - b2^t), least = (1 - b1^t) epsilon, decay = eta w. */
struct AdamwNumbers {
  float scale, beta1, fresh1, beta2, fresh2, size, least, decay, rate;
};

struct Kernels {
  const char *name;

  /** y, mean (rows), scale (rows) of x (rows, width). */
  void (*norm)(Pool &, const float *x, const float *gain, const float *bias, float epsilon, int64_t rows, int64_t width,
               float *y, float *mean, float *scale);
  void (*normAgain)(Pool &, const float *x, const float *mean, const float *scale, const float *gain, const float *bias,
                    int64_t rows, int64_t width, float *y);
  /** residual may be null; dx = residual + scale (g - mean(g) - h mean(g h)), g = dy gain, h = (x - mean) scale. */
  void (*normGradient)(Pool &, const float *dy, const float *x, const float *mean, const float *scale,
                       const float *gain, const float *residual, int64_t rows, int64_t width, float *dx, float *dgain,
                       float *dbias);

  /** y += bias (+ residual, which may be null). */
  void (*bias)(Pool &, float *y, const float *bias, const float *residual, int64_t rows, int64_t width);
  /** wide += bias; active = f(wide). */
  void (*biasActivated)(Pool &, float *wide, const float *bias, Activation, int64_t rows, int64_t width, float *active);
  void (*activation)(Pool &, const float *x, Activation, int64_t size, float *y);
  /** d *= f'(wide); active = f(wide). */
  void (*activationGradient)(Pool &, float *d, const float *wide, Activation, int64_t size, float *active);
  /** sums (width) of x (rows, width). */
  void (*sumRows)(Pool &, const float *x, int64_t rows, int64_t width, float *sums);

  /** qkv (images tokens, 3 heads size) to y (images tokens, heads size) and p (images heads, tokens, tokens). */
  void (*attention)(Pool &, const float *qkv, const AttentionShape &, float *y, float *p);
  void (*attentionGradient)(Pool &, const float *dy, const float *qkv, const float *p, const AttentionShape &,
                            float *dqkv);

  /** out = base + sum_k c_k v_k; v (count, n), float32, or float16 if half. */
  void (*compose)(Pool &, const float *base, const void *v, bool half, const float *c, int64_t count, int64_t n,
                  float *out);
  /** out_k = < v_k, g >. */
  void (*dots)(Pool &, const void *v, bool half, const float *g, int64_t count, int64_t n, float *out);

  /** out = sum_k c_k x_k, of one x at least. */
  void (*combine)(Pool &, const float *const *x, const float *c, int64_t count, int64_t n, float *out);
  /** A step of AdamW on x, m and v, in their places; mask and origin may be null. */
  void (*adamw)(Pool &, float *x, float *m, float *v, const float *g, const float *mask, const float *origin,
                const AdamwNumbers &, int64_t n);

  /** Of `count` directions d (count rows, width) how the outputs of norm, activation and attention move. */
  void (*normTangent)(Pool &, const float *d, const float *x, const float *mean, const float *scale, const float *gain,
                      int64_t count, int64_t rows, int64_t width, float *y);
  void (*activationTangent)(Pool &, const float *d, const float *x, Activation, int64_t count, int64_t size, float *y);
  void (*attentionTangent)(Pool &, const float *dqkv, const float *qkv, const float *p, const AttentionShape &,
                           int64_t count, float *dy);
};

/** The widest kernels that this processor has. */
const Kernels &kernels();

}  // namespace basil
