/* The loop around one program: output to the log and to clients, input from them, its end to all. */
#include "session.h"
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { IDLE_MS = 500, DRAIN_MAX = 1 << 20, FDS_MAX = CLIENTS_MAX + 8 };

static bool has_io(struct session *s) {
  if (s->io) return true;
  void *memory = mmap(NULL, IO_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory != MAP_FAILED) s->io = memory;
  return s->io != NULL;
}

static void go_idle(struct session *s) {
  if (s->io) munmap(s->io, IO_BYTES);
  s->io = NULL;
  if (s->log) log_idle(s->log);
}

static void spread(struct session *s, uint8_t stream, const uint8_t *data, size_t length) {
  uint8_t bit = stream == 1 ? ATTACH_STDOUT : ATTACH_STDERR;
  for (int i = 0; i < CLIENTS_MAX; i++) {
    struct client *c = &s->clients[i];
    for (size_t at = 0; c->fd >= 0 && (c->attach & bit) && at < length; at += FRAME_BYTES_MAX) {
      size_t part = length - at < FRAME_BYTES_MAX ? length - at : FRAME_BYTES_MAX;
      client_send(c, FR_OUTPUT, stream, data + at, (uint32_t)part);
    }
  }
}

/* Bytes that were read; 0 when there are none now. The end of the output closes `fd`. */
static size_t pump(struct session *s, int *fd, uint8_t stream) {
  ssize_t n = has_io(s) ? read(*fd, s->io, IO_BYTES) : -1;
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
  if (n <= 0) {
    if (*fd != s->master) close(*fd);
    *fd = -1;
    return 0;
  }
  if (s->log) log_append(s->log, stream, s->io, (size_t)n);
  if (!s->told) spread(s, stream, s->io, (size_t)n);
  return (size_t)n;
}

uint64_t oom_kills(int fd) {
  char text[1024];
  ssize_t n = fd < 0 ? -1 : pread(fd, text, sizeof text - 1, 0);
  if (n < 0) return 0;
  text[n] = 0;
  const char *at = strstr(text, "oom_kill ");
  return at ? strtoull(at + 9, NULL, 10) : 0;
}

/* Atomic for readers; not synced: a power loss ends every container anyway. */
static void write_record(struct session *s) {
  char text[256];
  const struct exited *e = &s->exited;
  int length = snprintf(
      text, sizeof text,
      "{\"schema\":1,\"attempt\":%u,\"code\":%d,\"signal\":%d,\"oom\":%s,\"startedAt\":%llu,\"at\":%llu}\n",
      s->started.attempt, e->code, e->signal, e->oom ? "true" : "false", (unsigned long long)s->started.at_ms,
      (unsigned long long)e->at_ms);
  int fd = openat(s->folder, "exit.tmp", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return;
  int result = write_all(fd, text, (size_t)length);
  close(fd);
  if (!result) renameat(s->folder, "exit.tmp", s->folder, "exit");
}

static void tell_all(struct session *s) {
  s->told = true;
  for (int i = 0; i < CLIENTS_MAX; i++) {
    struct client *c = &s->clients[i];
    if (c->fd >= 0 && c->attach) client_send(c, FR_OUTPUT_END, 0, NULL, 0);
    if (c->fd >= 0) client_send(c, FR_EXITED, 0, &s->exited, sizeof s->exited);
  }
}

static void drain(struct session *s, int *fd, uint8_t stream) {
  for (size_t total = 0, n; *fd >= 0 && total < DRAIN_MAX; total += n) {
    n = pump(s, fd, stream);
    if (n == 0) return;
  }
}

/* The log is complete before anybody hears of the end. */
static void on_end(struct session *s, int status) {
  int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  s->exited.signal = number;
  s->exited.code = number ? 128 + number : WEXITSTATUS(status);
  s->exited.oom = oom_kills(s->oom_fd) > s->oom_before;
  s->exited.at_ms = realtime_ns() / 1000000;
  s->ended = true;
  if (*s->kill_dir) kill_cgroup(s->kill_dir);
  drain(s, &s->out, 1);
  drain(s, &s->err, 2);
  if (s->log) log_close(s->log);
  stdin_close(s);
  if (s->folder >= 0) write_record(s);
  tell_all(s);
}

static void on_child(struct session *s) {
  struct signalfd_siginfo info;
  while (read(s->signals, &info, sizeof info) == (ssize_t)sizeof info) continue;
  int status;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
    if (pid == s->pid) on_end(s, status);
  }
}

static void on_deadline(struct session *s) {
  s->deadline_ms = 0;
  s->exited.timed_out = 1;
  if (*s->kill_dir) kill_cgroup(s->kill_dir);
  syscall(SYS_pidfd_send_signal, s->pidfd, SIGKILL, NULL, 0);
}

static bool any_backed_up(struct session *s) {
  for (int i = 0; i < CLIENTS_MAX; i++) {
    if (s->clients[i].fd >= 0 && client_backed_up(&s->clients[i])) return true;
  }
  return false;
}

static void drop_stalled(struct session *s, uint64_t now) {
  for (int i = 0; i < CLIENTS_MAX; i++) {
    struct client *c = &s->clients[i];
    if (c->fd < 0 || c->owner || !client_backed_up(c)) continue;
    if (now - c->progress_ms > CLIENT_STALL_MS) client_pass_over(c);
  }
}

static void watch(struct pollfd *fds, int *count, int fd, short events) {
  fds[*count] = (struct pollfd){fd, events, 0};
  *count += 1;
}

struct watched {
  struct pollfd fds[FDS_MAX];
  int count;
};

