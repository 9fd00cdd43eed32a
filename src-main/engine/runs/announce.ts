// A run's first word: every file it uses, with its content hash, held against what an earlier sitting recorded. Returns
// them.

import { type Bytes, bytes, type Sha256, sha256 } from '../../contract/branded.ts'
import { BasilError } from '../../contract/errors.ts'
import type { ResolvedConfig } from '../../contract/run/config.ts'
import type { EngineEvent, Parent, Progress } from '../../contract/run/run.ts'
import { infoOf } from '../devices/engine.ts'
import type { Task } from '../problems/clip-problem.ts'
import type { Groups } from '../weights/merge.ts'
import { type Parents, parameterCount } from '../weights/parents.ts'
import type { RunHost } from './context.ts'
import { describeTasks } from './tasks.ts'

export async function* announce(
  config: ResolvedConfig,
  host: RunHost,
  parents: Parents,
  groups: Groups,
  tasks: readonly Task[],
  { notes, statistics }: { notes: string[]; statistics: readonly Parent[] },
): AsyncGenerator<EngineEvent, Parent[]> {
  const found = yield* filesHashed(filesOf(config), host)
  for (const file of statistics) {
    found.push(file)
    requireAsRecorded(host, file)
  }
  const engine = infoOf(host.backend)
  const told = engine.repeats ? notes : [...notes, unrepeated]
  const images = (await describeTasks(config, parents.architecture, host)).map(
    ({ bytes: _, diskBytes: _d, ...counts }, t) => ({
      ...counts,
      training: tasks[t]?.splits.training?.count ?? 0, // without those that cannot be read
      validation: tasks[t]?.splits.validation?.count ?? 0,
    }),
  )
  yield {
    type: 'opened',
    engine,
    blocks: groups.names,
    parents: found,
    parameters: parameterCount(parents),
    images,
    ...(told.length > 0 && { notes: told }),
    warnings: parents.warnings,
  }
  return found
}

export interface NamedFile {
  role: Parent['role']
  path: string
}

/** What is needed of a run's host, or of a fine-tuning's. */
type Hashing = Pick<RunHost, 'hash' | 'images' | 'parents' | 'signal'>

/** Each file with its hash. Throws file-changed for one that an earlier sitting knew by another. */
export async function* filesHashed(files: readonly NamedFile[], host: Hashing): AsyncGenerator<Progress, Parent[]> {
  const found: Parent[] = []
  for (const [i, { role, path }] of files.entries()) {
    yield { type: 'progress', what: 'Reading files', done: i, total: files.length }
    host.signal.throwIfAborted()
    const name = path.split(/[/\\]/).pop() ?? path
    const parent = { role, file: path, name, ...(await hashOf(path, host)) }
    requireAsRecorded(host, parent)
    found.push(parent)
  }
  return found
}

function requireAsRecorded({ parents }: Hashing, { role, file, sha256: present }: Parent): void {
  const recorded = parents.find((p) => p.file === file && p.role === role)
  if (recorded && recorded.sha256 !== present)
    throw new BasilError({
      code: 'file-changed',
      what: 'A file has changed since the run began',
      where: file,
      why: `its SHA-256 is ${present.slice(0, 12)}, it was ${recorded.sha256.slice(0, 12)}`,
      next: 'put the old file back to resume, or start a new run',
    })
}

const unrepeated =
  'This engine does not promise equal bits: the same seed, and a run that is resumed, may end with other last digits.'

/** A data set's folder is told by the names, sizes and times of its files. */
async function hashOf(path: string, { hash, images }: Hashing): Promise<{ sha256: Sha256; bytes: Bytes }> {
  if (images && (await images.files.kind(path)) === 'folder')
    return { sha256: sha256(await images.stamp(path)), bytes: bytes(0) }
  return hash(path)
}

function filesOf(config: ResolvedConfig): NamedFile[] {
  const found: NamedFile[] = [{ role: 'pretrained', path: config.pretrained }]
  const add = (role: Parent['role'], path: string | null): void => {
    const file = path?.replace(/#[^#/\\]*$/, '')
    if (file && !found.some((f) => f.path === file)) found.push({ role, path: file })
  }
  // every one: the recipe's rows are theirs
  found.push(...config.vectors.map((path) => ({ role: 'vector' as const, path })))
  for (const t of config.tasks) add('finetuned', t.finetuned)
  for (const t of config.tasks) for (const path of [t.head, t.data, t.validation, t.test]) add('data', path)
  return found
}
