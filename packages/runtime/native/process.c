/* What the first process becomes: limits, identity, capabilities, seccomp, and the program. */
#include "orc.h"
#include <grp.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { GROUPS_MAX = 1024, STRINGS_MAX = 1 << 16, PTY_MAJOR_FIRST = 136, PTY_MAJOR_LAST = 143 };

/* path, kind */
int op_setns(struct plan *p, struct cursor *c) {
  const char *path = take_string(c);
  uint32_t kind = take_u32(c);
  if (c->bad) return -EBADMSG;
  SCOPED_FD fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -errno;
  return join_namespace(p, fd, kind);
}

int op_unshare(struct plan *p, struct cursor *c) {
  (void)p;
  uint64_t flags = take_u64(c);
  if (c->bad) return -EBADMSG;
  return unshare((int)flags) ? -errno : 0;
}

/* exec: into the container's namespaces, all at once, by the descriptor of its first process */
int op_enter(struct plan *p, struct cursor *c) {
  uint64_t flags = take_u64(c);
  if (c->bad) return -EBADMSG;
  if (setns(p->target_pidfd, (int)flags)) return -errno;
  p->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  return p->root < 0 ? -errno : 0;
}

int op_hostname(struct plan *p, struct cursor *c) {
  (void)p;
  const char *name = take_string(c);
  if (c->bad) return -EBADMSG;
  return sethostname(name, strlen(name)) ? -errno : 0;
}

int op_domainname(struct plan *p, struct cursor *c) {
  (void)p;
  const char *name = take_string(c);
  if (c->bad) return -EBADMSG;
  return setdomainname(name, strlen(name)) ? -errno : 0;
}

int op_rlimit(struct plan *p, struct cursor *c) {
  (void)p;
  uint32_t resource = take_u32(c);
  struct rlimit limit = {.rlim_cur = take_u64(c)};
  limit.rlim_max = take_u64(c);
  if (c->bad) return -EBADMSG;
  return setrlimit((__rlimit_resource_t)resource, &limit) ? -errno : 0;
}

/* A parent that died before it was set will send nothing: then its end of our socket is closed. */
int op_pdeathsig(struct plan *p, struct cursor *c) {
  uint32_t number = take_u32(c);
  if (c->bad) return -EBADMSG;
  if (prctl(PR_SET_PDEATHSIG, number)) return -errno;
  struct pollfd parent = {p->sync, 0, 0};
  return poll(&parent, 1, 0) > 0 && (parent.revents & POLLHUP) ? -ESRCH : 0;
}

int op_dumpable(struct plan *p, struct cursor *c) {
  (void)p;
  uint32_t on = take_u32(c);
  if (c->bad) return -EBADMSG;
  return prctl(PR_SET_DUMPABLE, on) ? -errno : 0;
}

int op_setsid(struct plan *p, struct cursor *c) {
  (void)p;
  (void)c;
  return setsid() < 0 ? -errno : 0;
}

/*
 * A working directory reached through a leaked descriptor is outside of the root (CVE-2024-21626): links of
 * procfs that lead to descriptors are not followed, and where we end is looked at once more.
 */
int op_cwd(struct plan *p, struct cursor *c) {
  (void)p;
  char here[4096];
  const char *path = take_string(c);
  if (c->bad) return -EBADMSG;
  SCOPED_FD root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) return -errno;
  SCOPED_FD fd = in_root(root, path, O_PATH | O_DIRECTORY, 0);
  if (fd < 0) return fd;
  if (fchdir(fd) || syscall(SYS_getcwd, here, sizeof here) < 0) return -errno;
  return here[0] == '/' ? 0 : -EXDEV;
}

/* The program may reopen /dev/stdout under its own user. */
static void give_stdio(uid_t uid) {
  for (int fd = 0; fd <= 2; fd++) {
    struct stat st;
    if (fstat(fd, &st)) continue;
    unsigned number = major(st.st_rdev);
    bool pty = S_ISCHR(st.st_mode) && number >= PTY_MAJOR_FIRST && number <= PTY_MAJOR_LAST;
    if (S_ISFIFO(st.st_mode) || pty) (void)!fchown(fd, uid, (gid_t)-1);
  }
}

