export const LIMITS = {
  /** DECISIONS 22: starts at a time, times the cores. */
  startsPerCore: 2,
  /** DECISIONS 9: probes at a time, times the cores. */
  probesPerCore: 2,
  probeOutputBytesMax: 4096,
  healthLogMax: 5,
  /** Docker's defaults of a health check. */
  probeIntervalMs: 30_000,
  probeTimeoutMs: 30_000,
  probeStartIntervalMs: 5_000,
  probeRetries: 3,
  /** DECISIONS 10: a stop signal waits this long at most for names and ports to be given up. */
  drainMs: 5000,
  /** A stop or removal that failed is tried again after this. */
  retryMs: 1000,
  /** Networks that could not be made: `retryMs` doubles up to this. */
  networksRetryMsMax: 30_000,
  /** Of a removed volume's name: with the time and a count behind it, it is a name of at most 255 bytes. */
  trashNameLengthMax: 200,
  /** An end is written down this long after it was settled. */
  keepEndMs: 50,
  /** Docker's default stop grace. */
  stopGraceMs: 10_000,
  /** A daemon that starts waits this long for a shim's answer (it takes a millisecond), then goes on without it. */
  adoptMs: 1000,
  /** Then it is asked again after this. */
  adoptRetryMs: 2000,
  /** How long the end of a killed container is waited for before it is called dead. */
  killWaitMs: 10_000,
  /** A start that could not enter another's namespaces waits so long to hear that the other has ended. */
  holderEndMs: 500,
  restartBackoffMs: 100,
  restartBackoffMaxMs: 60_000,
  /** An attempt that lasted this long sets docker's back-off back. */
  restartBackoffResetMs: 10_000,
  /** Reports are gathered for this long before they go. */
  reportDelayMs: 2,
  /** Anonymous names tried before giving up. */
  nameAttempts: 50,
  /** Who attached before a start and waits for it, per container. */
  earlyAttachmentsMax: 16,
  /** How often one start asks for more addresses: others may have taken what came. */
  growsMax: 32,
  execsMax: 4096,
  /** Ended execs are forgotten after this many newer ones. */
  execsKept: 256,
  /** Logs of tasks whose containers are gone: kept for so long, the newest up to so much; looked through this often. */
  logAgeMs: 14 * 24 * 3_600_000,
  logGoneBytesMax: 2 * 1024 * 1024 * 1024,
  logSweepMs: 3_600_000,
  logMaxSizeBytes: 10 * 1024 * 1024,
  logMaxFiles: 3,
  stateFileBytesMax: 4 * 1024 * 1024,
} as const;
