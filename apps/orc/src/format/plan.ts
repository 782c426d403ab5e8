/** What an `up` would change, as text and as JSON. */
import type { PlannedChange, PutResult } from '@orc/api/client';
import { explainWait } from '@orc/model';

export type PlannedImage = {
  readonly image: string;
  readonly action: 'pull' | 'build';
  /** The one that has the name now. */
  readonly id?: string;
  /** Digest of what would be built. */
  readonly context?: string;
};

export type Planned = {
  readonly project: string;
  readonly images: readonly PlannedImage[];
  readonly changes: readonly PlannedChange[];
  readonly warnings: PutResult['warnings'];
};

/** A line each: `recreate container shop-web-1: environment.A changed`. */
export function summaryLines({ images, changes }: Planned): readonly string[] {
  const told = changes.filter((each) => each.action !== 'keep');
  const none = told.length === 0 ? [`nothing ${images.length > 0 ? 'else ' : ''}would change`] : [];
  return [
    ...images.map(imageLine),
    ...none,
    ...told.flatMap((each) => [changeLine(each), ...unfitLines(each)]),
  ];
}

/** With the nodes of new containers, and the fields below the first container of each service, before and after. */
export function planLines(planned: Planned): readonly string[] {
  const shown = new Set<string>();
  const told = planned.changes.filter((each) => each.action !== 'keep');
  const lines = told.flatMap((change) => {
    const fields = shown.has(change.service ?? '') ? [] : (change.fields ?? []);
    if (fields.length > 0) shown.add(change.service ?? '');
    return [
      `${changeLine(change)}${change.node === undefined ? '' : ` (on node ${change.node})`}`,
      ...unfitLines(change),
      ...fields.flatMap(fieldLines),
    ];
  });
  const images = planned.images.flatMap((each) => [
    imageLine(each),
    ...(each.context === undefined ? [] : [`    context ${each.context}`]),
  ]);
  return [...images, ...lines, countsOf(planned)];
}

export const planJson = ({ project, images, changes, warnings }: Planned): string =>
  JSON.stringify({ project, images, changes, warnings }, undefined, 2);

const imageLine = ({ image, action, id }: PlannedImage): string =>
  id === undefined
    ? `${action} image ${image}`
    : `build image ${image} if its context changed, which replaces its containers`;

const changeLine = ({ kind, name, action, reason }: PlannedChange): string =>
  `${action} ${kind === 'task' ? 'container' : kind} ${name}${reason === undefined ? '' : `: ${reason}`}`;

const unfitLines = ({ pending }: PlannedChange): readonly string[] =>
  pending === undefined ? [] : [`    would not start: ${explainWait(pending)}`];

const fieldLines = ({
  path,
  before,
  after,
}: NonNullable<PlannedChange['fields']>[number]): readonly string[] => [
  `    ${path}`,
  ...(before === undefined ? [] : [`      - ${shown(before)}`]),
  ...(after === undefined ? [] : [`      + ${shown(after)}`]),
];

/** The id that stands for an image that is not here yet says nothing. */
const shown = (text: string): string => text.replace(/ sha256:0{64}$/, ', which is not here yet');

function countsOf({ changes }: Planned): string {
  const counts = new Map<string, number>();
  for (const { action } of changes) counts.set(action, (counts.get(action) ?? 0) + 1);
  const { keep = 0, ...others } = Object.fromEntries(counts);
  const words = Object.entries(others).map(([action, count]) => `${count} to ${action}`);
  if (keep > 0) words.push(`${keep} kept`);
  return words.join(', ') || 'nothing would change';
}
