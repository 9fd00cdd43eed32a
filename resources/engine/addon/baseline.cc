// The addon loads beside the C++ library of GCC 8 (glibc 2.28) and newer, whatever compiles it. From GCC 11 on a vector
// that is asked for too much calls a function that older libraries do not have; here it is our own.
#include <new>

namespace std {

__attribute__((visibility("hidden"))) void __throw_bad_array_new_length() { throw bad_array_new_length(); }

}  // namespace std
