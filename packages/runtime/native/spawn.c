/* One clone3 with everything that the program starts in; the rest of the plan is walked by the child. */
#include "session.h"
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct stdio {
  int in[2], out[2], err[2], sync[2];
};

static void close_one(int *fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

static int open_pipe(int ends[2], int ours) {
  if (pipe2(ends, O_CLOEXEC)) return -errno;
  fcntl(ends[ours], F_SETFL, O_NONBLOCK);
  (void)fcntl(ends[ours], F_SETPIPE_SZ, PIPE_BYTES); /* the default serves as well */
  return 0;
}

static int open_stdio(struct plan *p, struct stdio *io) {
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, io->sync)) return -errno;
  if (p->tty) return 0;
  int result = open_pipe(io->out, 0);
  if (!result) result = open_pipe(io->err, 0);
  if (!result && p->open_stdin) result = open_pipe(io->in, 1);
  return result;
}

/* Without input: a pipe that nobody writes to, until op_stdin_null finds the container's own /dev/null. */
static int set_stdio(struct plan *p, struct stdio *io) {
  if (p->tty) return 0; /* op_console */
  if (!p->open_stdin) {
    if (pipe2(io->in, O_CLOEXEC)) return -errno;
    close_one(&io->in[1]);
  }
  if (dup2(io->in[0], 0) < 0 || dup2(io->out[1], 1) < 0 || dup2(io->err[1], 2) < 0) return -errno;
  return 0;
}

static int join_kill_cgroup(const char *dir) {
  char path[600];
  if (!*dir) return 0;
  snprintf(path, sizeof path, "%s/tasks", dir);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return 0; /* v2: the clone put us there */
  int result = write(fd, "0", 1) == 1 ? 0 : -errno;
  close(fd);
  return result;
}

static void report(int sync, struct plan *p, int error) {
  char message[sizeof(struct failure) + 64];
  struct failure failure = {p->index, -error};
  size_t length = strnlen(p->name, 64);
  memcpy(message, &failure, sizeof failure);
  memcpy(message + sizeof failure, p->name, length);
  (void)!send(sync, message, sizeof failure + length, MSG_NOSIGNAL);
}

static void child(struct session *s, struct plan *p, struct stdio *io) __attribute__((noreturn));
static void child(struct session *s, struct plan *p, struct stdio *io) {
  sigset_t none;
  signal(SIGPIPE, SIG_DFL); /* the only one that is not */
  umask(0); /* modes are as the plan says; op_exec sets the program's */
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  close(io->sync[0]);
  p->sync = io->sync[1];
  int result = set_stdio(p, io);
  if (!result) result = join_kill_cgroup(s->kill_dir);
  if (!result) result = plan_walk(p);
  report(p->sync, p, result ? result : -ENOEXEC);
  _exit(127);
}

static pid_t clone_child(struct session *s, struct plan *p) {
  const char *cgroup = *s->kill_dir ? s->kill_dir : p->clone_cgroup;
  char probe[600] = "";
  if (*s->kill_dir) snprintf(probe, sizeof probe, "%s/cgroup.kill", s->kill_dir);
  SCOPED_FD dir = -1;
  if (cgroup && *cgroup && (!*probe || access(probe, F_OK) == 0))
    dir = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  struct clone_args args = {
      .flags = p->clone_flags | CLONE_PIDFD, .exit_signal = SIGCHLD, .pidfd = (uint64_t)(uintptr_t)&s->pidfd};
  if (dir >= 0) {
    args.flags |= CLONE_INTO_CGROUP;
    args.cgroup = (uint64_t)dir;
  }
  return (pid_t)syscall(SYS_clone3, &args, sizeof args);
}

static int cancelled(struct failure *failure) {
  *failure = (struct failure){-1, ECANCELED};
  return -ECANCELED;
}

/* False once whoever asked has gone: what they do not hear of must not run. */
static bool await_word(int sync, int client) {
  struct pollfd fds[2] = {{sync, POLLIN, 0}, {client, 0, 0}};
  while (poll(fds, 2, -1) < 0 && errno == EINTR) continue;
  return fds[1].revents == 0;
}

/* From the child: a pty's master, a failure, or its end of the socket closed by exec. */
static int await_exec(struct session *s, struct plan *p, int sync, struct failure *failure, char *name,
                      size_t size) {
  for (;;) {
    if (!await_word(sync, p->client)) return cancelled(failure);
    char data[128], control[CMSG_SPACE(sizeof(int))];
    struct iovec part = {data, sizeof data};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t n = recvmsg(sync, &message, MSG_CMSG_CLOEXEC);
    if (n < 0 && errno == EINTR) continue;
    if (n == 0) return 0;
    struct cmsghdr *head = n == 1 ? CMSG_FIRSTHDR(&message) : NULL;
    if (head && head->cmsg_type == SCM_RIGHTS) {
      memcpy(&s->master, CMSG_DATA(head), sizeof s->master);
      fcntl(s->master, F_SETFL, O_NONBLOCK);
      continue;
    }
    *failure = (struct failure){-1, n < 0 ? errno : EPROTO};
    if (n < (ssize_t)sizeof *failure) return -EPROTO;
    memcpy(failure, data, sizeof *failure);
    snprintf(name, size, "%.*s", (int)(n - (ssize_t)sizeof *failure), data + sizeof *failure);
    return -failure->error;
  }
}

static void block_child_signal(struct session *s) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  sigprocmask(SIG_BLOCK, &set, NULL);
  s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int session_spawn(struct session *s, struct plan *p, struct failure *failure, char *name, size_t size) {
  struct stdio io = {{-1, -1}, {-1, -1}, {-1, -1}, {-1, -1}};
  *failure = (struct failure){p->index, 0};
  snprintf(name, size, "clone");
  int result = open_stdio(p, &io);
  block_child_signal(s);
  if (!result) {
    s->pid = clone_child(s, p);
    if (s->pid == 0) child(s, p, &io);
    if (s->pid < 0) result = -errno;
  }
  failure->error = -result;
  close_one(&io.sync[1]);
  close_one(&io.in[0]);
  close_one(&io.out[1]);
  close_one(&io.err[1]);
  s->started.at_ms = realtime_ns() / 1000000;
  if (!result) result = await_exec(s, p, io.sync[0], failure, name, size);
  close_one(&io.sync[0]);
  s->out = p->tty ? s->master : io.out[0];
  s->in = p->tty ? (p->open_stdin ? s->master : -1) : io.in[1];
  s->err = io.err[0];
  return result;
}
