// For LD_PRELOAD: the n-th write below a folder fails, by whatever library it is made. FAILING_FOLDER is that folder;
// FAILING_CONTROL is a file of five numbers that this library and a test share: n (from 0; -1: nothing fails), the
// error, whether all later ones fail too, writes so far, writes that have failed.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

typedef struct {
  int32_t at, error, forGood, writes, failed;
} Control;

static Control *control;
static char folder[PATH_MAX];

__attribute__((constructor)) static void start(void) {
  const char *path = getenv("FAILING_CONTROL"), *below = getenv("FAILING_FOLDER");
  if (!path || !below) return;
  snprintf(folder, sizeof folder, "%s/", below);
  int file = open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return;
  void *shared = mmap(NULL, sizeof(Control), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (shared != MAP_FAILED) control = shared;
}

static int fails(int descriptor) {
  if (!control || __atomic_load_n(&control->at, __ATOMIC_SEQ_CST) < 0) return 0;
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  if (strncmp(path, folder, strlen(folder)) != 0) return 0;
  int32_t mine = __atomic_fetch_add(&control->writes, 1, __ATOMIC_SEQ_CST);
  if (control->forGood ? mine < control->at : mine != control->at) return 0;
  __atomic_fetch_add(&control->failed, 1, __ATOMIC_SEQ_CST);
  errno = control->error;
  return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int f, const void *bytes, size_t count) { return fails(f) ? -1 : REAL(write)(f, bytes, count); }
ssize_t writev(int f, const struct iovec *v, int n) { return fails(f) ? -1 : REAL(writev)(f, v, n); }
ssize_t pwrite(int f, const void *b, size_t n, off_t at) { return fails(f) ? -1 : REAL(pwrite)(f, b, n, at); }
ssize_t pwrite64(int f, const void *b, size_t n, off64_t at) { return fails(f) ? -1 : REAL(pwrite64)(f, b, n, at); }
ssize_t pwritev(int f, const struct iovec *v, int n, off_t at) { return fails(f) ? -1 : REAL(pwritev)(f, v, n, at); }
ssize_t pwritev64(int f, const struct iovec *v, int n, off64_t at) {
  return fails(f) ? -1 : REAL(pwritev64)(f, v, n, at);
}
int fsync(int f) { return fails(f) ? -1 : REAL(fsync)(f); }
int fdatasync(int f) { return fails(f) ? -1 : REAL(fdatasync)(f); }
