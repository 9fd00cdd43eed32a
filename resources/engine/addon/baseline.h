// What keeps the compiled addon loading on systems older than the one it is compiled on, down to glibc 2.28 and the C++
// library of GCC 8 (Debian 10, RHEL 8). Of two symbols those have an older version, where the linker would take the
// newest; the older ones stay for ever, as programs of that time ask for them. A third is in baseline.cc.
#pragma once

#include <cstdlib>  // tells which C and C++ library this is

#if defined(__x86_64__) && defined(__GLIBC__)
__asm__(".symver dlsym, dlsym@GLIBC_2.2.5");  // 2.34 moved it from libdl to libc
#endif
#if defined(__x86_64__) && defined(__GLIBCXX__)
// GCC 12 made it noexcept, under another version.
#define BASIL_WAIT "_ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE"
__asm__(".symver " BASIL_WAIT ", " BASIL_WAIT "@GLIBCXX_3.4.11");
#endif
