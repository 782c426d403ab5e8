/*
 * The mount namespace that containers begin with. A copy of the host's would cost a start more with every mount that
 * the host has, and each container pins one. This one has what a start needs: the root, /proc, /dev, and what the
 * instance's own folder lies on. Everything else that a container gets to see is taken before (op_capture).
 */
#include "orc.h"
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

static bool within(const char *path, const char *folder) {
  size_t length = strlen(folder);
  return strncmp(path, folder, length) == 0 && (path[length] == 0 || path[length] == '/');
}

static bool is_needed(const char *mount, const char *root, const char *run) {
  static const char *const ALWAYS[] = {"/", "/proc", "/dev", "/dev/null"};
  for (size_t i = 0; i < sizeof ALWAYS / sizeof *ALWAYS; i++)
    if (!strcmp(mount, ALWAYS[i])) return true;
  if (within(root, mount)) return true;
  return within(mount, root) && !within(mount, run);
}

/* proc_pid_mountinfo(5): blanks and the backslash are three octal digits behind one. */
static void unescape(char *text) {
  char *to = text;
  for (const char *at = text; *at; to++) {
    bool escaped = *at == '\\' && at[1] && at[2] && at[3];
    *to = escaped ? (char)((at[1] - '0') << 6 | (at[2] - '0') << 3 | (at[3] - '0')) : *at;
    at += escaped ? 4 : 1;
  }
  *to = 0;
}

/* The fifth field; NULL for a line that has none. */
static char *mount_point(char *line) {
  char *rest = line, *field = NULL;
  for (int i = 0; i < 5; i++) field = strsep(&rest, " ");
  if (field) unescape(field);
  return field;
}

struct paths {
  char **all;
  size_t count;
};

static int read_mounts(struct paths *mounts) {
  char *line = NULL;
  size_t size = 0;
  FILE *file = fopen("/proc/self/mountinfo", "re");
  if (!file) return -errno;
  int result = 0;
  while (!result && getline(&line, &size, file) > 0) {
    char *point = mount_point(line);
    char **larger = reallocarray(mounts->all, mounts->count + 1, sizeof *larger);
    if (larger) mounts->all = larger;
    char *own = point && larger ? strdup(point) : NULL;
    if (own) mounts->all[mounts->count++] = own;
    else result = point ? -ENOMEM : -EBADMSG;
  }
  free(line);
  fclose(file);
  return result;
}

/* The last first, as one mount may hide another. What will not go (a locked one) only costs. */
static int prune(const char *root, const char *run) {
  struct paths mounts = {0};
  int result = read_mounts(&mounts);
  while (mounts.count > 0) {
    char *point = mounts.all[--mounts.count];
    if (!result && !is_needed(point, root, run)) (void)umount2(point, MNT_DETACH | UMOUNT_NOFOLLOW);
    free(point);
  }
  free(mounts.all);
  return result;
}

/* Nothing of the host's reaches it later: it would grow with what all others mount. */
static int make_bare(const char *root, const char *run) {
  if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)) return -errno;
  int result = prune(root, run);
  if (result) return result;
  int fd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

int bare_namespace(const char *root, const char *run) {
  char real_root[PATH_MAX], real_run[PATH_MAX];
  if (!realpath(root, real_root) || !realpath(run, real_run)) return -errno;
  SCOPED_FD home = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
  if (home < 0) return -errno;
  int fd = make_bare(real_root, real_run);
  return setns(home, CLONE_NEWNS) ? -errno : fd;
}

/* A copy of it for this process, which leaves the host's. */
int op_own_mounts(struct plan *p, struct cursor *c) {
  (void)c;
  if (p->bare < 0) return -EBADMSG; /* of a start only: what follows would mount on the host */
  if (setns(p->bare, CLONE_NEWNS) || unshare(CLONE_NEWNS)) return -errno;
  close(p->bare);
  p->bare = -1;
  return 0;
}
