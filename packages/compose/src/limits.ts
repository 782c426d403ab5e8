/** Bounds on what is read and made of it; each refuses with a Problem, none cuts off in silence. */

const MIB = 1024 * 1024;

export const LIMITS = {
  /** One compose file. */
  sourceBytesMax: 4 * MIB,
  /** One env file or label file. */
  envFileBytesMax: 1 * MIB,
  /** Nodes of one document with every alias laid out: what an alias bomb multiplies. */
  nodesMax: 500_000,
  /** Nesting of one document. */
  depthMax: 100,
  /** Of a key of YAML without a `?` before it (1.2, 7.4.2). */
  keyLengthMax: 1024,
  /** Files that one project may consist of: `-f`, include and extends together. */
  filesMax: 1000,
  /** A name of a volume, network, config or secret; their patterns say so, too. */
  nameLengthMax: 200,
  /** Of a host or its domain: __NEW_UTS_LEN of uts_namespaces(7). */
  hostNameBytesMax: 64,
  includeDepthMax: 50,
  extendsDepthMax: 100,
  /** Nested `${A:-${B:-…}}`. */
  templateDepthMax: 50,
  /** One value after interpolation. */
  valueBytesMax: 1 * MIB,
  /** Ports that one service may publish once its ranges are laid out. */
  portsMax: 65_536,
  /** Problems that one load reports; further ones are counted. */
  problemsMax: 100,
  /** A longer line is no excerpt of a problem; who shows it cuts it around the column. */
  excerptLengthMax: 64 * 1024,
  /** Rounds of "need" and "facts" of `resolveProject`. */
  roundsMax: 500,
  /** docker's limit for a secret, and swarm's for a config. */
  secretBytesMax: 500 * 1024,
  configBytesMax: 1000 * 1024,
} as const;
