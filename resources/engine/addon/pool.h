// Threads that share the rows of a kernel's work: they sleep between two calls, and the one that calls works with them,
// and waits for no one who has not begun. What a job computes does not depend on which thread took it, nor on how many there are.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "baseline.h"

namespace basil {

class Pool {
 public:
  explicit Pool(int threads) {
    for (int i = 1; i < threads; i++) workers_.emplace_back([this] { live(); });
  }

  ~Pool() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      ended_ = true;
    }
    begin_.notify_all();
    for (auto &worker : workers_) worker.join();
  }

  /** job(0) to job(count - 1), in no order; back when all are done. */
  void each(int64_t count, const std::function<void(int64_t)> &job) {
    if (count < 2 || workers_.empty()) {
      for (int64_t i = 0; i < count; i++) job(i);
      return;
    }
    {
      std::lock_guard<std::mutex> lock(mutex_);
      job_ = &job;
      count_ = count;
      next_ = 0;
      round_++;
    }
    begin_.notify_all();
    take(job, count);
    std::unique_lock<std::mutex> lock(mutex_);
    job_ = nullptr;  // whoever wakes up now is too late
    done_.wait(lock, [this] { return busy_ == 0; });
  }

 private:
  /** Rows of a job as it was when the lock was held: the caller takes job_ away while others are still at their rows. */
  void take(const std::function<void(int64_t)> &job, int64_t count) {
    for (int64_t i = next_++; i < count; i = next_++) job(i);
  }

  void live() {
    int64_t seen = 0;
    for (;;) {
      const std::function<void(int64_t)> *job;
      int64_t count;
      {
        std::unique_lock<std::mutex> lock(mutex_);
        begin_.wait(lock, [&] { return ended_ || round_ != seen; });
        if (ended_) return;
        seen = round_;
        if (!job_) continue;
        job = job_;
        count = count_;
        busy_++;
      }
      take(*job, count);
      std::lock_guard<std::mutex> lock(mutex_);
      if (--busy_ == 0) done_.notify_one();
    }
  }

  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable begin_, done_;
  const std::function<void(int64_t)> *job_ = nullptr;
  int64_t count_ = 0, round_ = 0;
  std::atomic<int64_t> next_{0};
  int busy_ = 0;
  bool ended_ = false;
};

}  // namespace basil
