/* The parent of one container for its life: lock, log, socket, exit record. And the same for one exec. */
#include "session.h"
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { KILL_ROUNDS = 200, BACKLOG = 128 };

static int folder_fd = -1; /* of the one container that this process serves */

static int listen_here(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "shim.sock"};
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -errno;
  if (bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, BACKLOG)) {
    int error = -errno;
    close(fd);
    return error;
  }
  return fd;
}

/* path, u32 attempt: locks it, forgets the former attempt, listens (relative: a socket's path has 108 bytes)
 */
int op_folder(struct plan *p, struct cursor *c) {
  struct cursor again = *c;
  const char *folder = take_string(c);
  p->attempt = take_u32(c);
  if (c->bad) return -EBADMSG;
  title_set(folder);
  int result = op_lock(p, &again);
  if (result) return result;
  folder_fd = p->lock;
  if (folder_fd < 0 || fchdir(folder_fd)) return folder_fd < 0 ? -ENOENT : -errno;
  unlink("exit");
  unlink("shim.sock");
  p->listener = listen_here();
  if (chdir("/")) return -errno;
  return p->listener < 0 ? p->listener : 0;
}

/* tty, open stdin */
int op_stdio(struct plan *p, struct cursor *c) {
  p->tty = take_u32(c) != 0;
  p->open_stdin = take_u32(c) != 0;
  return 0;
}

int op_oom_file(struct plan *p, struct cursor *c) {
  p->oom_file = take_string(c);
  return 0;
}

/* u64 flags, v2 cgroup ("" none) */
int op_clone(struct plan *p, struct cursor *c) {
  p->clone_flags = take_u64(c);
  p->clone_cgroup = take_string(c);
  p->cloned = true;
  return 0;
}

int op_kill_cgroup(struct plan *p, struct cursor *c) {
  p->kill_cgroup = take_string(c);
  return 0;
}

int op_timeout(struct plan *p, struct cursor *c) {
  p->timeout_ms = take_u32(c);
  return 0;
}

static bool write_kill(const char *dir) {
  char path[600];
  snprintf(path, sizeof path, "%s/cgroup.kill", dir);
  SCOPED_FD fd = open(path, O_WRONLY | O_CLOEXEC);
  return fd >= 0 && write(fd, "1", 1) == 1;
}

static bool kill_listed(const char *dir) {
  char path[600];
  snprintf(path, sizeof path, "%s/cgroup.procs", dir);
  FILE *list = fopen(path, "re");
  bool any = false;
  for (int pid; list && fscanf(list, "%d", &pid) == 1; any = true) kill(pid, SIGKILL);
  if (list) fclose(list);
  return any;
}

static void set_frozen(const char *dir, const char *state) {
  char path[600];
  snprintf(path, sizeof path, "%s/freezer.state", dir);
  SCOPED_FD fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd >= 0) (void)!write(fd, state, strlen(state));
}

/*
 * v1 has no cgroup.kill. What is frozen neither forks nor ends, so what is listed is all there is and no number is
 * another process's by now; thawed, it dies. Again as long as there are processes: freezing takes its time.
 */
void kill_cgroup(const char *dir) {
  if (write_kill(dir)) return;
  for (int i = 0; i < KILL_ROUNDS; i++) {
    set_frozen(dir, "FROZEN");
    bool any = kill_listed(dir);
    set_frozen(dir, "THAWED");
    if (!any) return;
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
  }
}

static void session_init(struct session *s) {
  memset(s, 0, sizeof *s);
  s->pidfd = s->out = s->err = s->in = s->master = s->signals = s->listener = s->folder = s->oom_fd = s->container = -1;
  for (int i = 0; i < CLIENTS_MAX; i++) s->clients[i].fd = -1;
}

static void end_failed(struct session *s, int client, const struct failure *failure, const char *name) {
  if (s->pid > 0) {
    syscall(SYS_pidfd_send_signal, s->pidfd, SIGKILL, NULL, 0);
    waitpid(s->pid, NULL, 0);
  }
  if (folder_fd >= 0) unlinkat(folder_fd, "shim.sock", 0);
  send_failure(client, failure->index, failure->error, name);
  _exit(1);
}

/* Holding the namespace keeps its unmount, which may sync a whole file system, off the exit path. */
static int hold_mounts(pid_t pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/ns/mnt", pid);
  return open(path, O_RDONLY | O_CLOEXEC);
}

static void leave_pid_namespace(struct plan *p) {
  if (p->pidns < 0) return;
  if (setns(p->pidns, CLONE_NEWPID)) _exit(1);
  close(p->pidns);
}

static void set_started(struct session *s, struct plan *p) {
  s->started.protocol = PROTOCOL;
  s->started.pid = (uint32_t)s->pid;
  s->started.attempt = p->attempt;
  s->started.tty = p->tty;
  char path[32];
  snprintf(path, sizeof path, "/proc/%d", s->pid);
  SCOPED_FD process = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  s->started.ticks = start_ticks(process); /* ours until we reap it */
}

