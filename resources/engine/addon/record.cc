// Functions recorded: between record() and recordEnd() an operation that JavaScript asks for becomes a node of a graph
// instead of being run, and its outputs are symbols with the shapes that TensorFlow infers. What is small and made on
// the way (permutations, axes, factors) becomes a constant; any other tensor must be one of the function's inputs.
#include "session.h"

namespace basil {

namespace {

TF_Output constant(Session &session, int32_t id) {
  Recording &recording = *session.recording;
  const auto known = recording.constants.find(id);
  if (known != recording.constants.end()) return known->second;
  if (id < recording.first) throw Failure("a recorded function reads a tensor that it was not given");
  Status status;
  TF_Tensor *values = TFE_TensorHandleResolve(session.handle(id), status);
  status.check();
  const std::string name = "constant" + std::to_string(recording.nodes++);
  TF_OperationDescription *node = TF_NewOperation(recording.graph, "Const", name.c_str());
  TF_SetAttrType(node, "dtype", TF_TensorType(values));
  TF_SetAttrTensor(node, "value", values, status);
  TF_Operation *made = TF_GetCode(status) == TF_OK ? TF_FinishOperation(node, status) : nullptr;
  TF_DeleteTensor(values);
  status.check();
  return recording.constants[id] = TF_Output{made, 0};
}

TF_Output symbolOf(Session &session, int32_t id) {
  const Held &one = session.held(id);
  return one.handle ? constant(session, id) : one.symbol;
}


}  // namespace

int32_t recordInput(Session &session, TF_DataType type, const Shape &shape) {
  Recording &recording = *session.recording;
  Status status;
  const std::string name = "input" + std::to_string(recording.nodes++);
  TF_OperationDescription *node = TF_NewOperation(recording.graph, "Placeholder", name.c_str());
  TF_SetAttrType(node, "dtype", type);
  TF_SetAttrShape(node, "shape", shape.data(), static_cast<int>(shape.size()));
  TF_Operation *made = TF_FinishOperation(node, status);
  status.check();
  return session.add(Held{nullptr, {made, 0}});
}

std::vector<int32_t> recordOp(Session &session, const Js &js, const std::string &name, napi_value attributes,
                              const std::vector<int32_t> &inputs, int outputs) {
  Recording &recording = *session.recording;
  Status status;
  std::vector<TF_Output> from;
  for (const int32_t id : inputs) from.push_back(symbolOf(session, id));
  const std::string label = name + std::to_string(recording.nodes++);
  TF_OperationDescription *node = TF_NewOperation(recording.graph, name.c_str(), label.c_str());
  // Those that take a list, by their attribute N: all that precede a last lone input of ConcatV2 are in it.
  const bool takesList = name == "Pack" || name == "ConcatV2" || name == "AddN";
  const size_t listed = !takesList ? 0 : name == "ConcatV2" ? from.size() - 1 : from.size();
  if (takesList) TF_AddInputList(node, from.data(), static_cast<int>(listed));
  for (size_t i = listed; i < from.size(); i++) TF_AddInput(node, from[i]);
  setAttributes(js, attributes, node);
  TF_Operation *made = TF_FinishOperation(node, status);
  status.check();
  std::vector<int32_t> ids;
  for (int i = 0; i < outputs; i++) ids.push_back(session.add(Held{nullptr, {made, i}}));
  return ids;
}

void recordDrop(Session &session) {
  for (auto one = session.tensors.begin(); one != session.tensors.end();)
    one = one->second.handle ? std::next(one) : session.tensors.erase(one);
  session.recording.reset();
}

void recordEnd(Session &session, const std::string &name, const std::vector<int32_t> &inputs,
               const std::vector<int32_t> &outputs) {
  Status status;
  std::vector<TF_Output> from, to;
  for (const int32_t id : inputs) from.push_back(session.held(id).symbol);
  for (const int32_t id : outputs) to.push_back(symbolOf(session, id));
  TF_Function *function = TF_GraphToFunction(session.recording->graph, name.c_str(), 0, -1, nullptr,
                                             static_cast<int>(from.size()), from.data(), static_cast<int>(to.size()),
                                             to.data(), nullptr, nullptr, nullptr, status);
  status.check();
  TFE_ContextAddFunction(session.context, function, status);
  TF_DeleteFunction(function);
  recordDrop(session);
  status.check();
}

}  // namespace basil
