export { openAgent } from './host/agent.ts';
export type { Agent, AgentOptions, Containers, ExecHandle } from './types.ts';
