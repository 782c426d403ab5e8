/*
 * orc-launch: launcher, shim and init in one static program. It executes plans (lists of operations decided
 * elsewhere) and decides nothing itself. The README of the package has the picture.
 */
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
  PROTOCOL = 1,
  PLAN_SCHEMA = 1,
  /* Limits. */
  PLAN_BYTES_MAX = 16 << 20,
  FRAME_BYTES_MAX = 64 << 10,
  CLIENTS_MAX = 64,
  CLIENT_QUEUE_MAX = 1 << 20,
  CLIENT_STALL_MS = 30000,
  PART_MS = 1000, /* of whoever has all, before we hang up */
  FLUSH_MS = 1000, /* of an end, before the folder is let go of */
  LOCK_WAIT_MS = 30000,
  LOCK_POLL_NS = 1000000,
  COPY_WAIT_MS = 300000, /* for another container that fills the same volume */
  READ_BYTES_MAX = 1 << 20,
  LAYERS_MAX = 500,
  REMOVE_DEPTH_MAX = 64, /* descriptors held at a time */
  CAPTURES_MAX = 512, /* src/limits.ts has it too */
};

/* Frames on every socket: a header of 8 bytes, then `length` bytes. */
struct frame {
  uint32_t length;
  uint8_t type;
  uint8_t arg;
  uint16_t zero;
};

enum frame_type {
  FR_START = 1, /* plan; arg: attach bits */
  FR_RUN = 2, /* plan without a program */
  FR_HELLO = 3,
  FR_SHUTDOWN = 4,
  FR_ATTACH = 17, /* arg: attach bits */
  FR_STDIN = 18,
  FR_STDIN_CLOSE = 19,
  FR_SIGNAL = 20, /* u32 */
  FR_RESIZE = 21, /* u16 columns, u16 rows */
  FR_EXEC = 22, /* plan; arg: attach bits */
  FR_OK = 32,
  FR_FAILED = 33, /* struct failure, then the operation's name */
  FR_STARTED = 34, /* struct started */
  FR_OUTPUT = 35, /* arg: 1 stdout, 2 stderr */
  FR_OUTPUT_END = 36,
  FR_EXITED = 37, /* struct exited */
  FR_DROPPED = 38, /* output went on without this client, which did not read */
};

enum { ATTACH_STDIN = 1, ATTACH_STDOUT = 2, ATTACH_STDERR = 4 };

struct failure {
  int32_t index;
  int32_t error;
};

struct started {
  uint32_t protocol;
  uint32_t pid;
  uint32_t attempt;
  uint32_t tty;
  uint64_t at_ms;
  uint64_t ticks; /* since the boot, when the process began: with its pid it is no other */
};

struct exited {
  int32_t code;
  int32_t signal;
  uint32_t oom;
  uint32_t timed_out;
  uint64_t at_ms;
};

/* Reads a plan's payloads. Reading past the end sets `bad`, and yields zeros and empty strings. */
struct cursor {
  const uint8_t *at;
  const uint8_t *end;
  bool bad;
};

struct bytes {
  const uint8_t *data;
  uint32_t length;
};

struct log {
  int dir, fd, index;
  uint64_t offset, size_max, index_next, dropped;
  uint32_t files_max;
  bool midline[3], midline_written[3]; /* by stream: the last record is partial */
  uint8_t *batch;
  uint32_t batched, batched_payload;
  uint64_t now_ns;
};

/* What the operations of one plan share. Descriptors are -1 until an operation sets them. */
struct plan {
  struct cursor cursor;
  int index; /* of the operation that runs */
  const char *name;
  bool cloned; /* an op_clone ended the host's phase */
  int client; /* where FR_RUN answers */
  int root, null_device, lock, home_net, procfs, sync, listener, target_pidfd;
  int bare; /* the mount namespace that containers begin with */
  int pidns;
  uint64_t clone_flags;
  const char *clone_cgroup;
  const char *kill_cgroup;
  const char *oom_file;
  uint32_t attempt, timeout_ms;
  bool tty, open_stdin;
  int captured[CAPTURES_MAX], captures, captures_used;
  struct log log;
};

#define SCOPED_FD __attribute__((cleanup(close_scoped))) int
void close_scoped(int *fd);

/* wire.c: 0, or a negative errno */
uint16_t take_u16(struct cursor *c);
uint32_t take_u32(struct cursor *c);
uint64_t take_u64(struct cursor *c);
const char *take_string(struct cursor *c);
struct bytes take_bytes(struct cursor *c);
int read_all(int fd, void *data, size_t length);
int write_all(int fd, const void *data, size_t length);
int send_frame(int fd, uint8_t type, uint8_t arg, const void *data, uint32_t length);
int send_failure(int fd, int index, int error, const char *name);
uint8_t *map_plan(int fd, uint32_t length);
/* Whether the other end of a socket has gone; never for -1. */
bool hung_up(int fd);
uint64_t realtime_ns(void);
uint64_t monotonic_ms(void);

/* plan.c */
void plan_init(struct plan *p, const uint8_t *data, uint32_t length, int client);
/* Runs operations until the list ends, one fails (its negative errno) or `clone` was met. */
int plan_walk(struct plan *p);

/* inroot.c: paths inside p->root, never following a link out of it */
int in_root(int root, const char *path, uint64_t flags, uint64_t resolve);
int in_root_parent(int root, const char *path, char *name, size_t size);
int in_root_mkdirs(int root, const char *path, uint32_t mode);
int in_root_touch(int root, const char *path);
int mount_at(int tree, int target);

/* tree.c */
int remove_tree(int dir, const char *name);
int clear_directory(const char *path);
int lock_within(int fd, uint64_t limit_ms, int client);

/* joined.c */
/* Of a process's folder in /proc: when it began, in ticks since the boot; 0 when that cannot be read. */
uint64_t start_ticks(int process);
/* The folder in /proc of the process that began then (0: whichever has the number); -ESRCH when there is none. */
int open_process(uint32_t pid, uint64_t ticks);
/* With a mount namespace its root becomes the plan's. */
int join_namespace(struct plan *p, int fd, uint32_t kind);

/* rules.c */
int watch_rules(void);

/* title.c */
void title_room(char **argv);
void title_set(const char *folder);
void title_kind(const char *kind);

/* log.c */
int log_open(struct log *log, const char *folder, uint64_t size_max, uint32_t files_max);
void log_append(struct log *log, uint8_t stream, const uint8_t *data, size_t length);
void log_flush(struct log *log);
void log_idle(struct log *log);
void log_close(struct log *log);

/* bare.c */
/* A descriptor of a new one, or a negative errno. `root` and `run`: the instance's folders. */
int bare_namespace(const char *root, const char *run);

/* shim.c */
void shim_run(int client, int bare, struct frame *head) __attribute__((noreturn));
void exec_run(int client, struct frame *head, int target_pidfd) __attribute__((noreturn));
void kill_cgroup(const char *dir);

#define X(number, name, call) int call(struct plan *p, struct cursor *c);
#include "ops.h"
OPS(X)
#undef X
