// Kernels by name on the session's tensors, all float32 in the host's memory (V of compose and dots may be float16).
// What a kernel changes in place must be the caller's alone.
#include <cstring>

#include "kernels.h"
#include "session.h"

// Of tensorflow/c/eager/c_api_experimental.h, which needs more headers than an installation fetches.
extern "C" void *TFE_TensorHandleDevicePointer(TFE_TensorHandle *, TF_Status *);

namespace basil {

namespace {

int64_t sizeOf(const Shape &shape) {
  int64_t size = 1;
  for (const int64_t dim : shape) size *= dim;
  return size;
}

struct Given {
  float *data;
  Shape shape;
  TF_DataType type;
};

struct Call {
  Session &session;
  Pool &pool;
  const std::vector<int32_t> &ids;
  const std::vector<double> &numbers;
  std::vector<int32_t> made;

  bool has(size_t i) const { return i < ids.size(); }

  Given in(size_t i) const {
    if (!has(i)) throw Failure("a kernel lacks an input");
    TFE_TensorHandle *handle = session.handle(ids[i]);
    Status status;
    void *data = TFE_TensorHandleDevicePointer(handle, status);
    status.check();
    return {static_cast<float *>(data), shapeOf(handle), TFE_TensorHandleDataType(handle)};
  }

  float *optional(size_t i) const { return has(i) ? in(i).data : nullptr; }
  int64_t whole(size_t i) const { return static_cast<int64_t>(numbers.at(i)); }
  Activation kind(size_t i) const { return whole(i) == gelu ? gelu : quickGelu; }