/* uid, gid, count of groups, groups; capabilities stay permitted until op_capabilities says which */
int op_user(struct plan *p, struct cursor *c) {
  (void)p;
  gid_t groups[GROUPS_MAX];
  uint32_t uid = take_u32(c), gid = take_u32(c), count = take_u32(c);
  if (count > GROUPS_MAX) return -E2BIG;
  for (uint32_t i = 0; i < count; i++) groups[i] = take_u32(c);
  if (c->bad) return -EBADMSG;
  give_stdio(uid);
  if (prctl(PR_SET_KEEPCAPS, 1)) return -errno;
  if (setgroups(count, groups) || setresgid(gid, gid, gid) || setresuid(uid, uid, uid)) return -errno;
  return prctl(PR_SET_KEEPCAPS, 0) ? -errno : 0;
}

int op_bounding(struct plan *p, struct cursor *c) {
  (void)p;
  uint64_t keep = take_u64(c);
  if (c->bad) return -EBADMSG;
  for (int cap = 0; cap < 64; cap++) {
    if (keep >> cap & 1) continue;
    if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0) continue;
    return errno == EINVAL ? 0 : -errno; /* past the kernel's last */
  }
  return 0;
}

static int set_ambient(uint64_t mask) {
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)) return -errno;
  for (int cap = 0; cap < 64; cap++) {
    if ((mask >> cap & 1) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0)) return -errno;
  }
  return 0;
}

/* effective, permitted, inheritable, ambient */
int op_capabilities(struct plan *p, struct cursor *c) {
  (void)p;
  uint64_t effective = take_u64(c), permitted = take_u64(c), inheritable = take_u64(c), ambient = take_u64(c);
  if (c->bad) return -EBADMSG;
  struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2] = {
      {(uint32_t)effective, (uint32_t)permitted, (uint32_t)inheritable},
      {(uint32_t)(effective >> 32), (uint32_t)(permitted >> 32), (uint32_t)(inheritable >> 32)},
  };
  if (syscall(SYS_capset, &head, data)) return -errno;
  return set_ambient(ambient);
}

int op_no_new_privileges(struct plan *p, struct cursor *c) {
  (void)p;
  (void)c;
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0;
}

/* Failures must be told before the filter holds: what it forbids may be needed to tell. */
int op_seccomp(struct plan *p, struct cursor *c) {
  (void)p;
  struct bytes filter = take_bytes(c);
  size_t count = filter.length / sizeof(struct sock_filter);
  if (c->bad || count == 0 || count > BPF_MAXINSNS || filter.length % sizeof(struct sock_filter))
    return -EBADMSG;
  struct sock_filter *copy = malloc(filter.length);
  if (!copy) return -ENOMEM;
  memcpy(copy, filter.data, filter.length);
  struct sock_fprog program = {(unsigned short)count, copy};
  long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
  free(copy);
  return result ? -errno : 0;
}

int op_close_fds(struct plan *p, struct cursor *c) {
  (void)p;
  (void)c;
  return syscall(SYS_close_range, 3u, ~0u, 4u /* CLOSE_RANGE_CLOEXEC */) ? -errno : 0;
}

static int send_master(int socket, int master) {
  char byte = 'm', control[CMSG_SPACE(sizeof(int))] = {0};
  struct iovec part = {&byte, 1};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr *head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(head), &master, sizeof master);
  return sendmsg(socket, &message, MSG_NOSIGNAL) == 1 ? 0 : -errno;
}

