// Attributes of operations, as tfjs-node writes them down: { name, type: TF_ATTR_*, value }, a value or a list of them.
#include "session.h"

namespace basil {

namespace {

/** The same calls on an eager operation and on a node of a graph. */
struct Eager {
  TFE_Op *op;
  void type(const char *n, TF_DataType v) { TFE_OpSetAttrType(op, n, v); }
  void types(const char *n, const std::vector<TF_DataType> &v) { TFE_OpSetAttrTypeList(op, n, v.data(), v.size()); }
  void integer(const char *n, int64_t v) { TFE_OpSetAttrInt(op, n, v); }
  void integers(const char *n, const std::vector<int64_t> &v) { TFE_OpSetAttrIntList(op, n, v.data(), v.size()); }
  void real(const char *n, float v) { TFE_OpSetAttrFloat(op, n, v); }
  void reals(const char *n, const std::vector<float> &v) { TFE_OpSetAttrFloatList(op, n, v.data(), v.size()); }
  void boolean(const char *n, bool v) { TFE_OpSetAttrBool(op, n, v); }
  void booleans(const char *n, const std::vector<unsigned char> &v) {
    TFE_OpSetAttrBoolList(op, n, v.data(), v.size());
  }
  void text(const char *n, const std::string &v) { TFE_OpSetAttrString(op, n, v.data(), v.size()); }
  void texts(const char *n, const void *const *v, const size_t *lengths, size_t count) {
    TFE_OpSetAttrStringList(op, n, v, lengths, count);
  }
  void shape(const char *n, const Shape &v) {
    Status status;
    TFE_OpSetAttrShape(op, n, v.data(), v.size(), status);
    status.check();
  }
  void function(const char *n, const std::string &v) { TFE_OpSetAttrFunctionName(op, n, v.data(), v.size()); }
};

struct Node {
  TF_OperationDescription *op;
  void type(const char *n, TF_DataType v) { TF_SetAttrType(op, n, v); }
  void types(const char *n, const std::vector<TF_DataType> &v) { TF_SetAttrTypeList(op, n, v.data(), v.size()); }
  void integer(const char *n, int64_t v) { TF_SetAttrInt(op, n, v); }
  void integers(const char *n, const std::vector<int64_t> &v) { TF_SetAttrIntList(op, n, v.data(), v.size()); }
  void real(const char *n, float v) { TF_SetAttrFloat(op, n, v); }
  void reals(const char *n, const std::vector<float> &v) { TF_SetAttrFloatList(op, n, v.data(), v.size()); }
  void boolean(const char *n, bool v) { TF_SetAttrBool(op, n, v); }
  void booleans(const char *n, const std::vector<unsigned char> &v) { TF_SetAttrBoolList(op, n, v.data(), v.size()); }
  void text(const char *n, const std::string &v) { TF_SetAttrString(op, n, v.data(), v.size()); }
  void texts(const char *n, const void *const *v, const size_t *lengths, size_t count) {
    TF_SetAttrStringList(op, n, v, lengths, count);
  }
  void shape(const char *n, const Shape &v) { TF_SetAttrShape(op, n, v.data(), v.size()); }
  void function(const char *n, const std::string &v) { TF_SetAttrFuncName(op, n, v.data(), v.size()); }
};

template <typename Sink>
void setOne(const Js &js, Sink sink, const char *name, int32_t type, napi_value value) {
  const bool isList = js.isArray(value);
  const auto toType = [&](napi_value v) { return static_cast<TF_DataType>(js.integer(v)); };
  const auto toInteger = [&](napi_value v) { return js.wide(v); };
  const auto toReal = [&](napi_value v) { return static_cast<float>(js.number(v)); };
  const auto toByte = [&](napi_value v) { return static_cast<unsigned char>(js.boolean(v)); };
  switch (type) {
    case TF_ATTR_TYPE:
      return isList ? sink.types(name, js.list<TF_DataType>(value, toType)) : sink.type(name, toType(value));
    case TF_ATTR_INT:
      return isList ? sink.integers(name, js.list<int64_t>(value, toInteger)) : sink.integer(name, toInteger(value));
    case TF_ATTR_FLOAT:
      return isList ? sink.reals(name, js.list<float>(value, toReal)) : sink.real(name, toReal(value));
    case TF_ATTR_BOOL:
      return isList ? sink.booleans(name, js.list<unsigned char>(value, toByte)) : sink.boolean(name, js.boolean(value));
    case TF_ATTR_SHAPE:
      return sink.shape(name, js.shape(value));
    case TF_ATTR_FUNC:
      return sink.function(name, js.text(value));
    case TF_ATTR_STRING: {
      if (!isList) return sink.text(name, js.text(value));
      const auto all = js.list<std::string>(value, [&](napi_value v) { return js.text(v); });
      std::vector<const void *> starts;
      std::vector<size_t> lengths;
      for (const auto &one : all) {
        starts.push_back(one.data());
        lengths.push_back(one.size());
      }
      return sink.texts(name, starts.data(), lengths.data(), all.size());
    }
    default:
      throw Failure(std::string("the attribute ") + name + " has a type that is not known");
  }
}

template <typename Sink>
void setAll(const Js &js, napi_value attributes, Sink sink) {
  const uint32_t count = js.length(attributes);
  for (uint32_t i = 0; i < count; i++) {
    const napi_value one = js.element(attributes, i);
    const std::string name = js.text(js.property(one, "name"));
    setOne(js, sink, name.c_str(), js.integer(js.property(one, "type")), js.property(one, "value"));
  }
}

}  // namespace

void setAttributes(const Js &js, napi_value attributes, TFE_Op *op) { setAll(js, attributes, Eager{op}); }
void setAttributes(const Js &js, napi_value attributes, TF_OperationDescription *op) {
  setAll(js, attributes, Node{op});
}

}  // namespace basil
