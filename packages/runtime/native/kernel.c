/* Operations in the host's namespaces: network namespaces, rtnetlink, sysctls, plain writes. */
#include "orc.h"
#include <linux/netlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int home(struct plan *p) {
  if (p->home_net < 0) p->home_net = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  return p->home_net < 0 ? -errno : 0;
}

static int go_home(struct plan *p, int result) {
  if (setns(p->home_net, CLONE_NEWNET)) return -errno;
  return result;
}

static int enter_net(struct plan *p, const char *path) {
  int result = home(p);
  if (result) return result;
  SCOPED_FD fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || setns(fd, CLONE_NEWNET)) return -errno;
  return 0;
}

static int loopback_up(void) {
  struct ifreq request = {.ifr_flags = IFF_UP};
  memcpy(request.ifr_name, "lo", 3);
  SCOPED_FD fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  return fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) ? -errno : 0;
}

static int pin_here(const char *path) {
  SCOPED_FD fd = open(path, O_CREAT | O_EXCL | O_CLOEXEC | O_RDONLY, 0400);
  if (fd < 0) return -errno;
  if (mount("/proc/thread-self/ns/net", path, NULL, MS_BIND, NULL)) {
    int error = -errno;
    unlink(path);
    return error;
  }
  return loopback_up();
}

int op_netns(struct plan *p, struct cursor *c) {
  const char *path = take_string(c);
  int result = c->bad ? -EBADMSG : home(p);
  if (result) return result;
  if (unshare(CLONE_NEWNET)) return -errno;
  return go_home(p, pin_here(path));
}

int op_netns_remove(struct plan *p, struct cursor *c) {
  (void)p;
  const char *path = take_string(c);
  if (c->bad) return -EBADMSG;
  if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) && errno != EINVAL && errno != ENOENT) return -errno;
  return unlink(path) && errno != ENOENT ? -errno : 0;
}

static bool tolerated(struct cursor list, int error) {
  uint32_t count = take_u32(&list);
  for (uint32_t i = 0; i < count && !list.bad; i++) {
    if (take_u32(&list) == (uint32_t)error) return true;
  }
  return false;
}

/* One message of a datagram; NULL at its end. */
static const struct nlmsghdr *next_message(const char *buffer, size_t length, size_t *at) {
  const struct nlmsghdr *head = (const void *)(buffer + *at);
  if (*at > length || length - *at < sizeof *head) return NULL;
  if (head->nlmsg_len < sizeof *head || head->nlmsg_len > length - *at) return NULL;
  *at += NLMSG_ALIGN(head->nlmsg_len);
  return head;
}

static bool is_answer(const struct nlmsghdr *head) {
  return head->nlmsg_type == NLMSG_ERROR && head->nlmsg_len >= NLMSG_LENGTH(sizeof(struct nlmsgerr));
}

/*
 * Awaits the answer to every message, as each asks for one (NLM_F_ACK). Only the kernel's count (port 0): in a
 * container's namespace its processes may send to us too.
 */
static int await_acks(int fd, uint32_t expected, struct cursor tolerate) {
  _Alignas(struct nlmsghdr) char buffer[8192];
  while (expected > 0) {
    struct sockaddr_nl from = {0};
    socklen_t size = sizeof from;
    ssize_t length = recvfrom(fd, buffer, sizeof buffer, 0, (struct sockaddr *)&from, &size);
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) return -errno;
    if (from.nl_pid != 0) continue;
    size_t at = 0;
    for (const struct nlmsghdr *h; expected > 0 && (h = next_message(buffer, (size_t)length, &at));) {
      if (!is_answer(h)) continue;
      int error = -((const struct nlmsgerr *)NLMSG_DATA(h))->error;
      if (error && !tolerated(tolerate, error)) return -error;
      expected -= 1;
    }
  }
  return 0;
}

static uint32_t count_messages(struct bytes messages) {
  uint32_t count = 0;
  size_t at = 0;
  while (messages.length - at >= sizeof(struct nlmsghdr)) {
    struct nlmsghdr head;
    memcpy(&head, messages.data + at, sizeof head);
    if (head.nlmsg_len < sizeof head || head.nlmsg_len > messages.length - at) return 0;
    count += 1;
    at += NLMSG_ALIGN(head.nlmsg_len);
    if (at > messages.length) break;
  }
  return count;
}

