/*
 * orc-launch serve RUN ROOT VERSION [cgroup file…]: the resident fork server. One child per connection; it holds
 * no state but the mount namespace that containers begin with. Writes `0` to each of the cgroup files first, and prints
 * `ready PID` once it listens. VERSION comes back in its hello, so that a daemon knows a launcher of another build.
 */
#include "orc.h"
#include <linux/memfd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { BACKLOG = 1024, ACCEPT_AGAIN_NS = 20000000, REFUSED_WAIT_US = 50000 };
static const char SEALED[] = "ORC_LAUNCH_SEALED";

static void die(const char *what) {
  fprintf(stderr, "orc-launch: %s: %s\n", what, strerror(errno));
  exit(1);
}

/* Whatever the daemon was started with. */
static void default_signals(void) {
  for (int number = 1; number < 65; number++) signal(number, SIG_DFL);
}

/* From here on /proc/PID/exe of whatever we fork is a sealed copy that nobody can write (CVE-2019-5736). */
static void seal(char **argv) {
  if (getenv(SEALED)) return;
  int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  int copy = memfd_create("orc-launch", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  struct stat st;
  if (self < 0 || copy < 0 || fstat(self, &st)) die("sealing");
  for (off_t left = st.st_size; left > 0;) {
    ssize_t n = sendfile(copy, self, NULL, (size_t)left);
    if (n <= 0) die("sealing");
    left -= n;
  }
  if (fcntl(copy, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL)) die("sealing");
  setenv(SEALED, "1", 1);
  fexecve(copy, argv, environ);
  die("sealing");
}

static void join_cgroups(char **files) {
  for (; *files; files++) {
    int fd = open(*files, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, "0", 1) != 1) die(*files);
    close(fd);
  }
}

/* One launcher per run folder: the lock is held as long as it lives. */
static int listen_at(const char *run) {
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "launcher.sock"};
  if (chdir(run)) die(run);
  int lock = open("launcher.lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB)) die("another launcher runs; launcher.lock");
  unlink("launcher.sock");
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, BACKLOG))
    die("launcher.sock");
  if (chdir("/")) die("/");
  return fd;
}

static void null_stdio(void) {
  int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int i = 0; i <= 2; i++) dup2(fd, i);
  if (fd > 2) close(fd);
}

static const char *version = "";
static pid_t launcher;

static void answer_hello(int client) {
  char payload[8 + 64];
  uint32_t numbers[2] = {PROTOCOL, (uint32_t)launcher};
  size_t length = strnlen(version, 64);
  memcpy(payload, numbers, sizeof numbers);
  memcpy(payload + sizeof numbers, version, length);
  send_frame(client, FR_OK, 0, payload, (uint32_t)(sizeof numbers + length));
}

static void run_plan(int client, struct frame *head) {
  struct plan p;
  uint8_t *data = map_plan(client, head->length);
  if (!data) {
    send_failure(client, -1, EBADMSG, "plan");
    return;
  }
  plan_init(&p, data, head->length, client);
  int result = plan_walk(&p);
  if (!result && p.cloned) result = -EBADMSG; /* what follows a clone is a child's, and there is none */
  if (result)
    send_failure(client, p.index, -result, p.name);
  else
    send_frame(client, FR_OK, 0, NULL, 0);
}

static bool is_root(int client) {
  struct ucred peer;
  socklen_t size = sizeof peer;
  return getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == 0;
}

enum { BARE_FD = 3, CLIENT_FD };

/* The launcher's lock and socket would live on in a shim, which never executes. */
static int keep_only(int client) {
  if (client != CLIENT_FD) dup3(client, CLIENT_FD, O_CLOEXEC);
  syscall(SYS_close_range, (unsigned)CLIENT_FD + 1, ~0u, 0u);
  return CLIENT_FD;
}

static void open_bare(const char *root, const char *run) {
  int fd = bare_namespace(root, run);
  if (fd < 0) errno = -fd;
  if (fd < 0 || (fd != BARE_FD && dup3(fd, BARE_FD, O_CLOEXEC) < 0)) die("a mount namespace for containers");
  if (fd != BARE_FD) close(fd);
}

/* A launcher that is gone left us to another parent, such as the host's pid 1. */
static void end_launcher(void) {
  if (getppid() == launcher) kill(launcher, SIGTERM);
}

static void serve(int client) __attribute__((noreturn));
static void serve(int client) {
  struct frame head;
  /* SIGPIPE stays ignored: a program may close its input, and a client go, while we write to them. */
  signal(SIGCHLD, SIG_DFL);
  while (is_root(client) && read_all(client, &head, sizeof head) == 0) {
    if (head.type == FR_START)
      shim_run(client, BARE_FD, &head);
    else if (head.type == FR_RUN)
      run_plan(client, &head);
    else if (head.type == FR_HELLO)
      answer_hello(client);
    else if (head.type == FR_SHUTDOWN)
      end_launcher();
    else
      break;
  }
  _exit(0);
}

/* Without a descriptor or memory the connection still waits: asked for at once again, it would cost a processor. */
static int accept_one(int listener) {
  int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
  if (client < 0 && errno != EINTR && errno != ECONNABORTED)
    nanosleep(&(struct timespec){.tv_nsec = ACCEPT_AGAIN_NS}, NULL);
  return client;
}

/* A request that comes into a closed socket would take our answer along. */
static void refuse(int client, int error) {
  char rest[4096];
  struct timeval limit = {.tv_usec = REFUSED_WAIT_US};
  send_failure(client, -1, error, "fork");
  setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  while (read(client, rest, sizeof rest) > 0) continue;
}

static void accept_forever(int listener) __attribute__((noreturn));
static void accept_forever(int listener) {
  for (;;) {
    int client = accept_one(listener);
    if (client < 0) continue;
    pid_t pid = fork();
    if (pid == 0) serve(keep_only(client));
    if (pid < 0) refuse(client, errno);
    close(client);
  }
}

int main(int argc, char **argv) {
  if (argc == 2 && !strcmp(argv[1], "watch-rules")) return watch_rules();
  if (argc < 5 || strcmp(argv[1], "serve")) {
    fprintf(stderr, "usage: orc-launch serve RUN ROOT VERSION [cgroup file...]\n       orc-launch watch-rules\n");
    return 2;
  }
  syscall(SYS_close_range, 3u, ~0u, 0u); /* what the daemon was started with is none of ours */
  seal(argv);
  title_room(argv);
  umask(077);
  pid_t pid = fork();
  if (pid) _exit(pid < 0);
  launcher = getpid();
  setsid();
  prctl(PR_SET_NAME, "orc-launch");
  prctl(PR_SET_DUMPABLE, 0);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  default_signals();
  signal(SIGCHLD, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  version = argv[4];
  open_bare(argv[3], argv[2]);
  join_cgroups(argv + 5);
  int listener = listen_at(argv[2]);
  if (dprintf(1, "ready %d\n", launcher) < 0) die("ready"); /* nobody waits for it any more */
  null_stdio();
  accept_forever(listener);
}
