// What a vector calls that is asked for more than there can be: the C++ library has it since GCC 11, and as the addon
// brings its own it loads beside older ones too (baseline.h).
#include <new>

namespace std {
[[noreturn]] void __throw_bad_array_new_length() { throw bad_array_new_length(); }
}  // namespace std