enum { NAMESPACE_FDS_MAX = 16 };
struct fd_list {
  int count;
  int fds[NAMESPACE_FDS_MAX];
};

static void close_list(struct fd_list *list) {
  for (int i = 0; i < list->count; i++) close(list->fds[i]);
}

/* Writes a descriptor of each named namespace into the messages (IFLA_NET_NS_FD). */
static int fill_namespace_fds(struct cursor *c, struct bytes messages, struct fd_list *list) {
  uint32_t count = take_u32(c);
  if (count > NAMESPACE_FDS_MAX) return -E2BIG;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t offset = take_u32(c);
    const char *path = take_string(c);
    if (c->bad || messages.length < 4 || offset > messages.length - 4) return -EBADMSG;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -errno;
    list->fds[list->count++] = fd;
    memcpy((uint8_t *)(uintptr_t)messages.data + offset, &fd, sizeof fd);
  }
  return 0;
}

/* A socket stays in the namespace that it was made in. */
static int netlink_socket(struct plan *p, const char *namespace) {
  if (*namespace) {
    int result = enter_net(p, namespace);
    if (result) return result;
  }
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  int result = fd < 0 ? -errno : fd;
  /* An answer without a copy of the question fits the buffer whatever was asked. */
  if (fd >= 0) (void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &(int){1}, sizeof(int));
  return *namespace ? go_home(p, result) : result;
}

int op_netlink(struct plan *p, struct cursor *c) {
  const char *namespace = take_string(c);
  struct bytes messages = take_bytes(c);
  __attribute__((cleanup(close_list))) struct fd_list list = {0};
  int result = fill_namespace_fds(c, messages, &list);
  if (result || c->bad) return result ? result : -EBADMSG;
  uint32_t expected = count_messages(messages);
  if (expected == 0) return -EBADMSG;
  SCOPED_FD fd = netlink_socket(p, namespace);
  if (fd < 0) return fd;
  if (send(fd, messages.data, messages.length, 0) != (ssize_t)messages.length) return -errno;
  return await_acks(fd, expected, *c);
}

/*
 * A procfs of the plan's own. In the host's, names below /proc/sys/net are there once for each network namespace that
 * anybody looked into, in one chain: with a thousand of them a look costs a tenth of a millisecond.
 */
static int own_procfs(struct plan *p) {
  if (p->procfs >= 0) return p->procfs;
  enum { CLOEXEC = 1, CREATE = 6 }; /* FSOPEN_CLOEXEC, FSMOUNT_CLOEXEC; FSCONFIG_CMD_CREATE */
  SCOPED_FD fs = (int)syscall(SYS_fsopen, "proc", CLOEXEC);
  if (fs < 0 || syscall(SYS_fsconfig, fs, CREATE, NULL, NULL, 0)) return -errno;
  p->procfs = (int)syscall(SYS_fsmount, fs, CLOEXEC, 0);
  return p->procfs < 0 ? -errno : p->procfs;
}

static int write_sysctl(struct plan *p, const char *key, const char *value) {
  int procfs = own_procfs(p);
  if (procfs < 0) return procfs;
  SCOPED_FD dir = openat(procfs, "sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0) return -errno;
  SCOPED_FD fd = in_root(dir, key, O_WRONLY | O_CLOEXEC, 0);
  if (fd < 0) return fd;
  return write(fd, value, strlen(value)) < 0 ? -errno : 0;
}

int op_sysctl(struct plan *p, struct cursor *c) {
  const char *namespace = take_string(c);
  const char *key = take_string(c);
  const char *value = take_string(c);
  if (c->bad) return -EBADMSG;
  int result = *namespace ? enter_net(p, namespace) : 0;
  if (result) return result;
  result = write_sysctl(p, key, value);
  if (result && tolerated(*c, -result)) result = 0;
  return *namespace ? go_home(p, result) : result;
}

int op_write(struct plan *p, struct cursor *c) {
  (void)p;
  const char *path = take_string(c);
  struct bytes data = take_bytes(c);
  if (c->bad) return -EBADMSG;
  SCOPED_FD fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return -errno;
  ssize_t n = write(fd, data.data, data.length);
  if (n < 0) return -errno;
  return (size_t)n == data.length ? 0 : -EIO; /* the kernel's files take a value whole or not at all */
}
