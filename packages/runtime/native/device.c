/* cgroup v2: which devices may be opened, as a program that the kernel asks (BPF_PROG_TYPE_CGROUP_DEVICE). */
#include "orc.h"
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int load(struct bytes program) {
  union bpf_attr attr = {0};
  attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  attr.insns = (uint64_t)(uintptr_t)program.data;
  attr.insn_cnt = program.length / (uint32_t)sizeof(struct bpf_insn);
  attr.license = (uint64_t)(uintptr_t) "Apache-2.0";
  long fd = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof attr);
  return fd < 0 ? -errno : (int)fd;
}

/* That of the former attempt; -1: none. A cgroup that is started in again would come to the kernel's limit of 64. */
static int attached(int dir) {
  uint32_t id = 0;
  union bpf_attr attr = {0};
  attr.query.target_fd = (uint32_t)dir;
  attr.query.attach_type = BPF_CGROUP_DEVICE;
  attr.query.prog_ids = (uint64_t)(uintptr_t)&id;
  attr.query.prog_cnt = 1;
  /* ENOSPC: there are more, and the first is told */
  if (syscall(SYS_bpf, BPF_PROG_QUERY, &attr, sizeof attr) && errno != ENOSPC) return -1;
  if (attr.query.prog_cnt == 0) return -1;
  union bpf_attr by_id = {0};
  by_id.prog_id = id;
  return (int)syscall(SYS_bpf, BPF_PROG_GET_FD_BY_ID, &by_id, sizeof by_id);
}

/* cgroup's folder, instructions; a former attempt's program is replaced */
int op_device_program(struct plan *p, struct cursor *c) {
  (void)p;
  const char *path = take_string(c);
  struct bytes program = take_bytes(c);
  if (c->bad || program.length % sizeof(struct bpf_insn)) return -EBADMSG;
  SCOPED_FD dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0) return -errno;
  SCOPED_FD fd = load(program);
  if (fd < 0) return fd;
  union bpf_attr attr = {0};
  attr.target_fd = (uint32_t)dir;
  attr.attach_bpf_fd = (uint32_t)fd;
  attr.attach_type = BPF_CGROUP_DEVICE;
  attr.attach_flags = BPF_F_ALLOW_MULTI;
  SCOPED_FD former = attached(dir);
  if (former >= 0) {
    attr.attach_flags |= BPF_F_REPLACE;
    attr.replace_bpf_fd = (uint32_t)former;
  }
  return syscall(SYS_bpf, BPF_PROG_ATTACH, &attr, sizeof attr) ? -errno : 0;
}