static void add_first_client(struct session *s, int client, uint8_t attach) {
  struct client *first = client_add(s, client);
  if (!first) return;
  first->attach = attach;
  first->owner = attach != 0;
  client_send(first, FR_STARTED, 0, &s->started, sizeof s->started);
}

static void prepare_shim(struct session *s, struct plan *p) {
  s->listener = p->listener;
  s->folder = folder_fd;
  s->log = p->log.dir >= 0 ? &p->log : NULL;
  s->oom_fd = p->oom_file ? open(p->oom_file, O_RDONLY | O_CLOEXEC) : -1;
  s->oom_before = oom_kills(s->oom_fd);
}

void shim_run(int client, int bare, struct frame *head) {
  static struct session s;
  static struct plan p;
  struct failure failure = {-1, EBADMSG};
  char name[64] = "plan";
  prctl(PR_SET_NAME, "orc-shim");
  setsid();
  session_init(&s);
  uint8_t *data = map_plan(client, head->length);
  if (!data) end_failed(&s, client, &failure, name);
  plan_init(&p, data, head->length, client);
  p.bare = bare;
  int result = plan_walk(&p);
  if (!result && !p.cloned) result = -EBADMSG;
  failure = (struct failure){p.index, -result};
  if (result) end_failed(&s, client, &failure, p.name);
  prepare_shim(&s, &p);
  result = session_spawn(&s, &p, &failure, name, sizeof name);
  close(bare);
  leave_pid_namespace(&p);
  if (result) end_failed(&s, client, &failure, name);
  int mounts = hold_mounts(s.pid);
  set_started(&s, &p);
  munmap(data, head->length);
  add_first_client(&s, client, head->arg);
  session_serve(&s);
  unlinkat(folder_fd, "shim.sock", 0);
  close(mounts);
  close(folder_fd); /* lets go of the lock */
  session_linger(&s);
  _exit(0);
}

/* What the program left in it ends with it (DECISIONS 9). */
static bool end_cgroup(const char *dir) {
  kill_cgroup(dir);
  for (int i = 0; i < KILL_ROUNDS; i++) {
    if (rmdir(dir) == 0) return true;
    if (errno != EBUSY) return false;
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
  }
  return false;
}

static void remove_kill_cgroup(struct session *s) {
  if (*s->kill_dir) (void)end_cgroup(s->kill_dir);
}

/* One of the same name is that of a handler that was killed. */
static int make_kill_cgroup(struct session *s, struct plan *p) {
  if (!p->kill_cgroup || !*p->kill_cgroup) return 0;
  int n = snprintf(s->kill_dir, sizeof s->kill_dir, "%s/exec-%d", p->kill_cgroup, getpid());
  if (n > 0 && (size_t)n < sizeof s->kill_dir) {
    if (mkdir(s->kill_dir, 0755) == 0) return 0;
    if (errno == EEXIST && end_cgroup(s->kill_dir) && mkdir(s->kill_dir, 0755) == 0) return 0;
  } else {
    errno = ENAMETOOLONG;
  }
  *s->kill_dir = 0;
  return -errno;
}

/* Only the connection and the container's pidfd come along: not the lock, the log, nor other clients. */
static void keep_two(int *client, int *pidfd) {
  int kept_client = fcntl(*client, F_DUPFD_CLOEXEC, 100);
  int kept_pidfd = fcntl(*pidfd, F_DUPFD_CLOEXEC, 100);
  if (kept_client < 0 || kept_pidfd < 0) _exit(1);
  dup3(kept_client, 3, O_CLOEXEC);
  dup3(kept_pidfd, 4, O_CLOEXEC);
  syscall(SYS_close_range, 5u, ~0u, 0u);
  *client = 3;
  *pidfd = 4;
}

void exec_run(int client, struct frame *head, int target_pidfd) {
  static struct session s;
  static struct plan p;
  struct failure failure = {-1, EBADMSG};
  char name[64] = "plan";
  title_kind("orc-exec");
  folder_fd = -1;
  keep_two(&client, &target_pidfd);
  session_init(&s);
  s.is_exec = true;
  s.container = target_pidfd;
  uint8_t *data = map_plan(client, head->length);
  if (!data) end_failed(&s, client, &failure, name);
  plan_init(&p, data, head->length, client);
  p.target_pidfd = target_pidfd;
  int result = plan_walk(&p);
  if (!result && !p.cloned) result = -EBADMSG;
  if (!result && setns(target_pidfd, CLONE_NEWPID)) result = -errno;
  failure = (struct failure){p.index, -result};
  if (result) end_failed(&s, client, &failure, p.name);
  result = make_kill_cgroup(&s, &p);
  failure = (struct failure){-1, -result};
  if (result) end_failed(&s, client, &failure, "kill-cgroup");
  result = session_spawn(&s, &p, &failure, name, sizeof name);
  if (result) remove_kill_cgroup(&s);
  if (result) end_failed(&s, client, &failure, name);
  if (p.timeout_ms) s.deadline_ms = monotonic_ms() + p.timeout_ms;
  set_started(&s, &p);
  munmap(data, head->length);
  add_first_client(&s, client, head->arg);
  session_serve(&s);
  remove_kill_cgroup(&s);
  session_linger(&s);
  _exit(0);
}
