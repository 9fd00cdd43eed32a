// Loaded before libc into a process of a test (LD_PRELOAD): writes down what it does to files under one folder, in the
// order in which it does it, and fails it where it is told to. power/log.ts reads what is written here.
//   BASIL_DISK_ROOT     the folder
//   BASIL_DISK_LOG      where to write it down; unset: nowhere
//   BASIL_DISK_CONTROL  a file; what is written to it is a command, not content:
//     mark TEXT             goes into the log
//     fail N once CODE      the N-th operation from now on fails with errno CODE
//     fail N forever CODE   it and all that follow
//     heal                  none fails any more; the file then holds how many there were
// A record: type, inode, offset, two lengths, two texts (names or bytes):
//   C created a file; W wrote bytes; T cut or extended; S synced; A all there is in a file that gets another name;
//   D synced a folder; R renamed; L linked; U unlinked; M made a folder; K mark
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

namespace {

pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
int log_fd = -2;
long count = 0, fail_at = 0;
int fail_code = 0;
bool fail_forever = false;

struct Locked {
  Locked() { pthread_mutex_lock(&lock); }
  ~Locked() { pthread_mutex_unlock(&lock); }
};

template <typename F> F real(F, const char* name) { return reinterpret_cast<F>(dlsym(RTLD_NEXT, name)); }
#define REAL(name) (real(&::name, #name))

bool is_inside(const char* path) {
  static const char* root = getenv("BASIL_DISK_ROOT");
  static const size_t length = root ? strlen(root) : 0;
  return length > 0 && strncmp(path, root, length) == 0 && (path[length] == '/' || path[length] == 0);
}

bool is_control(const char* path) {
  static const char* control = getenv("BASIL_DISK_CONTROL");
  return control && strcmp(path, control) == 0;
}

/** Absolute, links not followed. */
void absolute(int at, const char* path, char* out) {
  if (path[0] == '/') {
    snprintf(out, PATH_MAX, "%s", path);
    return;
  }
  char base[PATH_MAX] = "", link[64];
  if (at == AT_FDCWD) {
    if (!getcwd(base, sizeof base)) base[0] = 0;
  } else {
    snprintf(link, sizeof link, "/proc/self/fd/%d", at);
    ssize_t n = readlink(link, base, sizeof base - 1);
    base[n > 0 ? n : 0] = 0;
  }
  snprintf(out, PATH_MAX, "%.2000s/%.2000s", base, path);
}

bool path_of(int fd, char* out) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, out, PATH_MAX - 1);
  out[n > 0 ? n : 0] = 0;
  return n > 0;
}

void put_all(const void* bytes, size_t length) {
  auto write_now = REAL(write);
  const char* at = static_cast<const char*>(bytes);
  while (length > 0) {
    ssize_t n = write_now(log_fd, at, length);
    if (n <= 0) abort();
    at += n;
    length -= static_cast<size_t>(n);
  }
}