enum { AT_SIGNALS, AT_LISTENER, AT_OUT, AT_ERR, AT_IN, AT_CLIENTS };

/* Fixed places first; a descriptor of -1 is ignored by poll(2). */
static void gather(struct session *s, struct watched *w) {
  bool hold = !s->told && any_backed_up(s);
  bool stdin_full = s->pending_to > s->pending_from;
  w->count = 0;
  watch(w->fds, &w->count, s->signals, POLLIN);
  watch(w->fds, &w->count, s->listener, POLLIN);
  watch(w->fds, &w->count, hold ? -1 : s->out, POLLIN);
  watch(w->fds, &w->count, hold ? -1 : s->err, POLLIN);
  watch(w->fds, &w->count, stdin_full ? s->in : -1, POLLOUT);
  for (int i = 0; i < CLIENTS_MAX; i++) {
    struct client *c = &s->clients[i];
    bool waits = client_waits(s, c), queued = client_queued(c) > 0;
    short events = (short)((waits ? 0 : POLLIN) | (queued ? POLLOUT : 0));
    /* poll(2) tells of a hang-up unasked: a client that waits would keep us busy with it. */
    watch(w->fds, &w->count, events ? c->fd : -1, events);
  }
}

static void accept_client(struct session *s) {
  int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
  if (fd < 0) return;
  struct ucred peer;
  socklen_t size = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) || peer.uid != 0)
    close(fd);
  else
    client_add(s, fd);
}

static void serve_clients(struct session *s, struct watched *w) {
  for (int i = 0; i < CLIENTS_MAX; i++) {
    struct client *c = &s->clients[i];
    struct pollfd *fd = &w->fds[AT_CLIENTS + i];
    if (fd->fd < 0 || c->fd != fd->fd) continue;
    if (fd->revents & POLLOUT) client_flush(c);
    bool readable = fd->revents & (POLLIN | POLLHUP | POLLERR);
    if (c->fd >= 0 && readable && !client_waits(s, c) && has_io(s)) client_read(s, c);
  }
}

static void serve_ready(struct session *s, struct watched *w) {
  struct pollfd *fds = w->fds;
  if (fds[AT_OUT].revents && s->out >= 0) pump(s, &s->out, 1);
  if (fds[AT_ERR].revents && s->err >= 0) pump(s, &s->err, 2);
  if (fds[AT_IN].revents) stdin_flush(s);
  serve_clients(s, w);
  if (fds[AT_LISTENER].revents) accept_client(s);
  if (fds[AT_SIGNALS].revents) on_child(s);
}

static int wait_ms(struct session *s, uint64_t now) {
  int idle = s->io || (s->log && s->log->batch) ? IDLE_MS : -1;
  if (any_backed_up(s)) idle = 1000;
  if (!s->deadline_ms || s->ended) return idle;
  int left = s->deadline_ms > now ? (int)(s->deadline_ms - now) : 0;
  return idle >= 0 && idle < left ? idle : left;
}

static bool has_queued(struct session *s) {
  for (int i = 0; i < CLIENTS_MAX; i++) {
    if (s->clients[i].fd >= 0 && client_queued(&s->clients[i])) return true;
  }
  return false;
}

static void flush_all(struct session *s) {
  uint64_t until = monotonic_ms() + FLUSH_MS;
  struct watched w;
  while (has_queued(s)) {
    uint64_t now = monotonic_ms();
    if (now >= until) return;
    gather(s, &w);
    if (poll(w.fds, (nfds_t)w.count, (int)(until - now)) > 0) serve_ready(s, &w);
  }
}

/* Who writes into a connection that is closed loses what it has not read of it yet: they hang up, not we. */
static void part_served(struct session *s) {
  uint64_t now = monotonic_ms();
  for (int i = 0; i < CLIENTS_MAX; i++) {
    struct client *c = &s->clients[i];
    if (c->fd < 0 || client_queued(c)) continue;
    if (!c->parted_ms) {
      shutdown(c->fd, SHUT_WR);
      c->parted_ms = now;
    } else if (now - c->parted_ms >= PART_MS) {
      client_drop(c);
    }
  }
}

static bool has_clients(const struct session *s) {
  for (int i = 0; i < CLIENTS_MAX; i++) {
    if (s->clients[i].fd >= 0) return true;
  }
  return false;
}

static bool is_written_to(const struct session *s) {
  return s->container >= 0 && (s->out >= 0 || s->err >= 0);
}

void session_linger(struct session *s) {
  struct watched w;
  if (s->listener >= 0) close(s->listener);
  s->listener = -1;
  for (part_served(s); has_clients(s) || is_written_to(s); part_served(s)) {
    gather(s, &w);
    int at = w.count;
    watch(w.fds, &w.count, s->container, POLLIN);
    int n = poll(w.fds, (nfds_t)w.count, s->io ? IDLE_MS : has_clients(s) ? PART_MS : -1);
    if (n == 0) go_idle(s);
    if (n <= 0) continue;
    serve_ready(s, &w);
    if (w.fds[at].revents) s->container = -1;
  }
}

void session_serve(struct session *s) {
  struct watched w;
  while (!s->ended) {
    uint64_t now = monotonic_ms();
    gather(s, &w);
    int n = poll(w.fds, (nfds_t)w.count, wait_ms(s, now));
    now = monotonic_ms();
    if (n > 0)
      serve_ready(s, &w);
    else if (n == 0)
      go_idle(s);
    if (s->deadline_ms && now >= s->deadline_ms && !s->ended) on_deadline(s);
    drop_stalled(s, now);
  }
  flush_all(s);
}
