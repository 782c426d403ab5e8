/*
 * What an image has at a volume's place is copied into the fresh volume. Others may have the volume already, and swap
 * what we made for links: nothing is opened, and nothing set, through a name of it that could be followed out.
 */
#include "orc.h"
#include <dirent.h>
#include <linux/openat2.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { XATTR_BYTES_MAX = 64 << 10, COPY_CHUNK = 1 << 20, PATH_BYTES = 4096, FD_PATH_BYTES = 32 };

/* A file with several names, once copied: both inodes, and where the copy lies. */
struct linked {
  dev_t dev;
  ino_t ino, copy;
  char path[];
};

/*
 * A copy on its way. Folders are gone through by their paths, so that none is too deep for our descriptors; `folders`
 * has every one, those before `at` with their contents.
 */
struct copying {
  int from, to;
  int client; /* whoever asked: nobody copies for one who has gone */
  char **folders;
  size_t count, room, at;
  void *links; /* tsearch(3), by the inode in the image */
};

/* No link is followed, and nothing leaves `root`. */
static int open_below(int root, const char *path, uint64_t flags) {
  return in_root(root, path, flags, RESOLVE_NO_SYMLINKS);
}

static int remember_folder(struct copying *c, const char *path) {
  if (c->count == c->room) {
    size_t wanted = c->room ? c->room * 2 : 64;
    char **larger = reallocarray(c->folders, wanted, sizeof *larger);
    if (!larger) return -ENOMEM;
    c->folders = larger;
    c->room = wanted;
  }
  char *own = strdup(path);
  if (!own) return -ENOMEM;
  c->folders[c->count++] = own;
  return 0;
}

static int by_inode(const void *left, const void *right) {
  const struct linked *a = left, *b = right;
  if (a->dev != b->dev) return a->dev < b->dev ? -1 : 1;
  return a->ino == b->ino ? 0 : a->ino < b->ino ? -1 : 1;
}

static int remember_link(struct copying *c, const struct stat *st, int made, const char *path) {
  struct stat copy;
  if (fstat(made, &copy)) return -errno;
  struct linked *own = malloc(sizeof *own + strlen(path) + 1);
  if (!own) return -ENOMEM;
  *own = (struct linked){st->st_dev, st->st_ino, copy.st_ino};
  strcpy(own->path, path);
  if (tsearch(own, &c->links, by_inode)) return 0;
  free(own);
  return -ENOMEM;
}

static void end_copying(struct copying *c) {
  for (size_t i = 0; i < c->count; i++) free(c->folders[i]);
  free(c->folders);
  tdestroy(c->links, free);
}

static void path_of(int fd, char *path) { snprintf(path, FD_PATH_BYTES, "/proc/self/fd/%d", fd); }

/* Both by descriptors, of any kind of file: what lies at their names by now does not matter. */
static int copy_xattrs(const char *from, const char *to) {
  static char names[XATTR_BYTES_MAX], value[XATTR_BYTES_MAX];
  ssize_t length = listxattr(from, names, sizeof names);
  if (length < 0) return errno == ENOTSUP ? 0 : -errno;
  for (char *name = names; name < names + length; name += strlen(name) + 1) {
    /* overlay's own marks mean nothing outside of it */
    if (!strncmp(name, "trusted.overlay.", 16)) continue;
    ssize_t size = getxattr(from, name, value, sizeof value);
    if (size < 0) return -errno;
    if (setxattr(to, name, value, (size_t)size, 0) && errno != ENOTSUP) return -errno;
  }
  return 0;
}

/*
 * Owner, mode, attributes, times: chown clears security.capability, and all before changes the times. Mode and
 * kind of a link are nothing that can be set.
 */
static int copy_metadata(int from, int to, const struct stat *st) {
  char source[FD_PATH_BYTES], target[FD_PATH_BYTES];
  struct timespec times[2] = {st->st_atim, st->st_mtim};
  path_of(from, source);
  path_of(to, target);
  if (chown(target, st->st_uid, st->st_gid)) return -errno;
  if (!S_ISLNK(st->st_mode) && chmod(target, st->st_mode & 07777)) return -errno;
  int result = copy_xattrs(source, target);
  if (result) return result;
  return utimensat(AT_FDCWD, target, times, 0) ? -errno : 0;
}

