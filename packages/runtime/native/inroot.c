/*
 * Paths inside a container's root. Everything goes through openat2 with RESOLVE_IN_ROOT and
 * RESOLVE_NO_MAGICLINKS, so that `..` and links of a hostile image end at its own root, and a swap while we
 * look changes nothing.
 */
#include "orc.h"
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/mount.h>
#include <unistd.h>

enum { RETRY_MAX = 64 };

/* `resolve` adds flags, such as RESOLVE_NO_SYMLINKS. */
int in_root(int root, const char *path, uint64_t flags, uint64_t resolve) {
  struct open_how how = {.flags = flags | O_CLOEXEC,
                         .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve};
  if (flags & O_CREAT) how.mode = 0600;
  for (int i = 0; i < RETRY_MAX; i++) {
    long fd = syscall(SYS_openat2, root, *path ? path : "/", &how, sizeof how);
    if (fd >= 0) return (int)fd;
    /* EAGAIN: a rename somewhere raced with the walk (openat2(2)). */
    if (errno != EAGAIN && errno != EINTR) return -errno;
  }
  return -EAGAIN;
}

static int make_one(int dir, const char *name, uint32_t mode) {
  if (mkdirat(dir, name, mode) && errno != EEXIST) return -errno;
  return 0;
}

/*
 * An O_PATH descriptor of the directory, its missing parents made. Each prefix is resolved anew within the
 * root, so a link to a directory inside the image (/var/run -> /run) works.
 */
int in_root_mkdirs(int root, const char *path, uint32_t mode) {
  int fd = in_root(root, path, O_PATH | O_DIRECTORY, 0);
  if (fd != -ENOENT) return fd;
  char prefix[4096], name[256];
  size_t length = strlen(path);
  if (length >= sizeof prefix) return -ENAMETOOLONG;
  for (size_t at = 1; at <= length; at++) {
    if (path[at] != '/' && path[at] != 0) continue;
    memcpy(prefix, path, at);
    prefix[at] = 0;
    int here = in_root(root, prefix, O_PATH | O_DIRECTORY, 0);
    if (here >= 0) {
      close(here);
      continue;
    }
    if (here != -ENOENT) return here;
    SCOPED_FD parent = in_root_parent(root, prefix, name, sizeof name);
    if (parent < 0) return parent;
    int result = *name ? make_one(parent, name, mode) : 0;
    if (result) return result;
  }
  return in_root(root, path, O_PATH | O_DIRECTORY, 0);
}

/* The directory that holds the last component, whose name is copied; that component itself is not followed.
 */
int in_root_parent(int root, const char *path, char *name, size_t size) {
  char parent[4096];
  size_t length = strlen(path);
  while (length > 1 && path[length - 1] == '/') length--;
  size_t cut = length;
  while (cut > 0 && path[cut - 1] != '/') cut--;
  if (cut >= sizeof parent || length - cut >= size) return -ENAMETOOLONG;
  memcpy(name, path + cut, length - cut);
  name[length - cut] = 0;
  if (!strcmp(name, "..") || !strcmp(name, ".")) return -EINVAL;
  memcpy(parent, path, cut);
  parent[cut] = 0;
  return in_root(root, parent, O_PATH | O_DIRECTORY, 0);
}

/* An O_PATH descriptor of a file to mount on, made empty when missing. */
int in_root_touch(int root, const char *path) {
  int fd = in_root(root, path, O_PATH, 0);
  if (fd != -ENOENT) return fd;
  char name[256];
  int peek = in_root_parent(root, path, name, sizeof name);
  if (peek == -ENOENT) {
    char above[4096];
    size_t cut = strlen(path);
    while (cut > 0 && path[cut - 1] != '/') cut--;
    if (cut >= sizeof above) return -ENAMETOOLONG;
    memcpy(above, path, cut);
    above[cut > 1 ? cut - 1 : cut] = 0;
    SCOPED_FD made = in_root_mkdirs(root, above, 0755);
    if (made < 0) return made;
    peek = in_root_parent(root, path, name, sizeof name);
  }
  SCOPED_FD parent = peek;
  if (parent < 0) return parent;
  SCOPED_FD file = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (file < 0 && errno != EEXIST) return -errno;
  return in_root(root, path, O_PATH, 0);
}

/* Attaches a detached mount exactly on what `target` refers to, whatever its path has become. */
int mount_at(int tree, int target) {
  unsigned flags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH;
  return syscall(SYS_move_mount, tree, "", target, "", flags) ? -errno : 0;
}
