// Session and the values of JavaScript.
#include "session.h"

#include <cstring>

namespace basil {

Session::Session() {
  Status status;
  TFE_ContextOptions *options = TFE_NewContextOptions();
  context = TFE_NewContext(options, status);
  TFE_DeleteContextOptions(options);
  status.check();
  TF_DeviceList *devices = TFE_ContextListDevices(context, status);
  status.check();
  // The last GPU where there is one, as BASIL_DEVICE leaves one visible; else the processor.
  for (int i = 0; i < TF_DeviceListCount(devices); i++) {
    const std::string type = TF_DeviceListType(devices, i, status);
    if (type == "GPU" || (type == "CPU" && device.empty())) {
      device = TF_DeviceListName(devices, i, status);
      isGpu = type == "GPU";
    }
  }
  TF_DeleteDeviceList(devices);
}

Session::~Session() {
  recording.reset();
  for (auto &[id, one] : tensors)
    if (one.handle) TFE_DeleteTensorHandle(one.handle);
  TFE_DeleteContext(context);
}

Held &Session::held(int32_t id) {
  const auto found = tensors.find(id);
  if (found == tensors.end()) throw Failure("there is no tensor " + std::to_string(id));
  return found->second;
}

TFE_TensorHandle *Session::handle(int32_t id) {
  TFE_TensorHandle *found = held(id).handle;
  if (!found) throw Failure("a function that is being recorded has no values yet");
  return found;
}

Shape shapeOf(TFE_TensorHandle *handle) {
  Status status;
  Shape shape(TFE_TensorHandleNumDims(handle, status));
  status.check();
  for (size_t i = 0; i < shape.size(); i++) shape[i] = TFE_TensorHandleDim(handle, static_cast<int>(i), status);
  status.check();
  return shape;
}

std::string Js::text(napi_value value) const {
  size_t length = 0;
  ok(napi_get_value_string_utf8(env, value, nullptr, 0, &length));
  std::string text(length, '\0');
  ok(napi_get_value_string_utf8(env, value, text.data(), length + 1, &length));
  return text;
}

int32_t Js::integer(napi_value value) const {
  int32_t found;
  ok(napi_get_value_int32(env, value, &found));
  return found;
}

int64_t Js::wide(napi_value value) const {
  int64_t found;
  ok(napi_get_value_int64(env, value, &found));
  return found;
}

double Js::number(napi_value value) const {
  double found;
  ok(napi_get_value_double(env, value, &found));
  return found;
}

bool Js::boolean(napi_value value) const {
  bool found;
  ok(napi_get_value_bool(env, value, &found));
  return found;
}

bool Js::isArray(napi_value value) const {
  bool is;
  ok(napi_is_array(env, value, &is));
  return is;
}

uint32_t Js::length(napi_value array) const {
  uint32_t length;
  ok(napi_get_array_length(env, array, &length));
  return length;
}

napi_value Js::element(napi_value array, uint32_t i) const {
  napi_value found;
  ok(napi_get_element(env, array, i, &found));
  return found;
}

napi_value Js::property(napi_value object, const char *name) const {
  napi_value found;
  ok(napi_get_named_property(env, object, name, &found));
  return found;
}

napi_value Js::of(int32_t value) const {
  napi_value made;
  ok(napi_create_int32(env, value, &made));
  return made;
}

napi_value Js::of(const Shape &shape) const {
  napi_value array;
  ok(napi_create_array_with_length(env, shape.size(), &array));
  for (size_t i = 0; i < shape.size(); i++) {
    napi_value dim;
    ok(napi_create_int64(env, shape[i], &dim));
    ok(napi_set_element(env, array, static_cast<uint32_t>(i), dim));
  }
  return array;
}

napi_value Js::tensor(int32_t id, const Shape &shape, TF_DataType type) const {
  napi_value made;
  ok(napi_create_object(env, &made));
  ok(napi_set_named_property(env, made, "id", of(id)));
  ok(napi_set_named_property(env, made, "shape", of(shape)));
  ok(napi_set_named_property(env, made, "dtype", of(static_cast<int32_t>(type))));
  return made;
}

napi_value Js::tensors(Session &session, const std::vector<int32_t> &ids) const {
  napi_value array;
  ok(napi_create_array_with_length(env, ids.size(), &array));
  for (size_t i = 0; i < ids.size(); i++) {
    const Held &one = session.held(ids[i]);
    Shape shape;
    TF_DataType type;
    if (one.handle) {
      shape = shapeOf(one.handle);
      type = TFE_TensorHandleDataType(one.handle);
    } else {
      Status status;
      TF_Graph *graph = session.recording->graph;
      const int rank = TF_GraphGetTensorNumDims(graph, one.symbol, status);
      status.check();
      if (rank < 0) throw Failure("the shape of an operation's output is not known while it is recorded");
      shape.resize(rank);
      TF_GraphGetTensorShape(graph, one.symbol, shape.data(), rank, status);
      status.check();
      for (const int64_t dim : shape)
        if (dim < 0) throw Failure("the shape of an operation's output is not known while it is recorded");
      type = TF_OperationOutputType(one.symbol);
    }
    ok(napi_set_element(env, array, static_cast<uint32_t>(i), tensor(ids[i], shape, type)));
  }
  return array;
}

}  // namespace basil
