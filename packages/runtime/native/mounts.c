/* Mounts and files of a container's root. All before pivot, through the descriptor of the root. */
#include "orc.h"
#include <sys/mount.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <linux/magic.h>
#include <unistd.h>

enum { PATH_FD_SIZE = 32 };

/* Operations on a mount's flags: 1 its target may not be behind a link, 2 make missing directories. */
enum { TARGET_PLAIN = 1, TARGET_MAKE = 2 };

static void path_of(int fd, char *path) { snprintf(path, PATH_FD_SIZE, "/proc/self/fd/%d", fd); }

static int set_attributes(int fd, const char *path, unsigned flags, uint64_t set, uint64_t clear,
                          uint64_t propagation) {
  struct mount_attr attributes = {.attr_set = set, .attr_clr = clear, .propagation = propagation};
  if (!set && !clear && !propagation) return 0;
  return syscall(SYS_mount_setattr, fd, path, flags, &attributes, sizeof attributes) ? -errno : 0;
}

int op_propagation(struct plan *p, struct cursor *c) {
  (void)p;
  const char *path = take_string(c);
  uint64_t flags = take_u64(c);
  if (c->bad) return -EBADMSG;
  return mount(NULL, path, NULL, flags, NULL) ? -errno : 0;
}

/* Layers are named by descriptor: short, so that 127 fit the kernel's page of options, and never parsed. */
static int lower_option(struct cursor *c, char *option, size_t size) {
  uint32_t count = take_u32(c);
  size_t used = 0;
  if (count == 0 || count > LAYERS_MAX) return -E2BIG;
  for (uint32_t i = 0; i < count; i++) {
    const char *layer = take_string(c);
    if (c->bad) return -EBADMSG;
    int fd = open(layer, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return -errno;
    used += (size_t)snprintf(option + used, size - used, "%s/proc/self/fd/%d", i ? ":" : "lowerdir=", fd);
    if (used >= size) return -E2BIG;
  }
  return 0;
}

/* target, upper and work ("" both: read-only), further options, layers with the highest first */
int op_overlay(struct plan *p, struct cursor *c) {
  (void)p;
  char data[4096], lower[3500];
  const char *target = take_string(c);
  const char *upper = take_string(c);
  const char *work = take_string(c);
  const char *more = take_string(c);
  int result = lower_option(c, lower, sizeof lower);
  if (result) return result;
  size_t used = (size_t)snprintf(data, sizeof data, "%s%s%s", lower, *more ? "," : "", more);
  if (*upper && used < sizeof data) {
    int up = open(upper, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int wk = open(work, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (up < 0 || wk < 0) return -errno;
    used += (size_t)snprintf(data + used, sizeof data - used,
                             ",upperdir=/proc/self/fd/%d,workdir=/proc/self/fd/%d", up, wk);
  }
  if (used >= sizeof data) return -E2BIG;
  return mount("overlay", target, "overlay", *upper ? 0 : MS_RDONLY, data) ? -errno : 0;
}

static bool is_null(int fd) {
  struct stat st;
  return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
}

int op_root(struct plan *p, struct cursor *c) {
  const char *path = take_string(c);
  if (c->bad) return -EBADMSG;
  p->root = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (p->root < 0) return -errno;
  /* Taken from the host before anything of the image is looked at; what masks a path is this very device. */
  p->null_device = open("/dev/null", O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (p->null_device < 0) return -errno;
  return is_null(p->null_device) ? 0 : -ENODEV;
}

/*
 * The container's own /dev/null as standard input: the host's could be given another mode and owner through it.
 * Where none is found, the pipe that stands there is as good.
 */
int op_stdin_null(struct plan *p, struct cursor *c) {
  (void)c;
  SCOPED_FD fd =
      in_root(p->root, "/dev/null", O_RDONLY | O_NONBLOCK | O_NOCTTY, RESOLVE_NO_SYMLINKS);
  if (fd < 0 || !is_null(fd)) return 0;
  return fcntl(fd, F_SETFL, 0) || dup2(fd, 0) < 0 ? -errno : 0;
}

static int mount_target(struct plan *p, const char *path, uint32_t how, bool directory) {
  uint64_t resolve = how & TARGET_PLAIN ? RESOLVE_NO_SYMLINKS : 0;
  if (resolve || !(how & TARGET_MAKE)) {
    int fd = in_root(p->root, path, O_PATH | (directory ? O_DIRECTORY : 0), resolve);
    if (fd != -ENOENT || !(how & TARGET_MAKE)) return fd;
  }
  int fd = directory ? in_root_mkdirs(p->root, path, 0755) : in_root_touch(p->root, path);
  if (fd < 0 || !resolve) return fd;
  close(fd);
  return in_root(p->root, path, O_PATH | (directory ? O_DIRECTORY : 0), resolve);
}

/* source, target, type, u64 flags, data, u32 how */
int op_mount(struct plan *p, struct cursor *c) {
  const char *source = take_string(c);
  const char *target = take_string(c);
  const char *type = take_string(c);
  uint64_t flags = take_u64(c);
  const char *data = take_string(c);
  uint32_t how = take_u32(c);
  if (c->bad) return -EBADMSG;
  SCOPED_FD fd = mount_target(p, target, how, true);
  if (fd < 0) return fd;
  char path[PATH_FD_SIZE];
  path_of(fd, path);
  return mount(source, path, type, flags, data) ? -errno : 0;
}

static int clone_tree(int dir, const char *path, bool recursive) {
  unsigned flags =
      OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0) | (*path ? 0 : AT_EMPTY_PATH);
  long fd = syscall(SYS_open_tree, dir, path, flags);
  return fd < 0 ? -errno : (int)fd;
}

/*
 * source, u32 recursive: what is the host's has to be taken before op_own_mounts leaves it, and may stay a peer of the
 * host's (DECISIONS 17). op_bind uses what was captured, in order.
 */
int op_capture(struct plan *p, struct cursor *c) {
  const char *source = take_string(c);
  bool recursive = take_u32(c) != 0;
  if (c->bad) return -EBADMSG;
  if (p->captures == CAPTURES_MAX) return -E2BIG;
  int tree = clone_tree(AT_FDCWD, source, recursive);
  if (tree < 0) return tree;
  p->captured[p->captures++] = tree;
  return 0;
}

/* folder, path, u32 recursive: as op_capture, of what lies in a folder whose links are not ours to trust. */
int op_capture_in(struct plan *p, struct cursor *c) {
  const char *folder = take_string(c);
  const char *path = take_string(c);
  bool recursive = take_u32(c) != 0;
  if (c->bad) return -EBADMSG;
  if (p->captures == CAPTURES_MAX) return -E2BIG;
  SCOPED_FD top = open(folder, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (top < 0) return -errno;
  SCOPED_FD found = in_root(top, path, O_PATH, 0);
  if (found < 0) return found;
  int tree = clone_tree(found, "", recursive);
  if (tree < 0) return tree;
  p->captured[p->captures++] = tree;
  return 0;
}

static int clone_joined(int process, const char *path) {
  SCOPED_FD namespace = openat(process, "ns/mnt", O_RDONLY | O_CLOEXEC);
  if (namespace < 0 || setns(namespace, CLONE_NEWNS)) return -errno;
  SCOPED_FD root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) return -errno;
  SCOPED_FD fd = in_root(root, path, O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
  return fd < 0 ? fd : clone_tree(fd, "", false);
}

/* a container's pid, u64 when it began, path in it: a mount can only be taken within its namespace. */
int op_capture_joined(struct plan *p, struct cursor *c) {
  uint32_t pid = take_u32(c);
  uint64_t ticks = take_u64(c);
  const char *path = take_string(c);
  if (c->bad) return -EBADMSG;
  if (p->captures == CAPTURES_MAX) return -E2BIG;
  SCOPED_FD home = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
  if (home < 0) return -errno;
  SCOPED_FD process = open_process(pid, ticks);
  if (process < 0) return process;
  int tree = clone_joined(process, path);
  if (setns(home, CLONE_NEWNS)) return -errno;
  if (tree < 0) return tree;
  p->captured[p->captures++] = tree;
  return 0;
}

static int bind_source(struct plan *p, const char *source, bool recursive, bool captured) {
  if (!captured) return clone_tree(AT_FDCWD, source, recursive);
  return p->captures_used < p->captures ? p->captured[p->captures_used++] : -ENOENT;
}

/* source, target, u32 recursive, u64 attributes to set, u64 propagation (MS_*), u32 how, u32 captured: taken before */
int op_bind(struct plan *p, struct cursor *c) {
  const char *source = take_string(c);
  const char *target = take_string(c);
  bool recursive = take_u32(c) != 0;
  uint64_t attributes = take_u64(c);
  uint64_t propagation = take_u64(c);
  uint32_t how = take_u32(c);
  bool captured = take_u32(c) != 0;
  if (c->bad) return -EBADMSG;
  SCOPED_FD tree = bind_source(p, source, recursive, captured);
  if (tree < 0) return tree;
  struct stat st;
  if (fstatat(tree, "", &st, AT_EMPTY_PATH)) return -errno;
  unsigned below = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);
  int result = set_attributes(tree, "", below, attributes, 0, propagation);
  if (result) return result;
  SCOPED_FD fd = mount_target(p, target, how, S_ISDIR(st.st_mode));
  return fd < 0 ? fd : mount_at(tree, fd);
}

/* target, u64 set, u64 clear, u32 recursive */
int op_remount(struct plan *p, struct cursor *c) {
  const char *target = take_string(c);
  uint64_t set = take_u64(c);
  uint64_t clear = take_u64(c);
  bool recursive = take_u32(c) != 0;
  if (c->bad) return -EBADMSG;
  SCOPED_FD fd = in_root(p->root, target, O_PATH, 0);
  if (fd < 0) return fd;
  return set_attributes(fd, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), set, clear, 0);
}

/* Read-only: its mode and owner are the host's, as its inode is. */
static int mask_file(int null_device, int target) {
  SCOPED_FD tree = clone_tree(null_device, "", false);
  if (tree < 0) return tree;
  uint64_t set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
  int result = set_attributes(tree, "", AT_EMPTY_PATH, set, 0, MS_PRIVATE);
  return result ? result : mount_at(tree, target);
}

static int mask_directory(const char *empty, int target) {
  SCOPED_FD tree = clone_tree(AT_FDCWD, empty, false);
  if (tree < 0) return tree;
  uint64_t set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  int result = set_attributes(tree, "", AT_EMPTY_PATH, set, 0, MS_PRIVATE);
  return result ? result : mount_at(tree, target);
}

/* path, an empty folder outside of the root that covers a folder. What is not there needs no mask. */
int op_mask(struct plan *p, struct cursor *c) {
  const char *path = take_string(c);
  const char *empty = take_string(c);
  if (c->bad) return -EBADMSG;
  SCOPED_FD target = in_root(p->root, path, O_PATH, RESOLVE_NO_SYMLINKS);
  if (target == -ENOENT || target == -ENOTDIR) return 0;
  struct stat st;
  if (target < 0 || fstat(target, &st)) return target < 0 ? target : -errno;
  return S_ISDIR(st.st_mode) ? mask_directory(empty, target) : mask_file(p->null_device, target);
}

int op_readonly(struct plan *p, struct cursor *c) {
  const char *path = take_string(c);
  if (c->bad) return -EBADMSG;
  SCOPED_FD target = in_root(p->root, path, O_PATH, RESOLVE_NO_SYMLINKS);
  if (target == -ENOENT || target == -ENOTDIR) return 0;
  if (target < 0) return target;
  SCOPED_FD tree = clone_tree(target, "", true);
  if (tree < 0) return tree;
  int result = set_attributes(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, MOUNT_ATTR_RDONLY, 0, 0);
  return result ? result : mount_at(tree, target);
}

/* path, mode, uid, gid; one that exists keeps what it has */
int op_mkdir(struct plan *p, struct cursor *c) {
  const char *path = take_string(c);
  uint32_t mode = take_u32(c);
  uint32_t uid = take_u32(c), gid = take_u32(c);
  if (c->bad) return -EBADMSG;
  SCOPED_FD existing = in_root(p->root, path, O_PATH | O_DIRECTORY, 0);
  if (existing >= 0) return 0;
  SCOPED_FD fd = in_root_mkdirs(p->root, path, 0755);
  if (fd < 0) return fd;
  char self[PATH_FD_SIZE];
  path_of(fd, self);
  return chmod(self, mode) || chown(self, uid, gid) ? -errno : 0;
}

/* path, mode, uid, gid, content: a new file, never through an existing name */
int op_file(struct plan *p, struct cursor *c) {
  const char *path = take_string(c);
  uint32_t mode = take_u32(c);
  uint32_t uid = take_u32(c), gid = take_u32(c);
  struct bytes content = take_bytes(c);
  char name[256];
  if (c->bad) return -EBADMSG;
  SCOPED_FD parent = in_root_parent(p->root, path, name, sizeof name);
  if (parent < 0) return parent;
  SCOPED_FD fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return -errno;
  int result = write_all(fd, content.data, content.length);
  if (result) return result;
  return fchown(fd, uid, gid) || fchmod(fd, mode) ? -errno : 0;
}

int op_symlink(struct plan *p, struct cursor *c) {
  const char *text = take_string(c);
  const char *path = take_string(c);
  char name[256];
  if (c->bad) return -EBADMSG;
  SCOPED_FD parent = in_root_parent(p->root, path, name, sizeof name);
  if (parent < 0) return parent;
  return symlinkat(text, parent, name) && errno != EEXIST ? -errno : 0;
}

/* path, mode with type, major, minor, uid, gid */
int op_mknod(struct plan *p, struct cursor *c) {
  const char *path = take_string(c);
  uint32_t mode = take_u32(c);
  uint32_t major_number = take_u32(c), minor_number = take_u32(c);
  uint32_t uid = take_u32(c), gid = take_u32(c);
  char name[256];
  if (c->bad) return -EBADMSG;
  SCOPED_FD parent = in_root_parent(p->root, path, name, sizeof name);
  if (parent < 0) return parent;
  /* The umask is 0, and a mode that is set afterwards would be set through a link (CVE-2021-30465). */
  if (mknodat(parent, name, mode, makedev(major_number, minor_number))) return -errno;
  return fchownat(parent, name, uid, gid, AT_SYMLINK_NOFOLLOW) ? -errno : 0;
}

/* The old root lies below the new one for a moment (pivot_root(2), the "." "." form), then goes. */
int op_pivot(struct plan *p, struct cursor *c) {
  (void)c;
  if (fchdir(p->root) || syscall(SYS_pivot_root, ".", ".")) return -errno;
  if (umount2(".", MNT_DETACH) || chdir("/")) return -errno;
  return 0;
}

/* Through the container's own procfs, and nothing that was put in its place (CVE-2025-52881). */
int op_sysctl_in(struct plan *p, struct cursor *c) {
  const char *key = take_string(c);
  const char *value = take_string(c);
  struct statfs fs;
  if (c->bad) return -EBADMSG;
  SCOPED_FD dir = in_root(p->root, "/proc/sys", O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
  if (dir < 0) return dir;
  SCOPED_FD fd = in_root(dir, key, O_WRONLY, RESOLVE_NO_SYMLINKS);
  if (fd < 0) return fd;
  if (fstatfs(fd, &fs)) return -errno;
  if (fs.f_type != PROC_SUPER_MAGIC) return -EXDEV;
  return write(fd, value, strlen(value)) < 0 ? -errno : 0;
}
