/** `help up`, `container help run`: as `up --help`, `container run --help`. */
import { fail } from '@orc/model';
import type { Table } from './build.ts';
import { commandOf, flagsEnd } from './switches.ts';

/** Of what is not there, there is no help: then the words are left to be refused as a command. */
export function withHelp(table: Table, given: readonly string[]): readonly string[] {
  const at = flagsEnd(table, given);
  const topic = topicOf(table, given.slice(at));
  if (topic.length === 0 || topic.some((word) => word.startsWith('-'))) return given;
  const { row, at: end } = commandOf(table, topic);
  const known = row !== undefined ? end : isNoun(table, topic[0]) ? 1 : 0;
  if (known === 0 || (row === undefined && topic.length > 1)) return [...given.slice(0, at), ...topic];
  if (known < topic.length) throw noSuchTopic(topic, known);
  return [...given.slice(0, at), ...topic, '--help'];
}

/** [] when it is no help that is asked for, or that of the whole program. */
function topicOf(table: Table, words: readonly string[]): readonly string[] {
  const [first, second, ...rest] = words;
  if (first === 'help') return second === 'help' ? [] : words.slice(1);
  if (second !== 'help' || first === undefined || !isNoun(table, first)) return [];
  return rest[0] === 'help' ? [first] : [first, ...rest];
}

const isNoun = (table: Table, word: string | undefined): boolean =>
  word !== undefined && Object.hasOwn(table.nouns, word);

const noSuchTopic = (topic: readonly string[], known: number): Error =>
  fail('usage.invalid', `there is no help on "${topic.join(' ')}"`, {
    hint: `see "orc help ${topic.slice(0, known).join(' ')}"`,
  });