static int copy_range(const struct copying *c, int from, int to, off_t at, off_t end) {
  if (lseek(to, at, SEEK_SET) < 0) return -errno;
  while (at < end) {
    if (hung_up(c->client)) return -ECANCELED;
    size_t chunk = end - at < COPY_CHUNK ? (size_t)(end - at) : COPY_CHUNK;
    ssize_t n = sendfile(to, from, &at, chunk);
    if (n == 0) return 0;
    if (n < 0 && errno != EINTR) return -errno;
  }
  return 0;
}

/* Holes stay holes. */
static int copy_bytes(const struct copying *c, int from, int to, off_t size) {
  for (off_t at = 0; at < size;) {
    off_t begin = lseek(from, at, SEEK_DATA);
    if (begin < 0 && errno == ENXIO) break;
    off_t end = begin < 0 ? size : lseek(from, begin, SEEK_HOLE);
    if (end < 0) return -errno;
    int result = copy_range(c, from, to, begin < 0 ? at : begin, end);
    if (result) return result;
    at = end;
  }
  return ftruncate(to, size) ? -errno : 0;
}

/* An O_PATH descriptor of what was just made: of that kind still, or somebody else made it. */
static int open_made(int dir, const char *name, const struct stat *st) {
  struct stat made;
  int fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return -errno;
  if (fstat(fd, &made) == 0 && ((made.st_mode ^ st->st_mode) & S_IFMT) == 0 && made.st_rdev == st->st_rdev)
    return fd;
  close(fd);
  return -ESTALE;
}

static int make_file(const struct copying *c, int from_dir, const char *name, int to_dir, const struct stat *st) {
  SCOPED_FD from = openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  if (from < 0) return -errno;
  int to = openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (to < 0) return -errno;
  int result = copy_bytes(c, from, to, st->st_size);
  if (!result) return to;
  close(to);
  return result;
}

static int make_link(int from_dir, const char *name, int to_dir, const struct stat *st) {
  char text[PATH_BYTES];
  ssize_t length = readlinkat(from_dir, name, text, sizeof text - 1);
  if (length < 0) return -errno;
  text[length] = 0;
  if (symlinkat(text, to_dir, name)) return -errno;
  return open_made(to_dir, name, st);
}

static int make_node(const char *name, int to_dir, const struct stat *st) {
  if (mknodat(to_dir, name, (st->st_mode & S_IFMT) | 0600, st->st_rdev)) return -errno;
  return open_made(to_dir, name, st);
}

/* A further name of a file that was copied already; 1: none was. */
static int link_again(struct copying *c, const struct stat *st, int to_dir, const char *name) {
  struct linked wanted = {st->st_dev, st->st_ino, 0};
  struct linked **node = tfind(&wanted, &c->links, by_inode);
  if (!node) return 1;
  struct stat found;
  char path[FD_PATH_BYTES];
  SCOPED_FD fd = open_below(c->to, (*node)->path, O_PATH | O_NOFOLLOW);
  if (fd < 0) return fd;
  if (fstat(fd, &found)) return -errno;
  if (found.st_ino != (*node)->copy) return -ESTALE;
  path_of(fd, path);
  return linkat(AT_FDCWD, path, to_dir, name, AT_SYMLINK_FOLLOW) ? -errno : 0;
}

static int copy_file(struct copying *c, int from_dir, int to_dir, const char *name, const char *path,
                     const struct stat *st) {
  int again = st->st_nlink > 1 ? link_again(c, st, to_dir, name) : 1;
  if (again <= 0) return again;
  SCOPED_FD from = openat(from_dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (from < 0) return -errno;
  SCOPED_FD to = S_ISREG(st->st_mode)   ? make_file(c, from_dir, name, to_dir, st)
                 : S_ISLNK(st->st_mode) ? make_link(from_dir, name, to_dir, st)
                                        : make_node(name, to_dir, st);
  if (to < 0) return to;
  int result = copy_metadata(from, to, st);
  if (result || st->st_nlink < 2) return result;
  return remember_link(c, st, to, path);
}

static int copy_entry(struct copying *c, int from_dir, int to_dir, const char *folder, const char *name) {
  struct stat st;
  char path[PATH_BYTES];
  if (hung_up(c->client)) return -ECANCELED;
  if (fstatat(from_dir, name, &st, AT_SYMLINK_NOFOLLOW)) return -errno;
  if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path) return -ENAMETOOLONG;
  if (!S_ISDIR(st.st_mode)) return copy_file(c, from_dir, to_dir, name, path, &st);
  if (mkdirat(to_dir, name, 0700)) return -errno;
  return remember_folder(c, path);
}

