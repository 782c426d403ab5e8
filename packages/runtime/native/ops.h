/*
 * The operations of a plan, a row each: number, name, function. src/plan/ops.ts has the same table, with the
 * fields of the payloads; a test compares both.
 */
#pragma once

#define OPS(X) \
  X(1, "netns", op_netns) \
  X(2, "netns-remove", op_netns_remove) \
  X(3, "netlink", op_netlink) \
  X(4, "sysctl", op_sysctl) \
  X(5, "folder", op_folder) \
  X(6, "log", op_log) \
  X(7, "stdio", op_stdio) \
  X(8, "oom-file", op_oom_file) \
  X(9, "clone", op_clone) \
  X(10, "kill-cgroup", op_kill_cgroup) \
  X(11, "timeout", op_timeout) \
  X(12, "device-program", op_device_program) \
  X(20, "write", op_write) \
  X(21, "setns", op_setns) \
  X(22, "unshare", op_unshare) \
  X(23, "propagation", op_propagation) \
  X(24, "overlay", op_overlay) \
  X(25, "root", op_root) \
  X(26, "mount", op_mount) \
  X(27, "bind", op_bind) \
  X(28, "mkdir", op_mkdir) \
  X(29, "file", op_file) \
  X(30, "symlink", op_symlink) \
  X(31, "mknod", op_mknod) \
  X(32, "copy-up", op_copy_up) \
  X(33, "remount", op_remount) \
  X(34, "mask", op_mask) \
  X(35, "readonly", op_readonly) \
  X(36, "console", op_console) \
  X(37, "pivot", op_pivot) \
  X(38, "sysctl-in", op_sysctl_in) \
  X(39, "hostname", op_hostname) \
  X(40, "domainname", op_domainname) \
  X(41, "rlimit", op_rlimit) \
  X(42, "pdeathsig", op_pdeathsig) \
  X(43, "dumpable", op_dumpable) \
  X(44, "cwd", op_cwd) \
  X(45, "user", op_user) \
  X(46, "bounding", op_bounding) \
  X(47, "capabilities", op_capabilities) \
  X(48, "no-new-privileges", op_no_new_privileges) \
  X(49, "seccomp", op_seccomp) \
  X(50, "close-fds", op_close_fds) \
  X(51, "init", op_init) \
  X(52, "exec", op_exec) \
  X(53, "setsid", op_setsid) \
  X(54, "enter", op_enter) \
  X(55, "capture", op_capture) \
  X(56, "capture-in", op_capture_in) \
  X(57, "capture-joined", op_capture_joined) \
  X(58, "stdin-null", op_stdin_null) \
  X(59, "join", op_join) \
  X(60, "read", op_read) \
  X(61, "lock", op_lock) \
  X(62, "remove-tree", op_remove_tree) \
  X(63, "own-mounts", op_own_mounts)
