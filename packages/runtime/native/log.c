/* The container's log on disk: docs/logs.md has the format. Never blocks the container and never fails it. */
#include "orc.h"
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
  RECORD_MAX = 16384,
  BATCH_MAX = 128 << 10,
  INDEX_EVERY = 64 << 10,
  MAGIC = 0x6f,
  STREAM_MARKER = 3,
  FLAG_PARTIAL = 1,
};

struct record {
  uint32_t length;
  uint8_t magic, stream, flags, check;
  uint64_t ns;
};

struct index_entry {
  uint64_t offset, ns;
};

static uint64_t next_entry(uint64_t offset) { return (offset / INDEX_EVERY + 1) * INDEX_EVERY; }

/* The index comes with its first entry: a short log has none. */
static int open_files(struct log *log) {
  int flags = O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC;
  struct stat st;
  log->offset = 0;
  log->fd = openat(log->dir, "log", flags, 0640);
  if (log->fd < 0 || fstat(log->fd, &st)) return -errno;
  log->offset = (uint64_t)st.st_size;
  log->index_next = next_entry(log->offset);
  return 0;
}

int log_open(struct log *log, const char *folder, uint64_t size_max, uint32_t files_max) {
  log->dir = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (log->dir < 0) return -errno;
  log->size_max = size_max;
  log->files_max = files_max;
  return open_files(log);
}

static void file_name(char *name, uint32_t number, const char *suffix) {
  if (number)
    snprintf(name, 24, "log.%u%s", number, suffix);
  else
    snprintf(name, 24, "log%s", suffix);
}

static void shift(struct log *log, const char *suffix) {
  char from[24], to[24];
  if (log->files_max <= 1) {
    file_name(from, 0, suffix);
    unlinkat(log->dir, from, 0);
    return;
  }
  for (uint32_t number = log->files_max - 1; number > 0; number--) {
    file_name(from, number - 1, suffix);
    file_name(to, number, suffix);
    renameat(log->dir, from, log->dir, to);
  }
}

static void close_index(struct log *log) {
  if (log->index >= 0) close(log->index);
  log->index = -1;
}

static void rotate(struct log *log) {
  close(log->fd);
  close_index(log);
  shift(log, "");
  shift(log, ".idx");
  (void)open_files(log);
}

static void put(struct log *log, uint8_t stream, uint8_t flags, const void *data, uint32_t length) {
  struct record head = {length, MAGIC, stream, flags, 0, log->now_ns};
  const uint8_t *raw = (const uint8_t *)&head;
  uint8_t check = 0;
  for (size_t i = 0; i < sizeof head; i++) check ^= raw[i];
  head.check = check;
  memcpy(log->batch + log->batched, &head, sizeof head);
  memcpy(log->batch + log->batched + sizeof head, data, length);
  log->batched += (uint32_t)sizeof head + length;
  if (stream != STREAM_MARKER) log->batched_payload += length;
}

static void write_index(struct log *log) {
  if (log->offset < log->index_next) return;
  if (log->index < 0)
    log->index = openat(log->dir, "log.idx", O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0640);
  struct index_entry entry = {log->offset, log->now_ns};
  (void)!write(log->index, &entry, sizeof entry);
  log->index_next = next_entry(log->offset);
}

/* A write that was cut short leaves no torn record behind. A file that could not be opened is tried again. */
static void write_batch(struct log *log) {
  if (log->fd < 0) (void)open_files(log);
  ssize_t n = log->fd < 0 ? -1 : write(log->fd, log->batch, log->batched);
  if (n == (ssize_t)log->batched) {
    log->offset += log->batched;
    log->dropped = 0;
    memcpy(log->midline_written, log->midline, sizeof log->midline);
    return;
  }
  if (n > 0) (void)!ftruncate(log->fd, (off_t)log->offset);
  log->dropped += log->batched_payload;
}

void log_flush(struct log *log) {
  if (log->batched == 0) return;
  if (log->size_max && log->offset && log->offset + log->batched > log->size_max) rotate(log);
  write_index(log);
  write_batch(log);
  log->batched = log->batched_payload = 0;
}

static bool has_batch(struct log *log) {
  if (log->batch) return true;
  void *memory = mmap(NULL, BATCH_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return false;
  log->batch = memory;
  return true;
}

/* Lines that the drop cut end before the marker, so that no reader joins them to what came after. */
static void put_marker(struct log *log) {
  for (uint8_t stream = 1; stream <= 2; stream++) {
    if (log->midline_written[stream]) put(log, stream, 0, "", 0);
  }
  put(log, STREAM_MARKER, 0, &log->dropped, sizeof log->dropped);
}

/* A batch goes into one file as a whole: it ends where the file is full, and the next one rotates. */
static bool has_room(const struct log *log, uint64_t record) {
  uint64_t after = log->batched + record;
  return after <= BATCH_MAX && (!log->size_max || log->offset + after <= log->size_max);
}

static void put_record(struct log *log, uint8_t stream, const uint8_t *line, uint32_t length, bool partial) {
  if (!has_room(log, sizeof(struct record) + length)) log_flush(log);
  put(log, stream, partial ? FLAG_PARTIAL : 0, line, length);
  log->midline[stream] = partial;
}

/* Splits into lines, cuts the long ones; the end of a chunk without a newline is a partial record. */
void log_append(struct log *log, uint8_t stream, const uint8_t *data, size_t length) {
  if (log->dir < 0 || !has_batch(log)) return;
  log->now_ns = realtime_ns();
  if (log->dropped && log->batched == 0) put_marker(log);
  while (length > 0) {
    const uint8_t *newline = memchr(data, '\n', length);
    size_t line = newline ? (size_t)(newline - data) : length;
    bool cut = line > RECORD_MAX;
    uint32_t take = cut ? RECORD_MAX : (uint32_t)line;
    bool ends = newline && !cut;
    put_record(log, stream, data, take, !ends);
    data += take + ends;
    length -= take + ends;
  }
  log_flush(log);
}

/* An idle container's log keeps no memory. */
void log_idle(struct log *log) {
  if (log->batch) munmap(log->batch, BATCH_MAX);
  log->batch = NULL;
}

void log_close(struct log *log) {
  if (log->dir < 0) return;
  if (log->dropped && has_batch(log)) {
    log->now_ns = realtime_ns();
    put_marker(log);
    log_flush(log);
  }
  close(log->fd);
  close_index(log);
  close(log->dir);
  log->dir = log->fd = log->index = -1;
}

/* folder, u64 bytes of a file (0: no rotation), u32 files */
int op_log(struct plan *p, struct cursor *c) {
  const char *folder = take_string(c);
  uint64_t size_max = take_u64(c);
  uint32_t files_max = take_u32(c);
  if (c->bad) return -EBADMSG;
  return log_open(&p->log, folder, size_max, files_max);
}
