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

/* cgroup's folder, instructions; a former attempt's program is replaced, since the cgroup is new each time */
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
  return syscall(SYS_bpf, BPF_PROG_ATTACH, &attr, sizeof attr) ? -errno : 0;
}
