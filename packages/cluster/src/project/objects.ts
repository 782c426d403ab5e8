/** Volumes, secrets and configs of a project: made, changed where that is possible, refused where not. */
import {
  type Problem,
  problemOfExternal,
  type Project,
  type ProjectFile,
  type ProjectVolume,
  type VolumeObj,
} from '@orc/model';
import { fresh, now, patchSpec, put } from '../state/draft.ts';
import { same } from '../state/same.ts';
import { named } from '../state/table.ts';
import type { Used } from './hash.ts';
import type { Planning } from './types.ts';

export function putVolumes(planning: Planning, project: Project, used: Used): void {
  for (const volume of project.volumes) {
    if (used.volumes.has(volume.name)) putVolume(planning, project.name, volume);
  }
}

function putVolume(planning: Planning, project: string, volume: ProjectVolume): void {
  const { draft, proposer, lines, problems } = planning;
  const found = named(now(draft), 'volume', volume.name);
  if (volume.external) {
    if (found === undefined) problems.push(problemOfExternal('volume', volume.name));
    return;
  }
  const spec = { ...volume.spec, project, key: volume.key };
  if (found === undefined) {
    put(draft, fresh('volume', proposer.ids.object(), volume.name, proposer.now, spec, {}));
    lines.push({ kind: 'volume', name: volume.name, action: 'create' });
  } else if (found.spec.project !== project) problems.push(shared(found));
  else if (!same(found.spec, spec)) changeVolume(planning, found, spec);
}

/** As docker compose does: it is used. It stays whose it is, so no `down -v` of this project removes it. */
const shared = ({ name, spec }: VolumeObj): Problem => ({
  code: 'conflict.name',
  severity: 'warning',
  message: `volume ${name} exists already and ${ownerOf(spec.project)}: it is used as it is`,
  hint: 'mark it external: true to say so, or give yours another name',
});

function changeVolume({ draft, lines, problems }: Planning, found: VolumeObj, spec: VolumeObj['spec']): void {
  if (!same([found.spec.driver, found.spec.options], [spec.driver, spec.options])) {
    problems.push({
      code: 'conflict.state',
      message: `volume ${found.name} exists with another driver or other options`,
      hint: `orc volume rm ${found.name} removes it and its data`,
    });
    return;
  }
  put(draft, { ...found, spec });
  lines.push({ kind: 'volume', name: found.name, action: 'update' });
}

export function putFiles(planning: Planning, project: Project, used: Used): void {
  for (const file of project.secrets)
    if (used.secrets.has(file.name)) putFile(planning, 'secret', project.name, file);
  for (const file of project.configs)
    if (used.configs.has(file.name)) putFile(planning, 'config', project.name, file);
}

function putFile(planning: Planning, kind: 'secret' | 'config', project: string, file: ProjectFile): void {
  const { draft, proposer, lines, problems } = planning;
  const found = named(now(draft), kind, file.name);
  if (file.external) {
    if (found === undefined) problems.push(problemOfExternal(kind, file.name));
    return;
  }
  if (found !== undefined && found.spec.project !== project) {
    problems.push(foreign(kind, file.name, found.spec.project));
    return;
  }
  const plain = file.data ?? '';
  const hash = kind === 'secret' ? proposer.keyedHash(plain) : proposer.sha256(plain);
  const about = {
    project,
    key: file.key,
    hash,
    ...(file.labels === undefined ? {} : { labels: file.labels }),
  };
  const id = found?.id ?? proposer.ids.object();
  const sealed = (version: number): string =>
    kind === 'secret' ? proposer.seal(`${id}/${version}`, plain) : plain;
  if (found === undefined) {
    put(draft, fresh(kind, id, file.name, proposer.now, { ...about, data: sealed(1) }, {}));
    lines.push({ kind, name: file.name, action: 'create' });
  } else if (!same({ ...found.spec, data: undefined }, about)) {
    patchSpec(draft, found, { ...about, data: sealed(found.specVersion + 1) });
    lines.push({ kind, name: file.name, action: 'update' });
  }
}

export const foreign = (kind: string, name: string, owner: string | undefined): Problem => ({
  code: 'conflict.name',
  message: `${kind} ${name} ${ownerOf(owner)}`,
  hint: 'mark it external: true to use it, or give yours another name',
});

const ownerOf = (project: string | undefined): string =>
  project === undefined ? 'was not made by a project' : `belongs to project ${project}`;