void record(char type, uint64_t inode, uint64_t offset, const void* a, size_t na, const void* b = "", size_t nb = 0) {
  if (log_fd == -2) {
    const char* path = getenv("BASIL_DISK_LOG");
    log_fd = path ? REAL(open)(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
  }
  if (log_fd < 0) return;
  char head[25];
  uint32_t lengths[2] = {static_cast<uint32_t>(na), static_cast<uint32_t>(nb)};
  head[0] = type;
  memcpy(head + 1, &inode, 8);
  memcpy(head + 9, &offset, 8);
  memcpy(head + 17, lengths, 8);
  put_all(head, sizeof head);
  put_all(a, na);
  put_all(b, nb);
}

void record_names(char type, uint64_t inode, const char* a, const char* b = "") {
  record(type, inode, 0, a, strlen(a), b, strlen(b));
}

/** Whether this operation is to fail. codes that a full disk would not say are left out by the caller. */
bool fails(bool takes_room = true) {
  count++;
  bool due = fail_at > 0 && (fail_forever ? count >= fail_at : count == fail_at);
  if (!due || (fail_code == ENOSPC && !takes_room)) return false;
  errno = fail_code;
  return true;
}

void obey(int fd, const char* text, size_t length) {
  char command[256], how[16] = "";
  snprintf(command, sizeof command, "%.*s", static_cast<int>(length), text);
  if (strncmp(command, "mark ", 5) == 0) record('K', 0, 0, command + 5, strlen(command + 5));
  if (sscanf(command, "fail %ld %15s %d", &fail_at, how, &fail_code) == 3) {
    count = 0;
    fail_forever = strcmp(how, "forever") == 0;
  }
  if (strncmp(command, "heal", 4) == 0) {
    fail_at = 0;
    char told[32];
    int n = snprintf(told, sizeof told, "%ld\n", count);
    if (REAL(ftruncate)(fd, 0) != 0 || REAL(pwrite)(fd, told, static_cast<size_t>(n), 0) != n) abort();
  }
}

/** The inode, where it is a file inside; 0 elsewhere. */
uint64_t inode_of(int fd, char* path) {
  struct stat about;
  if (!path_of(fd, path) || !is_inside(path) || fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) return 0;
  return about.st_ino;
}

template <typename Act> ssize_t written(int fd, const char* bytes, size_t length, int64_t offset, Act act) {
  char path[PATH_MAX];
  if (fd <= 2 || !path_of(fd, path)) return act();
  if (is_control(path)) {
    Locked here;
    obey(fd, bytes, length);
    return static_cast<ssize_t>(length);
  }
  if (!is_inside(path)) return act();
  Locked here;
  uint64_t inode = inode_of(fd, path);
  if (inode == 0) return act();
  if (fails()) return -1;
  if (offset < 0) {
    struct stat about;
    bool appends = (fcntl(fd, F_GETFL) & O_APPEND) != 0;
    offset = appends && fstat(fd, &about) == 0 ? about.st_size : lseek(fd, 0, SEEK_CUR);
  }
  ssize_t n = act();
  if (n > 0) record('W', inode, static_cast<uint64_t>(offset), bytes, static_cast<size_t>(n));
  return n;
}

char* joined(const struct iovec* parts, int many, size_t* length) {
  *length = 0;
  for (int i = 0; i < many; i++) *length += parts[i].iov_len;
  char* all = static_cast<char*>(malloc(*length + 1));
  size_t at = 0;
  for (int i = 0; i < many; i++) {
    memcpy(all + at, parts[i].iov_base, parts[i].iov_len);
    at += parts[i].iov_len;
  }
  return all;
}

int opened(int at, const char* given, int flags, mode_t mode) {
  auto open_now = REAL(openat);
  char path[PATH_MAX];
  absolute(at, given, path);
  if ((flags & (O_CREAT | O_TRUNC)) == 0 || !is_inside(path)) return open_now(at, given, flags, mode);
  Locked here;
  struct stat about;
  bool was = stat(path, &about) == 0;
  if ((!was || (flags & O_TRUNC)) && fails()) return -1;
  int fd = open_now(at, given, flags, mode);
  if (fd >= 0 && fstat(fd, &about) == 0) {
    if (!was) record_names('C', about.st_ino, path);
    else if (flags & O_TRUNC) record('T', about.st_ino, 0, "", 0);
  }
  return fd;
}

template <typename Act> int synced(int fd, Act act) {
  char path[PATH_MAX];
  struct stat about;
  if (!path_of(fd, path) || !is_inside(path) || fstat(fd, &about) != 0) return act();
  Locked here;
  if (fails(false)) return -1;
  int done = act();
  if (done == 0) record_names(S_ISDIR(about.st_mode) ? 'D' : 'S', about.st_ino, path);
  return done;
}

template <typename Act> int cut(int fd, off64_t size, Act act) {
  char path[PATH_MAX];
  if (!path_of(fd, path) || !is_inside(path)) return act();
  Locked here;
  uint64_t inode = inode_of(fd, path);
  if (fails(false)) return -1;
  int done = act();
  if (done == 0 && inode) record('T', inode, static_cast<uint64_t>(size), "", 0);
  return done;
}

/** What a file holds that is about to get a name: it may have been written in ways that are not looked at here. */
uint64_t tell_all(const char* path) {
  int fd = REAL(open)(path, O_RDONLY | O_CLOEXEC);
  struct stat about;
  if (fd < 0) return 0;
  uint64_t inode = 0;
  if (fstat(fd, &about) == 0 && S_ISREG(about.st_mode)) {
    inode = about.st_ino;
    size_t size = static_cast<size_t>(about.st_size);
    char* all = static_cast<char*>(malloc(size + 1));
    if (pread(fd, all, size, 0) == about.st_size) record('A', inode, 0, all, size);
    free(all);
  }
  REAL(close)(fd);
  return inode;
}

template <typename Act> int named(char type, const char* from, const char* to, Act act) {
  if (!is_inside(from) && !is_inside(to)) return act();
  Locked here;
  if (fails(type == 'L')) return -1;
  uint64_t inode = tell_all(from);
  int done = act();
  if (done == 0) record_names(type, inode, from, to);
  return done;
}

template <typename Act> int one(char type, const char* path, Act act) {
  if (!is_inside(path)) return act();
  Locked here;
  if (fails(type == 'M')) return -1;
  int done = act();
  if (done == 0) record_names(type, 0, path);
  return done;
}

} // namespace

