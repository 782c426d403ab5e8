/** Gathering problems while a node is read. */
import type { Problem } from '@orc/model';
import type { Node } from './nodes.ts';
import { type Source, syntaxProblem, whereOf } from './source.ts';

export type Reading = { readonly source: Source; readonly node: Node; readonly problems: Problem[] };

export function refuse(reading: Reading, message: string, at?: string, hint?: string): undefined {
  const { source, node, problems } = reading;
  problems.push(syntaxProblem(message, whereOf(source, node.place, at), hint));
  return undefined;
}

/** As `refuse`, for what is valid but cannot be done here. */
export function unsupported(reading: Reading, what: string, hint: string): undefined {
  return refuse(reading, `${what} is not supported yet`, what, hint);
}