static int copy_entries(struct copying *c, const char *folder) {
  SCOPED_FD from = open_below(c->from, folder, O_RDONLY | O_DIRECTORY);
  if (from < 0) return from;
  SCOPED_FD to = open_below(c->to, folder, O_RDONLY | O_DIRECTORY);
  if (to < 0) return to;
  DIR *list = fdopendir(dup(from));
  if (!list) return -errno;
  int result = 0;
  for (struct dirent *e; !result && (e = readdir(list));) {
    if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..")) result = copy_entry(c, from, to, folder, e->d_name);
  }
  closedir(list);
  return result;
}

static int finish_folder(struct copying *c, const char *folder) {
  struct stat st;
  SCOPED_FD from = open_below(c->from, folder, O_RDONLY | O_DIRECTORY);
  if (from < 0) return from;
  SCOPED_FD to = open_below(c->to, folder, O_RDONLY | O_DIRECTORY);
  if (to < 0) return to;
  return fstat(from, &st) ? -errno : copy_metadata(from, to, &st);
}

/* Contents, owner, mode, times and attributes of one directory onto another. Folders' times come last, the deepest
 * first: what is made in them changes them. */
static int copy_tree(struct copying *c) {
  int result = remember_folder(c, "");
  while (!result && c->at < c->count) result = copy_entries(c, c->folders[c->at++]);
  while (!result && c->at > 0) result = finish_folder(c, c->folders[--c->at]);
  end_copying(c);
  return result;
}

static bool is_there(const char *path) { return faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0; }

static int set_marker(const char *marker) {
  SCOPED_FD fd = open(marker, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  return fd < 0 ? -errno : 0;
}

static int is_empty(const char *path) {
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  DIR *list = fd < 0 ? NULL : fdopendir(fd);
  if (!list) return -errno;
  int empty = 1;
  for (struct dirent *e; empty && (e = readdir(list));)
    empty = !strcmp(e->d_name, ".") || !strcmp(e->d_name, "..");
  closedir(list);
  return empty;
}

static int fill(struct copying *c, const char *folder, const char *marker) {
  char begun[PATH_BYTES];
  if (snprintf(begun, sizeof begun, "%s.begun", marker) >= (int)sizeof begun) return -ENAMETOOLONG;
  if (!is_there(begun)) {
    int empty = is_empty(folder);
    if (empty <= 0) return empty ? empty : set_marker(marker);
  }
  int result = set_marker(begun);
  if (!result) result = clear_directory(folder);
  if (!result) result = copy_tree(c);
  /* Nobody looks again once the marker is there: a power loss may not leave it with half of the files. */
  if (!result && syncfs(c->to)) result = -errno;
  if (!result) result = set_marker(marker);
  if (!result && unlink(begun)) result = -errno;
  return result;
}

/* Who waited for a lock that is gone finds the marker: without one it stays, or two would copy at a time. */
static int fill_in_turn(struct copying *c, const char *folder, const char *marker) {
  char name[PATH_BYTES];
  if (snprintf(name, sizeof name, "%s.lock", marker) >= (int)sizeof name) return -ENAMETOOLONG;
  SCOPED_FD lock = open(name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (lock < 0) return -errno;
  int result = lock_within(lock, COPY_WAIT_MS, c->client);
  if (result || is_there(marker)) return result;
  result = fill(c, folder, marker);
  if (!result && unlink(name)) result = -errno;
  return result;
}

/*
 * path in the image, volume's folder, marker (beside the data; it says that the copy was completed). Only an
 * empty folder is filled: what somebody put there stays. A copy that was cut off, which a second marker tells,
 * begins anew. Two containers that start with one fresh volume take turns by a lock beside the data: the folder itself
 * can be locked by whoever has it mounted.
 */
int op_copy_up(struct plan *p, struct cursor *c) {
  const char *path = take_string(c);
  const char *folder = take_string(c);
  const char *marker = take_string(c);
  if (c->bad) return -EBADMSG;
  if (is_there(marker)) return 0;
  SCOPED_FD from = in_root(p->root, path, O_RDONLY | O_DIRECTORY, 0);
  if (from == -ENOENT || from == -ENOTDIR) return 0;
  if (from < 0) return from;
  SCOPED_FD to = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (to < 0) return -errno;
  struct copying copying = {.from = from, .to = to, .client = p->client};
  return fill_in_turn(&copying, folder, marker);
}