extern "C" {

#define MODE(flags) \
  mode_t mode = 0; \
  if ((flags) & (O_CREAT | O_TMPFILE)) { \
    va_list rest; \
    va_start(rest, flags); \
    mode = static_cast<mode_t>(va_arg(rest, int)); \
    va_end(rest); \
  }

int open(const char* path, int flags, ...) {
  MODE(flags)
  return opened(AT_FDCWD, path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  MODE(flags)
  return opened(AT_FDCWD, path, flags | O_LARGEFILE, mode);
}
int openat(int at, const char* path, int flags, ...) {
  MODE(flags)
  auto open_now = REAL(openat64);
  char whole[PATH_MAX];
  absolute(at, path, whole);
  return is_inside(whole) ? opened(AT_FDCWD, whole, flags, mode) : open_now(at, path, flags, mode);
}
ssize_t write(int fd, const void* bytes, size_t length) {
  return written(fd, static_cast<const char*>(bytes), length, -1, [&] { return REAL(write)(fd, bytes, length); });
}
ssize_t pwrite(int fd, const void* bytes, size_t length, off_t offset) {
  return written(fd, static_cast<const char*>(bytes), length, offset,
                 [&] { return REAL(pwrite)(fd, bytes, length, offset); });
}
ssize_t pwrite64(int fd, const void* bytes, size_t length, off64_t offset) {
  return written(fd, static_cast<const char*>(bytes), length, offset,
                 [&] { return REAL(pwrite64)(fd, bytes, length, offset); });
}
ssize_t writev(int fd, const struct iovec* parts, int many) {
  size_t length;
  char* all = joined(parts, many, &length);
  ssize_t n = written(fd, all, length, -1, [&] { return REAL(writev)(fd, parts, many); });
  free(all);
  return n;
}
ssize_t pwritev(int fd, const struct iovec* parts, int many, off_t offset) {
  size_t length;
  char* all = joined(parts, many, &length);
  ssize_t n = written(fd, all, length, offset, [&] { return REAL(pwritev)(fd, parts, many, offset); });
  free(all);
  return n;
}
ssize_t pwritev64(int fd, const struct iovec* parts, int many, off64_t offset) {
  size_t length;
  char* all = joined(parts, many, &length);
  ssize_t n = written(fd, all, length, offset, [&] { return REAL(pwritev64)(fd, parts, many, offset); });
  free(all);
  return n;
}
int ftruncate(int fd, off_t size) noexcept {
  return cut(fd, size, [&] { return REAL(ftruncate)(fd, size); });
}
int ftruncate64(int fd, off64_t size) noexcept {
  return cut(fd, size, [&] { return REAL(ftruncate64)(fd, size); });
}
int fsync(int fd) {
  return synced(fd, [&] { return REAL(fsync)(fd); });
}
int fdatasync(int fd) {
  return synced(fd, [&] { return REAL(fdatasync)(fd); });
}
int rename(const char* from, const char* to) noexcept {
  return named('R', from, to, [&] { return REAL(rename)(from, to); });
}
int link(const char* from, const char* to) noexcept {
  return named('L', from, to, [&] { return REAL(link)(from, to); });
}
int unlink(const char* path) noexcept {
  return one('U', path, [&] { return REAL(unlink)(path); });
}
int rmdir(const char* path) noexcept {
  return one('U', path, [&] { return REAL(rmdir)(path); });
}
int remove(const char* path) noexcept {
  return one('U', path, [&] { return REAL(remove)(path); });
}
int unlinkat(int at, const char* path, int flags) noexcept {
  char whole[PATH_MAX];
  absolute(at, path, whole);
  return one('U', whole, [&] { return REAL(unlinkat)(at, path, flags); });
}
int mkdir(const char* path, mode_t mode) noexcept {
  return one('M', path, [&] { return REAL(mkdir)(path, mode); });
}
char* mkdtemp(char* path) noexcept {
  char* made = nullptr;
  one('M', path, [&] { return (made = REAL(mkdtemp)(path)) ? 0 : -1; });
  return made;
}

} // extern "C"
