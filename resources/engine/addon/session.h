// The addon's state, one a thread of JavaScript: TensorFlow's eager context, the tensors that JavaScript holds by
// number, and the function being recorded. Values of Node-API as C++ has them; what fails throws Failure, which
// becomes an Error where a call from JavaScript ends.
#pragma once

#include <node_api.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include "pool.h"
#include "tensorflow/c/c_api.h"
#include "tensorflow/c/eager/c_api.h"

namespace basil {

struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

using Shape = std::vector<int64_t>;

/** TensorFlow's account of a call. */
class Status {
 public:
  Status() : status_(TF_NewStatus()) {}
  ~Status() { TF_DeleteStatus(status_); }
  Status(const Status &) = delete;
  operator TF_Status *() const { return status_; }
  void check() const {
    if (TF_GetCode(status_) != TF_OK) throw Failure(TF_Message(status_));
  }

 private:
  TF_Status *status_;
};

/** A tensor that JavaScript knows by number: on a device, or an output of the function being recorded. */
struct Held {
  TFE_TensorHandle *handle = nullptr;
  TF_Output symbol{nullptr, 0};
};

struct Recording {
  TF_Graph *graph = TF_NewGraph();
  int32_t first;     // number of the first tensor made since it began
  int32_t nodes = 0; // counted for their names
  std::unordered_map<int32_t, TF_Output> constants;
  explicit Recording(int32_t next) : first(next) {}
  ~Recording() { TF_DeleteGraph(graph); }
};

struct Session {
  TFE_Context *context = nullptr;
  std::string device;
  bool isGpu = false;
  int32_t next = 0;
  int64_t calls = 0; // of operations and kernels, for whoever counts
  std::unordered_map<int32_t, Held> tensors;
  std::unique_ptr<Recording> recording;
  std::unique_ptr<Pool> pool; // of the kernels, once they are asked for

  Session();
  ~Session();
  Held &held(int32_t id);
  TFE_TensorHandle *handle(int32_t id);
  int32_t add(Held one) {
    tensors.emplace(next, one);
    return next++;
  }
  int32_t add(TFE_TensorHandle *handle) { return add(Held{handle, {nullptr, 0}}); }
};

/** Values of JavaScript. */
struct Js {
  napi_env env;
  void ok(napi_status status) const {
    if (status != napi_ok) throw Failure("a value of JavaScript is not what the addon was promised");
  }
  std::string text(napi_value value) const;
  int32_t integer(napi_value value) const;
  int64_t wide(napi_value value) const;
  double number(napi_value value) const;
  bool boolean(napi_value value) const;
  bool isArray(napi_value value) const;
  uint32_t length(napi_value array) const;
  napi_value element(napi_value array, uint32_t i) const;
  napi_value property(napi_value object, const char *name) const;
  template <typename T, typename Read>
  std::vector<T> list(napi_value array, Read read) const {
    std::vector<T> all;
    const uint32_t count = length(array);
    all.reserve(count);
    for (uint32_t i = 0; i < count; i++) all.push_back(read(element(array, i)));
    return all;
  }
  std::vector<int32_t> integers(napi_value array) const {
    return list<int32_t>(array, [&](napi_value v) { return integer(v); });
  }
  Shape shape(napi_value array) const {
    return list<int64_t>(array, [&](napi_value v) { return wide(v); });
  }
  napi_value of(int32_t value) const;
  napi_value of(const Shape &shape) const;
  /** { id, shape, dtype } */
  napi_value tensor(int32_t id, const Shape &shape, TF_DataType type) const;
  napi_value tensors(Session &session, const std::vector<int32_t> &ids) const;
};

Shape shapeOf(TFE_TensorHandle *handle);

/** Attributes [{ name, type, value }] to an operation, eager or of a graph. */
void setAttributes(const Js &js, napi_value attributes, TFE_Op *op);
void setAttributes(const Js &js, napi_value attributes, TF_OperationDescription *op);

/** The operation as a node of the function being recorded; gives its outputs' numbers. */
std::vector<int32_t> recordOp(Session &session, const Js &js, const std::string &name, napi_value attributes,
                              const std::vector<int32_t> &inputs, int outputs);
int32_t recordInput(Session &session, TF_DataType type, const Shape &shape);
/** The recorded function, from here on an operation of that name. */
void recordEnd(Session &session, const std::string &name, const std::vector<int32_t> &inputs,
               const std::vector<int32_t> &outputs);
void recordDrop(Session &session);

bool hasKernel(const std::string &name);

/** A kernel of our own (kernels.h) on tensors in the host's memory. */
std::vector<int32_t> runKernel(Session &session, const std::string &name, const std::vector<int32_t> &inputs,
                               const std::vector<double> &numbers);

}  // namespace basil
