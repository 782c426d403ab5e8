/* Clients of a shim or an exec: their requests, and their queues of output. */
#include "session.h"
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

/* Reading stops at CLIENT_QUEUE_MAX; what the pipes then still hold at the program's end fits above it. */
enum { QUEUE_BYTES = CLIENT_QUEUE_MAX + (4 << 20), SMALL_MAX = 512 };

/* Those who were dropped, and still do not read, make room. */
static struct client *free_client(struct session *s) {
  struct client *dropped = NULL;
  for (int i = 0; i < CLIENTS_MAX; i++) {
    if (s->clients[i].fd < 0) return &s->clients[i];
    if (s->clients[i].dropped) dropped = &s->clients[i];
  }
  if (dropped) client_drop(dropped);
  return dropped;
}

struct client *client_add(struct session *s, int fd) {
  struct client *c = free_client(s);
  if (!c) {
    close(fd);
    return NULL;
  }
  memset(c, 0, sizeof *c);
  c->fd = fd;
  return c;
}

void client_drop(struct client *c) {
  if (c->queue) munmap(c->queue, QUEUE_BYTES);
  c->queue = NULL;
  close(c->fd);
  c->fd = -1;
}

uint32_t client_queued(const struct client *c) { return c->queue_to - c->queue_from; }

bool client_backed_up(const struct client *c) {
  return !c->dropped && client_queued(c) >= CLIENT_QUEUE_MAX;
}

static bool queue(struct client *c, const void *data, size_t length) {
  if (!c->queue) {
    void *memory =
        mmap(NULL, QUEUE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) return false;
    c->queue = memory;
    c->queue_from = c->queue_to = 0;
    c->progress_ms = monotonic_ms();
  }
  if (c->queue_to + length > QUEUE_BYTES) {
    memmove(c->queue, c->queue + c->queue_from, client_queued(c));
    c->queue_to -= c->queue_from;
    c->queue_from = 0;
  }
  if (c->queue_to + length > QUEUE_BYTES) return false;
  memcpy(c->queue + c->queue_to, data, length);
  c->queue_to += (uint32_t)length;
  return true;
}

