/** Every bound of this room, by name. */
export const LIMITS = {
  /** Linux takes 1,023 ports on a bridge (BR_PORT_BITS); the rest is left for links between bridges. */
  bridgePortsMax: 1000,
  /** IFNAMSIZ without its NUL. */
  interfaceNameMax: 15,
  /** Sandboxes kept ready, and how long they outlive the last container. */
  poolSize: 8,
  poolIdleMs: 5000,
  /** Released namespaces are unmounted in batches of this many, this long after the first of a batch. */
  removeBatchMax: 64,
  removeDelayMs: 20,
  /** What an earlier daemon asked of the kernel is done by then, also behind a long removal of namespaces. */
  sweepLateMs: 4000,
  /** The table of neighbours that a host with more than one bridge of containers needs. */
  neighboursMin: 8192,
  /** Ephemeral host ports, as the kernel's own default range. */
  ephemeralPortMin: 32768,
  ephemeralPortMax: 60999,
  ephemeralTriesMax: 64,
  /** Bytes of the rule set's program that are kept of its complaint. */
  stderrMax: 4096,
  /** Process ids remembered of programs that were run. */
  recentProgramsMax: 64,
  nftTimeoutMs: 10_000,
  /** The resident `nft` takes this many commands in one line, and ends after this long without any. */
  nftSessionCommandsMax: 32,
  nftSessionIdleMs: 10_000,
  nftSessionTimeoutMs: 2000,
  /** A table that a former daemon's process still owns is asked for again. */
  keptTriesMax: 10,
  keptRetryMs: 200,
  conntrackTimeoutMs: 5000,
  /** Other firewalls are looked at this long after the start, which has more urgent things to do. */
  firewallOpenMs: 100,
  /** Own firewall rules are looked after this often at least, and this soon after somebody changed the rule set. */
  firewallCheckMs: 30_000,
  firewallSettleMs: 20,
  /** Who tells of changes is begun again this long after it ended; twice as long each time, up to `firewallCheckMs`. */
  ruleWatchRetryMs: 50,
  /** Somebody who changes the rule set all the time is followed no closer than this. */
  firewallPauseMs: 500,
  /**
   * Where the name servers listen: port 53 of the gateways is sent there, so that it stays free for containers that
   * publish it and for other servers of the host. The next ones are tried when it is taken.
   */
  dnsPort: 61053,
  dnsPortTriesMax: 16,
  /** A killed container's name has to be gone within 2 s, so answers live for 1. */
  dnsTtlSeconds: 1,
  /** Addresses in one answer. */
  dnsAnswersMax: 64,
  dnsMessageMax: 4096,
  /** RFC 1035: a UDP answer without EDNS. */
  dnsUdpAnswerMax: 512,
  dnsForwardsMax: 512,
  dnsForwardsPerAskerMax: 64,
  dnsForwardTimeoutMs: 2000,
  dnsUpstreamsMax: 3,
  dnsTcpConnectionsMax: 128,
  dnsTcpIdleMs: 5000,
  /** resolv.conf is read again at most this often. */
  resolvConfAgeMs: 5000,
  /** glibc reads no more name servers than this (MAXNS). */
  nameserversMax: 3,
  proxyConnectionsMax: 1024,
} as const;