  float *out(const Shape &shape) {
    const int64_t size = sizeOf(shape);
    TF_Tensor *tensor = TF_AllocateTensor(TF_FLOAT, shape.data(), static_cast<int>(shape.size()), 4 * size);
    if (!tensor) throw Failure("out of memory: a tensor of " + std::to_string(4 * size) + " bytes");
    float *data = static_cast<float *>(TF_TensorData(tensor));
    Status status;
    TFE_TensorHandle *handle = TFE_NewTensorHandle(tensor, status);
    TF_DeleteTensor(tensor);
    status.check();
    made.push_back(session.add(handle));
    return data;
  }
};

/** Numbers: images, tokens, heads, causal; of qkv. */
AttentionShape attentionShape(const Call &call, const Given &qkv) {
  const int64_t heads = call.whole(2);
  return {call.whole(0), call.whole(1), heads, qkv.shape[1] / 3 / heads, call.whole(3) != 0};
}

void norm(Call &c, const Kernels &k) {
  const Given x = c.in(0);
  const int64_t rows = x.shape[0], width = x.shape[1];
  float *y = c.out(x.shape), *mean = c.out({rows}), *scale = c.out({rows});
  k.norm(c.pool, x.data, c.in(1).data, c.in(2).data, static_cast<float>(c.numbers.at(0)), rows, width, y, mean, scale);
}

void normAgain(Call &c, const Kernels &k) {
  const Given x = c.in(0);
  k.normAgain(c.pool, x.data, c.in(1).data, c.in(2).data, c.in(3).data, c.in(4).data, x.shape[0], x.shape[1],
              c.out(x.shape));
}

void normGradient(Call &c, const Kernels &k) {
  const Given dy = c.in(0);
  const int64_t rows = dy.shape[0], width = dy.shape[1];
  float *dx = c.out(dy.shape), *dgain = c.out({width}), *dbias = c.out({width});
  k.normGradient(c.pool, dy.data, c.in(1).data, c.in(2).data, c.in(3).data, c.in(4).data, c.optional(5), rows, width,
                 dx, dgain, dbias);
}

void bias(Call &c, const Kernels &k) {
  const Given y = c.in(0);
  k.bias(c.pool, y.data, c.in(1).data, c.optional(2), y.shape[0], y.shape[1]);
}

void biasActivated(Call &c, const Kernels &k) {
  const Given wide = c.in(0);
  k.biasActivated(c.pool, wide.data, c.in(1).data, c.kind(0), wide.shape[0], wide.shape[1], c.out(wide.shape));
}

void activation(Call &c, const Kernels &k) {
  const Given x = c.in(0);
  k.activation(c.pool, x.data, c.kind(0), sizeOf(x.shape), c.out(x.shape));
}

void activationGradient(Call &c, const Kernels &k) {
  const Given d = c.in(0);
  k.activationGradient(c.pool, d.data, c.in(1).data, c.kind(0), sizeOf(d.shape), c.out(d.shape));
}

void sumRows(Call &c, const Kernels &k) {
  const Given x = c.in(0);
  k.sumRows(c.pool, x.data, x.shape[0], x.shape[1], c.out({x.shape[1]}));
}

void attention(Call &c, const Kernels &k) {
  const AttentionShape shape = attentionShape(c, c.in(0));
  float *y = c.out({shape.images * shape.tokens, shape.heads * shape.size});
  k.attention(c.pool, c.in(0).data, shape, y, c.out({shape.images * shape.heads, shape.tokens, shape.tokens}));
}

void attentionGradient(Call &c, const Kernels &k) {
  const AttentionShape shape = attentionShape(c, c.in(1));
  k.attentionGradient(c.pool, c.in(0).data, c.in(1).data, c.in(2).data, shape, c.out(c.in(1).shape));
}

void compose(Call &c, const Kernels &k) {
  const Given base = c.in(0), v = c.in(1);
  const std::vector<float> coefficients(c.numbers.begin(), c.numbers.end());
  k.compose(c.pool, base.data, v.data, v.type == TF_HALF, coefficients.data(), v.shape[0], sizeOf(base.shape),
            c.out(base.shape));
}

void dots(Call &c, const Kernels &k) {
  const Given v = c.in(0), g = c.in(1);
  k.dots(c.pool, v.data, v.type == TF_HALF, g.data, v.shape[0], sizeOf(g.shape), c.out({v.shape[0]}));
}

void dot(Call &c, const Kernels &k) {
  const Given x = c.in(0);
  k.dots(c.pool, x.data, false, c.in(1).data, 1, sizeOf(x.shape), c.out({1}));
}

void combine(Call &c, const Kernels &k) {
  const std::vector<float> coefficients(c.numbers.begin(), c.numbers.end());
  std::vector<const float *> x;
  for (size_t i = 0; i < c.ids.size(); i++) x.push_back(c.in(i).data);
  const Shape shape = c.in(0).shape;
  k.combine(c.pool, x.data(), coefficients.data(), x.size(), sizeOf(shape), c.out(shape));
}

/** Of x, m, v, gradient, and the mask and the origin where the last two numbers say so. */
void adamw(Call &c, const Kernels &k) {
  const Given x = c.in(0);
  const auto n = [&](size_t i) { return static_cast<float>(c.numbers.at(i)); };
  const AdamwNumbers numbers = {n(0), n(1), n(2), n(3), n(4), n(5), n(6), n(7), n(8)};
  const bool masked = c.whole(9), moved = c.whole(10);
  const float *mask = masked ? c.in(4).data : nullptr, *origin = moved ? c.in(masked ? 5 : 4).data : nullptr;
  k.adamw(c.pool, x.data, c.in(1).data, c.in(2).data, c.in(3).data, mask, origin, numbers, sizeOf(x.shape));
}

void normTangent(Call &c, const Kernels &k) {
  const Given d = c.in(0), x = c.in(1);
  const int64_t rows = x.shape[0];
  k.normTangent(c.pool, d.data, x.data, c.in(2).data, c.in(3).data, c.in(4).data, d.shape[0] / rows, rows, x.shape[1],
                c.out(d.shape));
}

void activationTangent(Call &c, const Kernels &k) {
  const Given d = c.in(0), x = c.in(1);
  const int64_t size = sizeOf(x.shape);
  k.activationTangent(c.pool, d.data, x.data, c.kind(0), sizeOf(d.shape) / size, size, c.out(d.shape));
}

void attentionTangent(Call &c, const Kernels &k) {
  const Given d = c.in(0), qkv = c.in(1);
  const AttentionShape shape = attentionShape(c, qkv);
  k.attentionTangent(c.pool, d.data, qkv.data, c.in(2).data, shape, d.shape[0] / qkv.shape[0],
                     c.out({d.shape[0], shape.heads * shape.size}));
}

const std::unordered_map<std::string, void (*)(Call &, const Kernels &)> &named() {
  static const std::unordered_map<std::string, void (*)(Call &, const Kernels &)> all = {
      {"norm", norm},
      {"normAgain", normAgain},
      {"normGradient", normGradient},
      {"bias", bias},
      {"biasActivated", biasActivated},
      {"activation", activation},
      {"activationGradient", activationGradient},
      {"sumRows", sumRows},
      {"attention", attention},
      {"attentionGradient", attentionGradient},
      {"compose", compose},
      {"dots", dots},
      {"dot", dot},
      {"combine", combine},
      {"adamw", adamw},
      {"normTangent", normTangent},
      {"activationTangent", activationTangent},
      {"attentionTangent", attentionTangent},
  };
  return all;
}

}  // namespace

bool hasKernel(const std::string &name) { return named().count(name) > 0; }

std::vector<int32_t> runKernel(Session &session, const std::string &name, const std::vector<int32_t> &inputs,
                               const std::vector<double> &numbers) {
  const auto found = named().find(name);
  if (found == named().end()) throw Failure("there is no kernel " + name);
  if (!session.pool) throw Failure("the kernels have no threads yet");
  Call call{session, *session.pool, inputs, numbers, {}};
  try {
    found->second(call, kernels());
  } catch (...) {
    for (const int32_t id : call.made) {
      TFE_DeleteTensorHandle(session.handle(id));
      session.tensors.erase(id);
    }
    throw;
  }
  return call.made;
}

}  // namespace basil
