/*
 * Tells of changes of nftables' rule set, a line each: `table FAMILY NAME` for what a transaction touches, then `by PID`
 * at its end; `gap` when the kernel had more to tell than it kept. linux/netfilter/nf_tables.h; families by number.
 */
#include "orc.h"
#include <arpa/inet.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MESSAGES_BYTES = 64 << 10, QUEUE_BYTES = 4 << 20, NAME_BYTES = 512 };

static int listen_for_rules(void) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
  int group = NFNLGRP_NFTABLES, bytes = QUEUE_BYTES;
  struct sockaddr_nl self = {.nl_family = AF_NETLINK};
  if (fd < 0 || bind(fd, (struct sockaddr *)&self, sizeof self)) return -1;
  if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group)) return -1;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes); /* a smaller one has more gaps */
  return fd;
}

/* The payload of an attribute of this type and at least this size. */
static const void *find(const struct nlmsghdr *message, uint16_t type, size_t bytes) {
  const char *at = (const char *)NLMSG_DATA(message) + NLMSG_ALIGN(sizeof(struct nfgenmsg));
  const char *end = (const char *)message + message->nlmsg_len;
  while (end - at >= NLA_HDRLEN) {
    const struct nlattr *attribute = (const struct nlattr *)at;
    if (attribute->nla_len < NLA_HDRLEN || attribute->nla_len > end - at) return NULL;
    bool fits = attribute->nla_len >= NLA_HDRLEN + bytes;
    if ((attribute->nla_type & NLA_TYPE_MASK) == type) return fits ? at + NLA_HDRLEN : NULL;
    at += NLA_ALIGN(attribute->nla_len);
  }
  return NULL;
}

static char last[NAME_BYTES]; /* line that was told */

/* Every message but that of the generation has the table's name as its first attribute, whatever it is about. */
static void tell(const struct nlmsghdr *message) {
  if (message->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES) return;
  if ((message->nlmsg_type & 0xff) == NFT_MSG_NEWGEN) {
    const uint32_t *pid = find(message, NFTA_GEN_PROC_PID, sizeof *pid);
    printf("by %u\n", pid ? ntohl(*pid) : 0);
    last[0] = 0;
    return;
  }
  const struct nfgenmsg *head = NLMSG_DATA(message);
  const char *name = find(message, NFTA_TABLE_NAME, 1);
  char line[NAME_BYTES];
  snprintf(line, sizeof line, "table %u %s\n", head->nfgen_family, name ? name : "");
  if (strcmp(line, last)) fputs(strcpy(last, line), stdout); /* a table's rules come one after the other */
}

static void tell_all(const char *messages, ssize_t bytes) {
  const struct nlmsghdr *message = (const struct nlmsghdr *)messages;
  for (; NLMSG_OK(message, bytes); message = NLMSG_NEXT(message, bytes))
    if (message->nlmsg_len >= NLMSG_LENGTH(sizeof(struct nfgenmsg))) tell(message);
}

static void tell_gap(void) {
  puts("gap");
  last[0] = 0;
}

/* For as long as who started it lives, and reads. */
int watch_rules(void) {
  static _Alignas(struct nlmsghdr) char messages[MESSAGES_BYTES];
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_NAME, "orc-rules");
  int fd = listen_for_rules();
  if (fd < 0) return 1;
  for (;;) {
    ssize_t bytes = recv(fd, messages, sizeof messages, 0);
    if (bytes > 0) tell_all(messages, bytes);
    else if (bytes < 0 && errno == ENOBUFS) tell_gap();
    else if (bytes == 0 || errno != EINTR) return 1;
    if (fflush(stdout)) return 0;
  }
}
