export { openAgent } from './host/agent.ts';
export { allMounts, anonymousName, isAnonymousOf } from './plan/mounts.ts';
export type { Agent, AgentOptions, Containers, ExecHandle } from './types.ts';
