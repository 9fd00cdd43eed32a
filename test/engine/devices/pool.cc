// Calls of few short rows, whose last one another thread is at when the caller is through with its own.
#include <cstdio>

#include "pool.h"

int main() {
  basil::Pool pool(3);
  int wrong = 0;
  for (int64_t call = 0; call < 1'000'000; call++) {
    std::atomic<int64_t> sum{0};
    const int64_t rows = 2 + call % 40;
    pool.each(rows, [&](int64_t row) {
      for (volatile int i = 0; i < 300; i = i + 1) {
      }
      sum += row + 1;
    });
    if (sum != rows * (rows + 1) / 2) wrong++;
  }
  std::printf("%d of 1000000 calls missed a row or had one twice", wrong);
}