static ssize_t send_now(struct client *c, const void *data, size_t length) {
  ssize_t n = send(c->fd, data, length, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
  return n;
}

static bool send_part(struct client *c, const void *data, size_t length) {
  ssize_t n = client_queued(c) ? 0 : send_now(c, data, length);
  if (n < 0) return false;
  return (size_t)n == length || queue(c, (const uint8_t *)data + n, length - (size_t)n);
}

void client_send(struct client *c, uint8_t type, uint8_t arg, const void *data, uint32_t length) {
  struct frame head = {length, type, arg, 0};
  uint8_t small[sizeof head + SMALL_MAX];
  if (c->fd < 0) return;
  bool sent;
  if (length <= SMALL_MAX) { /* in one piece: the reader wakes once */
    memcpy(small, &head, sizeof head);
    if (length) memcpy(small + sizeof head, data, length);
    sent = send_part(c, small, sizeof head + length);
  } else {
    sent = send_part(c, &head, sizeof head) && send_part(c, data, length);
  }
  if (!sent) client_drop(c);
}

void client_pass_over(struct client *c) {
  c->dropped = true;
  c->attach = 0;
  client_send(c, FR_DROPPED, 0, NULL, 0);
}

void client_flush(struct client *c) {
  while (client_queued(c)) {
    ssize_t n = send_now(c, c->queue + c->queue_from, client_queued(c));
    if (n < 0) {
      client_drop(c);
      return;
    }
    if (n == 0) return;
    c->queue_from += (uint32_t)n;
    c->progress_ms = monotonic_ms();
  }
  if (c->queue) munmap(c->queue, QUEUE_BYTES);
  c->queue = NULL;
}

void stdin_close(struct session *s) {
  if (s->in >= 0 && s->in != s->master) close(s->in);
  s->in = -1;
  s->pending_from = s->pending_to = 0;
}

void stdin_flush(struct session *s) {
  while (s->in >= 0 && s->pending_from < s->pending_to) {
    ssize_t n = write(s->in, s->pending + s->pending_from, s->pending_to - s->pending_from);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    if (n < 0)
      stdin_close(s);
    else
      s->pending_from += (uint32_t)n;
  }
  if (s->pending) munmap(s->pending, FRAME_BYTES_MAX);
  s->pending = NULL;
  s->pending_from = s->pending_to = 0;
  if (s->closing_in) stdin_close(s);
}

static void stdin_end(struct session *s) {
  s->closing_in = true;
  if (s->pending_from == s->pending_to) stdin_close(s);
}

static void stdin_take(struct session *s, const uint8_t *data, size_t length) {
  if (s->in < 0) return;
  void *memory = mmap(NULL, FRAME_BYTES_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return;
  s->pending = memory;
  memcpy(s->pending, data, length);
  s->pending_from = 0;
  s->pending_to = (uint32_t)length;
  stdin_flush(s);
}

static void answer(struct client *c, int result, const char *name) {
  uint8_t payload[sizeof(struct failure) + 16];
  struct failure failure = {-1, -result};
  if (!result) {
    client_send(c, FR_OK, 0, NULL, 0);
    return;
  }
  size_t length = strnlen(name, 16);
  memcpy(payload, &failure, sizeof failure);
  memcpy(payload + sizeof failure, name, length);
  client_send(c, FR_FAILED, 0, payload, (uint32_t)(sizeof failure + length));
}

static int do_signal(struct session *s, const uint8_t *payload) {
  uint32_t number;
  memcpy(&number, payload, sizeof number);
  if (s->ended) return -ESRCH;
  return syscall(SYS_pidfd_send_signal, s->pidfd, number, NULL, 0) ? -errno : 0;
}

static int do_resize(struct session *s, const uint8_t *payload) {
  uint16_t size[2];
  memcpy(size, payload, sizeof size);
  struct winsize window = {.ws_col = size[0], .ws_row = size[1]};
  if (s->master < 0) return -ENOTTY;
  return ioctl(s->master, TIOCSWINSZ, &window) ? -errno : 0;
}

static void hello(struct session *s, struct client *c) {
  client_send(c, FR_STARTED, 0, &s->started, sizeof s->started);
  if (s->ended) client_send(c, FR_EXITED, 0, &s->exited, sizeof s->exited);
}

/* The handler of an exec takes the connection over; its plan still waits in the socket. */
static void hand_over(struct session *s, struct client *c) {
  struct frame head = c->head;
  pid_t pid = s->is_exec || s->ended ? -1 : fork();
  if (pid == 0) exec_run(c->fd, &head, s->pidfd);
  if (pid < 0) answer(c, s->ended ? -ESRCH : -EINVAL, "exec");
  client_drop(c);
}

static void act(struct session *s, struct client *c) {
  switch (c->head.type) {
    case FR_HELLO:
      hello(s, c);
      break;
    case FR_ATTACH:
      c->attach = c->dropped ? 0 : c->head.arg;
      answer(c, 0, "attach");
      if (s->ended) client_send(c, FR_OUTPUT_END, 0, NULL, 0);
      break;
    case FR_SIGNAL:
      answer(c, do_signal(s, c->small), "signal");
      break;
    case FR_RESIZE:
      answer(c, do_resize(s, c->small), "resize");
      break;
    case FR_STDIN_CLOSE:
      if (s->master < 0) stdin_end(s);
      break;
    default:
      client_drop(c);
  }
}

static ssize_t receive(struct client *c, void *data, size_t length) {
  ssize_t n = recv(c->fd, data, length, MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return -1;
  if (n <= 0) client_drop(c);
  return n > 0 ? n : -1;
}

static void head_complete(struct session *s, struct client *c) {
  c->left = c->head.length;
  if (c->head.type == FR_EXEC)
    hand_over(s, c);
  else if (c->head.type == FR_STDIN ? c->left > FRAME_BYTES_MAX : c->left > sizeof c->small)
    client_drop(c);
  else if (c->left == 0) {
    c->head_have = 0;
    act(s, c);
  }
}

static void read_payload(struct session *s, struct client *c) {
  bool is_stdin = c->head.type == FR_STDIN;
  uint8_t *to = is_stdin ? s->io : c->small + (c->head.length - c->left);
  ssize_t n = receive(c, to, c->left);
  if (n < 0) return;
  c->left -= (uint32_t)n;
  if (is_stdin) stdin_take(s, to, (size_t)n);
  if (c->left) return;
  c->head_have = 0;
  if (!is_stdin) act(s, c);
}

/* Input waits in the socket as long as the program has not taken what came before. */
bool client_waits(const struct session *s, const struct client *c) {
  bool is_stdin = c->head_have == sizeof c->head && c->head.type == FR_STDIN;
  return is_stdin && s->pending_to > s->pending_from;
}

void client_read(struct session *s, struct client *c) {
  if (c->head_have == sizeof c->head) {
    read_payload(s, c);
    return;
  }
  ssize_t n = receive(c, (uint8_t *)&c->head + c->head_have, sizeof c->head - c->head_have);
  if (n < 0) return;
  c->head_have += (uint8_t)n;
  if (c->head_have == sizeof c->head) head_complete(s, c);
}
