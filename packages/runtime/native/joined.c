/* Processes of other containers, whose namespaces are joined: the same that they were, however their numbers are used. */
#include "orc.h"
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STAT_BYTES = 1024, FIELDS_AFTER_NAME = 20 };

/* proc_pid_stat(5): field 22. The name, field 2, may have anything in it, and ends with the last bracket. */
uint64_t start_ticks(int process) {
  char text[STAT_BYTES];
  SCOPED_FD fd = openat(process, "stat", O_RDONLY | O_CLOEXEC);
  ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
  if (n < 0) return 0;
  text[n] = 0;
  const char *at = strrchr(text, ')');
  for (int i = 0; at && i < FIELDS_AFTER_NAME; i++) at = strchr(at + 1, ' ');
  return at ? strtoull(at + 1, NULL, 10) : 0;
}

int open_process(uint32_t pid, uint64_t ticks) {
  char path[32];
  snprintf(path, sizeof path, "/proc/%u", pid);
  int process = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (process < 0) return errno == ENOENT ? -ESRCH : -errno;
  if (!ticks || start_ticks(process) == ticks) return process;
  close(process);
  return -ESRCH;
}

int join_namespace(struct plan *p, int fd, uint32_t kind) {
  /* A pid namespace takes effect for children; before the clone the shim must find its way back. */
  if (kind == CLONE_NEWPID && p->pidns < 0) p->pidns = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
  if (setns(fd, (int)kind)) return -errno;
  if (kind != CLONE_NEWNS) return 0;
  p->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  return p->root < 0 ? -errno : 0;
}

/* pid, u64 when it began (0: unknown), name in /proc/PID/ns, kind */
int op_join(struct plan *p, struct cursor *c) {
  uint32_t pid = take_u32(c);
  uint64_t ticks = take_u64(c);
  const char *name = take_string(c);
  uint32_t kind = take_u32(c);
  char path[32];
  if (c->bad || snprintf(path, sizeof path, "ns/%s", name) >= (int)sizeof path) return -EBADMSG;
  SCOPED_FD process = open_process(pid, ticks);
  if (process < 0) return process;
  SCOPED_FD fd = openat(process, path, O_RDONLY | O_CLOEXEC);
  return fd < 0 ? -errno : join_namespace(p, fd, kind);
}
