/**
 * Effects at the kernel's edge, as data. `network` decides them, `runtime`'s launcher executes them in order; the
 * first that fails ends the list and is named with its index and errno.
 */
export type KernelOp =
  /** Makes a network namespace, pinned at `path` by a bind mount, with `lo` up. */
  | { readonly op: 'netns'; readonly path: string }
  /** Unmounts and unlinks a pinned namespace; one that is gone already is no error. */
  | { readonly op: 'netns-remove'; readonly path: string }
  /**
   * Sends rtnetlink messages (whole `nlmsghdr`s, each with NLM_F_ACK) inside `namespace` (a path; absent: the host's)
   * and awaits every ACK. `namespaceFds`: at `offset` a u32 that receives a descriptor of the namespace at `path`
   * (IFLA_NET_NS_FD). Errnos in `tolerate` are no failure.
   */
  | {
      readonly op: 'netlink';
      readonly namespace?: string;
      readonly messages: Uint8Array;
      readonly namespaceFds?: readonly { readonly offset: number; readonly path: string }[];
      readonly tolerate?: readonly number[];
    }
  /** Writes `value` to /proc/sys/`key` (slashes) as seen in `namespace`. */
  | {
      readonly op: 'sysctl';
      readonly namespace?: string;
      readonly key: string;
      readonly value: string;
      readonly tolerate?: readonly number[];
    };

export type Kernel = {
  /** Throws an `OrcError` (`network.failed`, `kernel.missing`) naming the operation. */
  readonly run: (ops: readonly KernelOp[]) => Promise<void>;
  /**
   * Command line of a program that tells of changes of nftables' rule set in its network namespace, a line each: `table
   * FAMILY NAME` for what a transaction touches (the family by number), then `by PID` at its end; `gap` when some were lost.
   */
  readonly ruleWatch: readonly [program: string, ...args: string[]];
};
