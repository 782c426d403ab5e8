/* Frames on sockets and the fields of a plan. */
#include "orc.h"
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

void close_scoped(int *fd) {
  if (*fd >= 0) close(*fd);
}

static const uint8_t *take(struct cursor *c, size_t length) {
  if (c->bad || (size_t)(c->end - c->at) < length) {
    c->bad = true;
    return NULL;
  }
  const uint8_t *at = c->at;
  c->at += length;
  return at;
}

uint16_t take_u16(struct cursor *c) {
  uint16_t value = 0;
  const uint8_t *at = take(c, sizeof value);
  if (at) memcpy(&value, at, sizeof value);
  return value;
}

uint32_t take_u32(struct cursor *c) {
  uint32_t value = 0;
  const uint8_t *at = take(c, sizeof value);
  if (at) memcpy(&value, at, sizeof value);
  return value;
}

uint64_t take_u64(struct cursor *c) {
  uint64_t value = 0;
  const uint8_t *at = take(c, sizeof value);
  if (at) memcpy(&value, at, sizeof value);
  return value;
}

struct bytes take_bytes(struct cursor *c) {
  struct bytes value = {NULL, take_u32(c)};
  value.data = take(c, value.length);
  if (!value.data) value.length = 0;
  return value;
}

/* Strings carry their NUL, so they are used in place; one within would cut a path silently. */
const char *take_string(struct cursor *c) {
  uint32_t length = take_u32(c);
  const uint8_t *at = length < UINT32_MAX ? take(c, (size_t)length + 1) : NULL;
  if (!at || at[length] != 0 || memchr(at, 0, length)) {
    c->bad = true;
    return "";
  }
  return (const char *)at;
}

int read_all(int fd, void *data, size_t length) {
  for (size_t done = 0; done < length;) {
    ssize_t n = read(fd, (uint8_t *)data + done, length - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -errno;
    if (n == 0) return -ECONNRESET;
    done += (size_t)n;
  }
  return 0;
}

int write_all(int fd, const void *data, size_t length) {
  for (size_t done = 0; done < length;) {
    ssize_t n = write(fd, (const uint8_t *)data + done, length - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -errno;
    done += (size_t)n;
  }
  return 0;
}

int send_frame(int fd, uint8_t type, uint8_t arg, const void *data, uint32_t length) {
  struct frame head = {length, type, arg, 0};
  struct iovec parts[2] = {{&head, sizeof head}, {(void *)(uintptr_t)data, length}};
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = length ? 2 : 1};
  ssize_t n = sendmsg(fd, &message, MSG_NOSIGNAL);
  if (n < 0) return -errno;
  size_t total = sizeof head + length;
  if ((size_t)n == total) return 0;
  if ((size_t)n < sizeof head) return -EPIPE;
  return write_all(fd, (const uint8_t *)data + ((size_t)n - sizeof head), total - (size_t)n);
}

int send_failure(int fd, int index, int error, const char *name) {
  uint8_t payload[sizeof(struct failure) + 64];
  struct failure failure = {index, error};
  size_t length = strnlen(name, 64);
  memcpy(payload, &failure, sizeof failure);
  memcpy(payload + sizeof failure, name, length);
  return send_frame(fd, FR_FAILED, 0, payload, (uint32_t)(sizeof failure + length));
}

/* A plan lives in a mapping of its own, so that a shim gives the memory back whole. NULL: too large, or cut
 * off. */
uint8_t *map_plan(int fd, uint32_t length) {
  if (length == 0 || length > PLAN_BYTES_MAX) return NULL;
  uint8_t *data = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) return NULL;
  return read_all(fd, data, length) == 0 ? data : NULL;
}

bool hung_up(int fd) {
  struct pollfd other = {fd, 0, 0};
  return fd >= 0 && poll(&other, 1, 0) > 0 && (other.revents & (POLLHUP | POLLERR | POLLNVAL));
}

uint64_t realtime_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t monotonic_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}
