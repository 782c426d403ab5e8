/* Copies and removes trees of a container by descriptor, never following a link. */
#include "orc.h"
#include <dirent.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

enum { XATTR_VALUE_MAX = 64 << 10, COPY_CHUNK = 1 << 20 };

static int copy_xattrs(int from, int to) {
  char names[4096];
  static char value[XATTR_VALUE_MAX];
  ssize_t length = flistxattr(from, names, sizeof names);
  if (length < 0) return errno == ENOTSUP ? 0 : -errno;
  for (char *name = names; name < names + length; name += strlen(name) + 1) {
    /* overlay's own marks mean nothing outside of it */
    if (!strncmp(name, "trusted.overlay.", 16)) continue;
    ssize_t size = fgetxattr(from, name, value, sizeof value);
    if (size < 0) return -errno;
    if (fsetxattr(to, name, value, (size_t)size, 0) && errno != ENOTSUP) return -errno;
  }
  return 0;
}

static int copy_metadata(int to, const struct stat *st) {
  struct timespec times[2] = {st->st_atim, st->st_mtim};
  if (fchown(to, st->st_uid, st->st_gid) || fchmod(to, st->st_mode & 07777)) return -errno;
  return futimens(to, times) ? -errno : 0;
}

static int copy_bytes(int from, int to) {
  for (;;) {
    ssize_t n = sendfile(to, from, NULL, COPY_CHUNK);
    if (n == 0) return 0;
    if (n < 0 && errno != EINTR) return -errno;
  }
}

static int copy_file(int dir, const char *name, int to_dir, const struct stat *st) {
  SCOPED_FD from = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  if (from < 0) return -errno;
  SCOPED_FD to = openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (to < 0) return -errno;
  int result = copy_bytes(from, to);
  /* chown clears security.capability, so the attributes come after it */
  if (!result) result = copy_metadata(to, st);
  return result ? result : copy_xattrs(from, to);
}

static int copy_link(int dir, const char *name, int to_dir, const struct stat *st) {
  char text[4096];
  ssize_t length = readlinkat(dir, name, text, sizeof text - 1);
  if (length < 0) return -errno;
  text[length] = 0;
  if (symlinkat(text, to_dir, name)) return -errno;
  return fchownat(to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) ? -errno : 0;
}

static int copy_special(const char *name, int to_dir, const struct stat *st) {
  if (mknodat(to_dir, name, st->st_mode, st->st_rdev)) return -errno;
  if (fchownat(to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW)) return -errno;
  return fchmodat(to_dir, name, st->st_mode & 07777, 0) ? -errno : 0;
}

static int copy_entries(int from, int to, int depth);

static int copy_directory(int dir, const char *name, int to_dir, int depth) {
  if (depth > TREE_DEPTH_MAX) return -ELOOP;
  if (mkdirat(to_dir, name, 0700)) return -errno;
  SCOPED_FD from = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  SCOPED_FD to = openat(to_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  return from < 0 || to < 0 ? -errno : copy_entries(from, to, depth);
}

static int copy_entry(int dir, const char *name, int to_dir, int depth) {
  struct stat st;
  if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW)) return -errno;
  if (S_ISDIR(st.st_mode)) return copy_directory(dir, name, to_dir, depth + 1);
  if (S_ISREG(st.st_mode)) return copy_file(dir, name, to_dir, &st);
  if (S_ISLNK(st.st_mode)) return copy_link(dir, name, to_dir, &st);
  return copy_special(name, to_dir, &st);
}

static bool is_dots(const char *name) { return !strcmp(name, ".") || !strcmp(name, ".."); }

static int copy_entries(int from, int to, int depth) {
  DIR *list = fdopendir(dup(from));
  if (!list) return -errno;
  int result = 0;
  for (struct dirent *e; !result && (e = readdir(list));) {
    if (!is_dots(e->d_name)) result = copy_entry(from, e->d_name, to, depth);
  }
  closedir(list);
  struct stat st;
  if (!result) result = fstat(from, &st) ? -errno : copy_metadata(to, &st);
  return result ? result : copy_xattrs(from, to);
}

/* Contents, owner, mode, times and attributes of one directory onto another. */
int copy_tree(int from, int to) { return copy_entries(from, to, 0); }

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

static int set_marker(const char *marker) {
  SCOPED_FD fd = open(marker, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  return fd < 0 ? -errno : 0;
}

static int is_empty(const char *path) {
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  DIR *list = fd < 0 ? NULL : fdopendir(fd);
  if (!list) return -errno;
  int empty = 1;
  for (struct dirent *e; empty && (e = readdir(list));) empty = is_dots(e->d_name);
  closedir(list);
  return empty;
}

static int clear_directory(const char *path) {
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return -errno;
  int result = empty_directory(fd, ".", -1, 0);
  close(fd);
  return result;
}

/*
 * path in the image, volume's folder, marker (beside the data; it says that the copy was completed). Only an
 * empty folder is filled: what somebody put there stays. A copy that was cut off, which a second marker tells,
 * begins anew. Two containers that start with one fresh volume take turns by a lock on the folder.
 */
int op_copy_up(struct plan *p, struct cursor *c) {
  const char *path = take_string(c);
  const char *folder = take_string(c);
  const char *marker = take_string(c);
  if (c->bad) return -EBADMSG;
  SCOPED_FD to = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (to < 0 || flock(to, LOCK_EX)) return -errno;
  if (faccessat(AT_FDCWD, marker, F_OK, AT_SYMLINK_NOFOLLOW) == 0) return 0;
  SCOPED_FD from = in_root(p->root, path, O_RDONLY | O_DIRECTORY, 0);
  if (from == -ENOENT || from == -ENOTDIR) return 0;
  if (from < 0) return from;
  char begun[4096];
  if (snprintf(begun, sizeof begun, "%s.begun", marker) >= (int)sizeof begun) return -ENAMETOOLONG;
  if (faccessat(AT_FDCWD, begun, F_OK, AT_SYMLINK_NOFOLLOW)) {
    int empty = is_empty(folder);
    if (empty <= 0) return empty ? empty : set_marker(marker);
  }
  int result = set_marker(begun);
  if (!result) result = clear_directory(folder);
  if (!result) result = copy_tree(from, to);
  /* Nobody looks again once the marker is there: a power loss may not leave it with half of the files. */
  if (!result && syncfs(to)) result = -errno;
  if (!result) result = set_marker(marker);
  if (!result && unlink(begun)) result = -errno;
  return result;
}

/* folder: waits until no shim holds it. The lock is on the folder itself. */
int op_lock(struct plan *p, struct cursor *c) {
  const char *folder = take_string(c);
  if (c->bad) return -EBADMSG;
  p->lock = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (p->lock < 0) return errno == ENOENT ? 0 : -errno;
  uint64_t until = monotonic_ms() + LOCK_WAIT_MS;
  while (flock(p->lock, LOCK_EX | LOCK_NB)) {
    if (errno != EWOULDBLOCK && errno != EINTR) return -errno;
    if (monotonic_ms() > until) return -EBUSY;
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
  }
  return 0;
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