static int open_pty(int root, int *master) {
  *master = in_root(root, "/dev/pts/ptmx", O_RDWR | O_NOCTTY, 0);
  int unlock = 0;
  if (*master < 0) return *master;
  if (ioctl(*master, TIOCSPTLCK, &unlock)) return -errno;
  int slave = ioctl(*master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  struct stat st;
  if (slave < 0 || fstat(slave, &st)) return -errno;
  /* CVE-2025-52565: what looks like a terminal must be one of a pty's. */
  unsigned number = major(st.st_rdev);
  if (!S_ISCHR(st.st_mode) || number < PTY_MAJOR_FIRST || number > PTY_MAJOR_LAST) return -ENODEV;
  return slave;
}

static int mount_console(int root, int slave) {
  SCOPED_FD target = in_root_touch(root, "/dev/console");
  if (target < 0) return target;
  SCOPED_FD tree = (int)syscall(SYS_open_tree, slave, "", 1u | O_CLOEXEC | AT_EMPTY_PATH);
  return tree < 0 ? -errno : mount_at(tree, target);
}

/* columns, rows, u32 whether /dev/console is made: a pty of the container's own devpts as stdio; its master
 * goes out */
int op_console(struct plan *p, struct cursor *c) {
  uint16_t columns = (uint16_t)take_u32(c), rows = (uint16_t)take_u32(c);
  uint32_t console = take_u32(c);
  if (c->bad) return -EBADMSG;
  SCOPED_FD master = -1;
  SCOPED_FD slave = open_pty(p->root, &master);
  if (slave < 0) return slave;
  struct winsize size = {.ws_row = rows, .ws_col = columns};
  if ((columns || rows) && ioctl(master, TIOCSWINSZ, &size)) return -errno;
  int result = console ? mount_console(p->root, slave) : 0;
  if (!result) result = send_master(p->sync, master);
  if (result) return result;
  for (int fd = 0; fd <= 2; fd++) {
    if (dup2(slave, fd) < 0) return -errno;
  }
  return ioctl(0, TIOCSCTTY, 0) ? -errno : 0;
}

/* pid 1 that hands on signals and reaps. It keeps no descriptor, so output ends with the program. */
static void reap(pid_t program) __attribute__((noreturn));
static void reap(pid_t program) {
  sigset_t all;
  sigfillset(&all);
  syscall(SYS_close_range, 0u, ~0u, 0u);
  for (;;) {
    int number;
    if (sigwait(&all, &number)) continue;
    if (number != SIGCHLD) {
      kill(program, number);
      continue;
    }
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
      if (pid == program) _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    }
  }
}

int op_init(struct plan *p, struct cursor *c) {
  (void)p;
  (void)c;
  sigset_t all, none;
  sigfillset(&all);
  sigemptyset(&none);
  if (sigprocmask(SIG_SETMASK, &all, NULL)) return -errno;
  pid_t program = fork();
  if (program < 0) return -errno;
  if (program > 0) {
    title_kind("orc-init");
    reap(program);
  }
  /* A group of its own, in the foreground: Ctrl-C reaches it once, not by way of us too. */
  if (setpgid(0, 0)) return -errno;
  if (isatty(0)) (void)tcsetpgrp(0, getpid());
  return sigprocmask(SIG_SETMASK, &none, NULL) ? -errno : 0;
}

static char **take_strings(struct cursor *c) {
  uint32_t count = take_u32(c);
  if (c->bad || count > STRINGS_MAX) {
    c->bad = true;
    return NULL;
  }
  char **list = calloc(count + 1, sizeof *list);
  for (uint32_t i = 0; list && i < count; i++) list[i] = (char *)(uintptr_t)take_string(c);
  return list;
}

/* As execvp(3) searches, with the PATH given; EACCES of one directory does not hide a program in a later one.
 */
static int search(const char *path, char **argv, char **env) {
  char candidate[4096];
  int found = -ENOENT;
  for (const char *at = path; *at;) {
    size_t length = strcspn(at, ":");
    int size = snprintf(candidate, sizeof candidate, "%.*s/%s", (int)length, length ? at : ".", argv[0]);
    if (size > 0 && (size_t)size < sizeof candidate) {
      execve(candidate, argv, env);
      if (errno == EACCES)
        found = -EACCES;
      else if (errno != ENOENT && errno != ENOTDIR)
        return -errno;
    }
    at += length + (at[length] == ':');
  }
  return found;
}

/* arguments, environment, PATH */
int op_exec(struct plan *p, struct cursor *c) {
  (void)p;
  char **argv = take_strings(c);
  char **env = take_strings(c);
  const char *path = take_string(c);
  if (c->bad || !argv || !env || !argv[0]) return -EBADMSG;
  umask(022);
  if (strchr(argv[0], '/')) {
    execve(argv[0], argv, env);
    return -errno;
  }
  return search(path, argv, env);
}
