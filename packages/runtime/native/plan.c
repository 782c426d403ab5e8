/* Walks a plan: a header, then records of operations. The first that fails ends it. */
#include "orc.h"
#include "ops.h"
#include <stdlib.h>
#include <string.h>

static const char MAGIC[4] = {'O', 'R', 'C', 'P'};

enum { MISUSE = 255 };

struct op {
  const char *name;
  int (*run)(struct plan *p, struct cursor *c);
};

#ifdef __SANITIZE_ADDRESS__
/*
 * u32 kind: misuses on purpose, for the tests that look for reports: they show that there would be one. Never in a
 * release. 0: of memory; 1: an undefined operation.
 */
static int op_misuse(struct plan *p, struct cursor *c) {
  int kind = (int)take_u32(c);
  p->attempt = (uint32_t)(INT32_MAX + kind);
  volatile char *volatile memory = malloc(8);
  free((void *)(uintptr_t)memory);
  return memory[0] & 0;
}
#endif

static const struct op TABLE[] = {
#define X(number, name, call) [number] = {name, call},
    OPS(X)
#undef X
#ifdef __SANITIZE_ADDRESS__
    [MISUSE] = {"misuse", op_misuse},
#endif
};

void plan_init(struct plan *p, const uint8_t *data, uint32_t length, int client) {
  memset(p, 0, sizeof *p);
  p->cursor = (struct cursor){data, data + length, false};
  p->index = -1;
  p->name = "plan";
  p->client = client;
  p->root = p->null_device = p->lock = p->home_net = p->procfs = p->sync = p->listener = p->target_pidfd = -1;
  p->pidns = p->bare = -1;
  p->log.dir = p->log.fd = p->log.index = -1;
}

static int read_head(struct plan *p) {
  uint32_t magic = take_u32(&p->cursor);
  uint16_t schema = take_u16(&p->cursor);
  take_u16(&p->cursor);
  if (p->cursor.bad || memcmp(&magic, MAGIC, sizeof magic) != 0) return -EBADMSG;
  return schema == PLAN_SCHEMA ? 0 : -EPROTONOSUPPORT;
}

/* A record: u16 operation, u16 zero, u32 length of the payload. */
static int run_record(struct plan *p) {
  uint16_t number = take_u16(&p->cursor);
  take_u16(&p->cursor);
  struct bytes payload = take_bytes(&p->cursor);
  if (p->cursor.bad) return -EBADMSG;
  if (number >= sizeof TABLE / sizeof *TABLE || !TABLE[number].run) return -ENOSYS;
  p->name = TABLE[number].name;
  struct cursor fields = {payload.data, payload.data + payload.length, false};
  int result = TABLE[number].run(p, &fields);
  return fields.bad ? -EBADMSG : result;
}

int plan_walk(struct plan *p) {
  if (p->index < 0) {
    int result = read_head(p);
    if (result) return result;
  }
  bool before = p->cloned;
  while (p->cursor.at < p->cursor.end) {
    p->index += 1;
    int result = run_record(p);
    if (result) return result;
    if (p->cloned != before) return 0;
  }
  return 0;
}
