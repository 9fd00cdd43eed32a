// The Node-API addon between JavaScript and TensorFlow's C library: what TensorFlow.js' NodeJSKernelBackend asks of its
// binding (createTensor, deleteTensor, tensorDataSync, executeOp, ...), all types of numbers with it; and beyond it
// functions recorded from such operations and called like one of them, kernels of our own for the processor, and reads
// that wait on another thread.
//
// Values are copied when a tensor is made and when it is read: nothing is shared with JavaScript.
#include <dlfcn.h>

#include <cstring>

#include "baseline.h"
#include "kernels.h"
#include "session.h"

namespace basil {

namespace {

const char *const version = "1.1.0";

struct Arguments {
  Js js;
  Session &session;
  napi_value at[4];
};

/** A function of the addon: its body's Failure is thrown as an Error. */
template <napi_value (*body)(Arguments &)>
napi_value call(napi_env env, napi_callback_info info) {
  try {
    Session *session = nullptr;
    size_t count = 4;
    napi_value given[4];
    const Js js{env};
    js.ok(napi_get_instance_data(env, reinterpret_cast<void **>(&session)));
    js.ok(napi_get_cb_info(env, info, &count, given, nullptr, nullptr));
    Arguments arguments{js, *session, {given[0], given[1], given[2], given[3]}};
    return body(arguments);
  } catch (const std::exception &error) {
    napi_throw_error(env, nullptr, error.what());
    return nullptr;
  }
}

napi_value nothing(const Js &js) {
  napi_value made;
  js.ok(napi_get_undefined(js.env, &made));
  return made;
}

/** A typed array's bytes, or a plain array's numbers as float32 or int32, to where the tensor has them. */
void fill(const Js &js, napi_value values, TF_Tensor *tensor) {
  char *to = static_cast<char *>(TF_TensorData(tensor));
  const size_t size = TF_TensorByteSize(tensor);
  const auto fits = [&](size_t bytes) {
    if (bytes != size) throw Failure("a tensor's shape does not fit its values");
  };
  bool typed;
  js.ok(napi_is_typedarray(js.env, values, &typed));
  if (typed) {
    napi_typedarray_type kind;
    size_t length;
    void *data;
    js.ok(napi_get_typedarray_info(js.env, values, &kind, &length, &data, nullptr, nullptr));
    static const size_t widths[] = {1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8};
    fits(length * (kind < 11 ? widths[kind] : 2));
    if (size) std::memcpy(to, data, size);
    return;
  }
  const auto numbers = js.list<double>(values, [&](napi_value v) { return js.number(v); });
  fits(4 * numbers.size());
  for (size_t i = 0; i < numbers.size(); i++) {
    const float real = static_cast<float>(numbers[i]);
    const int32_t whole = static_cast<int32_t>(numbers[i]);
    std::memcpy(to + 4 * i, TF_TensorType(tensor) == TF_INT32 ? static_cast<const void *>(&whole) : &real, 4);
  }
}

napi_value createTensor(Arguments &a) {
  const Shape shape = a.js.shape(a.at[0]);
  const TF_DataType type = static_cast<TF_DataType>(a.js.integer(a.at[1]));
  size_t size = TF_DataTypeSize(type);
  if (size == 0) throw Failure("a tensor of text, or of a type that is not known");
  for (const int64_t dim : shape) size *= static_cast<size_t>(dim);
  const std::unique_ptr<TF_Tensor, void (*)(TF_Tensor *)> values(
      TF_AllocateTensor(type, shape.data(), static_cast<int>(shape.size()), size), TF_DeleteTensor);
  if (!values) throw Failure("out of memory: a tensor of " + std::to_string(size) + " bytes");
  fill(a.js, a.at[2], values.get());
  Status status;
  TFE_TensorHandle *handle = TFE_NewTensorHandle(values.get(), status);
  status.check();
  // Kernels want whole numbers (shapes, axes, permutations) in the host's memory.
  if (a.session.isGpu && type != TF_INT32 && !a.session.recording) {
    TFE_TensorHandle *there =
        TFE_TensorHandleCopyToDevice(handle, a.session.context, a.session.device.c_str(), status);
    TFE_DeleteTensorHandle(handle);
    status.check();
    handle = there;
  }
  return a.js.of(a.session.add(handle));
}

napi_value deleteTensor(Arguments &a) {
  const int32_t id = a.js.integer(a.at[0]);
  const Held one = a.session.held(id);
  if (!one.handle) return nothing(a.js);  // of the function being recorded, which ends it
  TFE_DeleteTensorHandle(one.handle);
  a.session.tensors.erase(id);
  return nothing(a.js);
}

/** A typed array with a copy of the values; of numbers JavaScript has no array for, their bytes. */
napi_value arrayOf(const Js &js, TF_Tensor *values) {
  const size_t size = TF_TensorByteSize(values);
  void *data;
  napi_value buffer, array;
  js.ok(napi_create_arraybuffer(js.env, size, &data, &buffer));
  if (size) std::memcpy(data, TF_TensorData(values), size);
  const TF_DataType type = TF_TensorType(values);
  const napi_typedarray_type kind = type == TF_FLOAT || type == TF_COMPLEX64 ? napi_float32_array
                                    : type == TF_INT32                       ? napi_int32_array
                                    : type == TF_DOUBLE                      ? napi_float64_array
                                    : type == TF_INT64                       ? napi_bigint64_array
                                                                             : napi_uint8_array;
  const size_t width = kind == napi_uint8_array ? 1 : kind == napi_float64_array || kind == napi_bigint64_array ? 8 : 4;
  js.ok(napi_create_typedarray(js.env, kind, size / width, buffer, 0, &array));
  return array;
}

napi_value tensorDataSync(Arguments &a) {
  Status status;
  TF_Tensor *values = TFE_TensorHandleResolve(a.session.handle(a.js.integer(a.at[0])), status);
  status.check();
  const std::unique_ptr<TF_Tensor, void (*)(TF_Tensor *)> owned(values, TF_DeleteTensor);
  return arrayOf(a.js, values);
}

/** A read under way: another thread waits for the device. */
struct Read {
  TFE_TensorHandle *handle;
  napi_deferred deferred;
  napi_async_work work;
  TF_Tensor *values = nullptr;
  std::string failure;
};

void waitFor(napi_env, void *data) {
  Read &read = *static_cast<Read *>(data);
  Status status;
  read.values = TFE_TensorHandleResolve(read.handle, status);
  if (TF_GetCode(status) != TF_OK) read.failure = TF_Message(status);
}

void finish(napi_env env, napi_status, void *data) {
  const std::unique_ptr<Read> read(static_cast<Read *>(data));
  const Js js{env};
  napi_value message, error;
  if (read->failure.empty() && read->values) {
    napi_value array = nullptr;
    try {
      array = arrayOf(js, read->values);
    } catch (const std::exception &failed) {
      read->failure = failed.what();
    }
    TF_DeleteTensor(read->values);
    if (array) napi_resolve_deferred(env, read->deferred, array);
  }
  if (!read->failure.empty() || !read->values) {
    napi_create_string_utf8(env, read->failure.c_str(), NAPI_AUTO_LENGTH, &message);
    napi_create_error(env, nullptr, message, &error);
    napi_reject_deferred(env, read->deferred, error);
  }
  TFE_DeleteTensorHandle(read->handle);
  napi_delete_async_work(env, read->work);
}

/** The values, promised. The tensor may be deleted meanwhile. */
napi_value tensorData(Arguments &a) {
  Status status;
  auto read = std::make_unique<Read>();
  read->handle = TFE_TensorHandleCopySharingTensor(a.session.handle(a.js.integer(a.at[0])), status);
  status.check();
  napi_value promise, name;
  a.js.ok(napi_create_promise(a.js.env, &read->deferred, &promise));
  a.js.ok(napi_create_string_utf8(a.js.env, "basil:read", NAPI_AUTO_LENGTH, &name));
  a.js.ok(napi_create_async_work(a.js.env, nullptr, name, waitFor, finish, read.get(), &read->work));
  a.js.ok(napi_queue_async_work(a.js.env, read->work));
  read.release();
  return promise;
}

napi_value executeOp(Arguments &a) {
  Session &session = a.session;
  session.calls++;
  const std::string name = a.js.text(a.at[0]);
  const std::vector<int32_t> inputs = a.js.integers(a.at[2]);
  const int expected = a.js.integer(a.at[3]);
  if (session.recording)
    return a.js.tensors(session, recordOp(session, a.js, name, a.at[1], inputs, expected));
  Status status;
  const std::unique_ptr<TFE_Op, void (*)(TFE_Op *)> op(TFE_NewOp(session.context, name.c_str(), status), TFE_DeleteOp);
  status.check();
  for (const int32_t id : inputs) {
    TFE_OpAddInput(op.get(), session.handle(id), status);
    status.check();
  }
  setAttributes(a.js, a.at[1], op.get());
  if (session.isGpu) {
    TFE_OpSetDevice(op.get(), session.device.c_str(), status);
    status.check();
  }
  std::vector<TFE_TensorHandle *> outputs(expected);
  int count = expected;
  TFE_Execute(op.get(), outputs.data(), &count, status);
  status.check();
  std::vector<int32_t> ids;
  for (int i = 0; i < count; i++) ids.push_back(session.add(outputs[i]));
  return a.js.tensors(session, ids);
}

napi_value kernel(Arguments &a) {
  a.session.calls++;
  const auto numbers = a.js.list<double>(a.at[2], [&](napi_value v) { return a.js.number(v); });
  return a.js.tensors(a.session, runKernel(a.session, a.js.text(a.at[0]), a.js.integers(a.at[1]), numbers));
}

/** Gives the kernels their threads; says which they are. */
napi_value openKernels(Arguments &a) {
  a.session.pool = std::make_unique<Pool>(a.js.integer(a.at[0]));
  napi_value name;
  a.js.ok(napi_create_string_utf8(a.js.env, kernels().name, NAPI_AUTO_LENGTH, &name));
  return name;
}

napi_value record(Arguments &a) {
  if (a.session.recording) throw Failure("a function is being recorded already");
  a.session.recording = std::make_unique<Recording>(a.session.next);
  return nothing(a.js);
}

napi_value recordInput(Arguments &a) {
  if (!a.session.recording) throw Failure("no function is being recorded");
  const int32_t id =
      basil::recordInput(a.session, static_cast<TF_DataType>(a.js.integer(a.at[0])), a.js.shape(a.at[1]));
  return a.js.tensor(id, a.js.shape(a.at[1]), static_cast<TF_DataType>(a.js.integer(a.at[0])));
}

napi_value recordEnd(Arguments &a) {
  if (!a.session.recording) throw Failure("no function is being recorded");
  basil::recordEnd(a.session, a.js.text(a.at[0]), a.js.integers(a.at[1]), a.js.integers(a.at[2]));
  return nothing(a.js);
}

napi_value recordDrop(Arguments &a) {
  basil::recordDrop(a.session);
  return nothing(a.js);
}

napi_value forget(Arguments &a) {
  Status status;
  TFE_ContextRemoveFunction(a.session.context, a.js.text(a.at[0]).c_str(), status);
  status.check();
  return nothing(a.js);
}

napi_value isUsingGpuDevice(Arguments &a) {
  napi_value made;
  a.js.ok(napi_get_boolean(a.js.env, a.session.isGpu, &made));
  return made;
}

napi_value getNumOfTensors(Arguments &a) { return a.js.of(static_cast<int32_t>(a.session.tensors.size())); }

napi_value countCalls(Arguments &a) { return a.js.of(static_cast<int32_t>(a.session.calls)); }

const char *const determinism = "_ZN3tsl19EnableOpDeterminismEb";
const char *const tf32 = "_ZN3tsl32enable_tensor_float_32_executionEb";

/** A switch of the whole library that its C interface has not, by the name the C++ function is exported under. */
bool turn(const char *symbol, bool on) {
  const auto found = reinterpret_cast<void (*)(bool)>(dlsym(RTLD_DEFAULT, symbol));
  if (found) found(on);
  return found != nullptr;
}

napi_value truth(const Js &js, bool is) {
  napi_value made;
  js.ok(napi_get_boolean(js.env, is, &made));
  return made;
}

/** Whether float32 products may be computed in TF32; false if the library cannot be told. */
napi_value allowTf32(Arguments &a) {
  return truth(a.js, turn(tf32, a.js.boolean(a.at[0])));
}

/** Whether bfloat16 is multiplied by instructions of its own: on a card, and on processors that have them. */
napi_value hasBf16(Arguments &a) {
  __builtin_cpu_init();
  return truth(a.js, a.session.isGpu || __builtin_cpu_supports("avx512bf16"));
}

napi_value hasKernel(Arguments &a) { return truth(a.js, basil::hasKernel(a.js.text(a.at[0]))); }

template <napi_value (*body)(Arguments &)>
void offer(const Js &js, napi_value exports, const char *name) {
  napi_value function;
  js.ok(napi_create_function(js.env, name, NAPI_AUTO_LENGTH, call<body>, nullptr, &function));
  js.ok(napi_set_named_property(js.env, exports, name, function));
}

void offer(const Js &js, napi_value exports, const char *name, int32_t value) {
  js.ok(napi_set_named_property(js.env, exports, name, js.of(value)));
}

void offer(const Js &js, napi_value exports, const char *name, const char *text) {
  napi_value made;
  js.ok(napi_create_string_utf8(js.env, text, NAPI_AUTO_LENGTH, &made));
  js.ok(napi_set_named_property(js.env, exports, name, made));
}

#define NUMBER(name) offer(js, exports, #name, static_cast<int32_t>(name))

void offerAll(const Js &js, napi_value exports) {
  offer(js, exports, "TF_Version", TF_Version());
  offer(js, exports, "version", version);
  NUMBER(TF_FLOAT), NUMBER(TF_INT32), NUMBER(TF_INT64), NUMBER(TF_BOOL), NUMBER(TF_COMPLEX64), NUMBER(TF_STRING);
  NUMBER(TF_RESOURCE), NUMBER(TF_UINT8), NUMBER(TF_ATTR_STRING), NUMBER(TF_ATTR_INT), NUMBER(TF_ATTR_FLOAT);
  NUMBER(TF_ATTR_BOOL), NUMBER(TF_ATTR_TYPE), NUMBER(TF_ATTR_SHAPE), NUMBER(TF_ATTR_FUNC);
  offer<createTensor>(js, exports, "createTensor");
  offer<deleteTensor>(js, exports, "deleteTensor");
  offer<tensorDataSync>(js, exports, "tensorDataSync");
  offer<tensorData>(js, exports, "tensorData");
  offer<executeOp>(js, exports, "executeOp");
  offer<isUsingGpuDevice>(js, exports, "isUsingGpuDevice");
  offer<getNumOfTensors>(js, exports, "getNumOfTensors");
  offer<countCalls>(js, exports, "countCalls");
  offer<record>(js, exports, "record");
  offer<recordInput>(js, exports, "recordInput");
  offer<recordEnd>(js, exports, "recordEnd");
  offer<recordDrop>(js, exports, "recordDrop");
  offer<forget>(js, exports, "forget");
  offer<openKernels>(js, exports, "openKernels");
  offer<kernel>(js, exports, "kernel");
  offer<hasKernel>(js, exports, "hasKernel");
  offer<allowTf32>(js, exports, "allowTf32");
  offer<hasBf16>(js, exports, "hasBf16");
}

}  // namespace

}  // namespace basil

NAPI_MODULE_INIT() {
  try {
    auto session = std::make_unique<basil::Session>();
    // On a card a run goes to the same bits only by kernels that give them; and float32 is what it is called.
    if (session->isGpu && !(basil::turn(basil::determinism, true) && basil::turn(basil::tf32, false)))
      throw basil::Failure("this TensorFlow cannot be told to compute the same bits at every run, in float32");
    const auto end = [](napi_env, void *data, void *) { delete static_cast<basil::Session *>(data); };
    basil::Js{env}.ok(napi_set_instance_data(env, session.get(), end, nullptr));
    session.release();
    basil::offerAll({env}, exports);
    return exports;
  } catch (const std::exception &error) {
    napi_throw_error(env, nullptr, error.what());
    return nullptr;
  }
}
