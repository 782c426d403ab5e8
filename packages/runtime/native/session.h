/* A program with its stdio, its clients and its end: what a shim and an exec have in common. */
#pragma once
#include "orc.h"

struct client {
  int fd; /* -1: free */
  uint8_t attach;
  bool owner; /* began the program to read its output: the program waits for it, as docker's do, however long */
  bool dropped; /* was told so, and gets no more output */
  struct frame head;
  uint8_t head_have;
  uint8_t small[8]; /* payload of a control frame */
  uint32_t left; /* bytes of the payload still to come */
  uint8_t *queue; /* output that the socket did not take */
  uint32_t queue_from, queue_to;
  uint64_t progress_ms;
  uint64_t parted_ms; /* has all, and may take its time to go; 0: not yet */
};

struct session {
  pid_t pid;
  int pidfd;
  int out, err, in, master; /* master: the pty's, which is `out` and `in` at once */
  int signals, listener;
  int container; /* exec: the pidfd of the container's first process; -1: none */
  int folder; /* where the exit record goes; -1: none */
  bool is_exec;
  struct log *log;
  struct started started;
  struct exited exited;
  bool ended;
  bool told; /* of the end, to everybody: what still comes is read, and goes nowhere */
  int oom_fd;
  uint64_t oom_before;
  uint64_t deadline_ms; /* 0: none */
  char kill_dir[512]; /* cgroup to kill at the deadline; "": the process alone */
  uint8_t *io;
  uint8_t *pending; /* stdin that the program did not take */
  uint32_t pending_from, pending_to;
  bool closing_in; /* stdin ends once `pending` is written */
  struct client clients[CLIENTS_MAX];
};

enum { IO_BYTES = 128 << 10, PIPE_BYTES = 256 << 10 };

/* Clones and walks the rest of the plan in the child. 0, or a negative errno with `failure` filled. */
int session_spawn(struct session *s, struct plan *p, struct failure *failure, char *name, size_t size);
/* From a cgroup's file with a line `oom_kill N`; 0 when there is none. */
uint64_t oom_kills(int fd);
/* Serves until the program has ended and its output went out, as far as who reads it takes it within FLUSH_MS. */
void session_serve(struct session *s);
/*
 * Goes on until everybody has all or has gone. Nobody is let in any more. What an exec's program left behind may write to
 * the end of the container, and does not notice that nobody reads.
 */
void session_linger(struct session *s);

/* clients.c */
struct client *client_add(struct session *s, int fd);
void client_drop(struct client *c);
/* It keeps what is queued, and then hears that the rest went on without it. */
void client_pass_over(struct client *c);
void client_send(struct client *c, uint8_t type, uint8_t arg, const void *data, uint32_t length);
void client_flush(struct client *c);
bool client_backed_up(const struct client *c);
uint32_t client_queued(const struct client *c);
bool client_waits(const struct session *s, const struct client *c);
/* Reads what the client sent, and acts on it. */
void client_read(struct session *s, struct client *c);
void stdin_flush(struct session *s);
void stdin_close(struct session *s);
