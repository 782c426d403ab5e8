/* Removes trees of a container by descriptor, never following a link; locks its folder and reads its files. */
#include "orc.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static bool is_dots(const char *name) { return !strcmp(name, ".") || !strcmp(name, ".."); }

static bool is_other(int error) { return error == EEXIST || error == ENOTEMPTY || error == ENOTDIR; }

/* What lies too deep is brought up to the top, under a name that is free: no container makes what we cannot remove. */
static int lift(int dir, const char *name, int top) {
  static unsigned lifted;
  char up[32];
  do {
    snprintf(up, sizeof up, ".orc-lifted-%u", ++lifted);
    if (renameat(dir, name, top, up) == 0) return 0;
  } while (is_other(errno));
  return -errno;
}

static int empty_directory(int dir, const char *name, int top, int depth);

static int remove_entry(int dir, const char *name, int top, int depth) {
  if (!unlinkat(dir, name, 0) || errno == ENOENT) return 0;
  if (errno != EISDIR && errno != EPERM) return -errno;
  if (depth == REMOVE_DEPTH_MAX) return lift(dir, name, top);
  int result = empty_directory(dir, name, top, depth + 1);
  if (result) return result;
  return unlinkat(dir, name, AT_REMOVEDIR) && errno != ENOENT ? -errno : 0;
}

/* `top`: where `lift` puts things; -1: the directory itself, which is then gone through until nothing is left. */
static int empty_directory(int dir, const char *name, int top, int depth) {
  int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return -errno;
  DIR *list = fdopendir(fd);
  if (!list) {
    close(fd);
    return -errno;
  }
  int result = 0;
  bool any = true;
  while (!result && any) {
    any = false;
    rewinddir(list);
    for (struct dirent *e; !result && (e = readdir(list));) {
      if (is_dots(e->d_name)) continue;
      any = top < 0;
      result = remove_entry(fd, e->d_name, top < 0 ? fd : top, depth);
    }
  }
  closedir(list);
  return result;
}

int remove_tree(int dir, const char *name) {
  int result = empty_directory(dir, name, -1, 0);
  if (result == -ENOENT) return 0;
  if (result == -ENOTDIR || result == -ELOOP) return unlinkat(dir, name, 0) ? -errno : 0;
  if (result) return result;
  return unlinkat(dir, name, AT_REMOVEDIR) && errno != ENOENT ? -errno : 0;
}

int clear_directory(const char *path) {
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return -errno;
  int result = empty_directory(fd, ".", -1, 0);
  close(fd);
  return result;
}

/* -EBUSY after `limit_ms`, -ECANCELED once `client` (-1: none) has gone. */
int lock_within(int fd, uint64_t limit_ms, int client) {
  uint64_t until = monotonic_ms() + limit_ms;
  while (flock(fd, LOCK_EX | LOCK_NB)) {
    if (errno != EWOULDBLOCK && errno != EINTR) return -errno;
    if (monotonic_ms() > until) return -EBUSY;
    if (hung_up(client)) return -ECANCELED;
    nanosleep(&(struct timespec){.tv_nsec = LOCK_POLL_NS}, NULL);
  }
  return 0;
}

/* folder: waits until no shim holds it. The lock is on the folder itself. */
int op_lock(struct plan *p, struct cursor *c) {
  const char *folder = take_string(c);
  if (c->bad) return -EBADMSG;
  p->lock = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (p->lock < 0) return errno == ENOENT ? 0 : -errno;
  return lock_within(p->lock, LOCK_WAIT_MS, p->client);
}

int op_remove_tree(struct plan *p, struct cursor *c) {
  (void)p;
  const char *path = take_string(c);
  if (c->bad || *path != '/') return -EBADMSG;
  return remove_tree(AT_FDCWD, path);
}

/* path in the root: its content as an output frame; an empty one when it is missing or no regular file */
int op_read(struct plan *p, struct cursor *c) {
  const char *path = take_string(c);
  if (c->bad) return -EBADMSG;
  SCOPED_FD fd = in_root(p->root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
  struct stat st;
  if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode)) return send_frame(p->client, FR_OUTPUT, 1, NULL, 0);
  if (st.st_size > READ_BYTES_MAX) return -EFBIG;
  char *text = malloc((size_t)st.st_size + 1);
  if (!text) return -ENOMEM;
  ssize_t length = read(fd, text, (size_t)st.st_size);
  int result = length < 0 ? -errno : send_frame(p->client, FR_OUTPUT, 1, text, (uint32_t)length);
  free(text);
  return result;
}
