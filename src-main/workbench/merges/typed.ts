// Merges that a terminal works on by itself, whoever is the data folder's writer meanwhile. Each leaves a small file in
// <data folder>/typed before it begins, and its end in it; whoever writes the history next takes it from there: a job
// with its recipe, and a row of the library. A file goes only after its rows are there, and a row knows its file, so
// that nothing is lost and nothing is there twice, whichever process is killed when.
import { randomBytes } from 'node:crypto'
import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

import { z } from 'zod'

import { jobStates } from '../../contract/api/jobs.ts'
import { type Rebuilding, rebuildingSchema } from '../../contract/engine-api.ts'
import { errorSchema } from '../../contract/errors.ts'
import { indexName } from '../../contract/file-names.ts'
import { isAlive } from '../../files/leftovers.ts'
import { makeFolder } from '../../files/made-folder.ts'
import { writeAtomic } from '../../files/write-atomic.ts'
import { takeJob } from '../../history/jobs.ts'
import type { History } from '../../history/statement.ts'
import { mergeTitle } from '../jobs/kinds/merge.ts'

const recordSchema = z.object({
  record: z.string(),
  pid: z.number(), // of the process that works on it
  request: rebuildingSchema,
  started: z.string(),
  ended: z.string().nullable(), // null: it is at work, or was killed
  state: z.enum(jobStates),
  error: errorSchema.nullable(),
  file: z.string().nullable(), // that it wrote
})
type Typed = z.infer<typeof recordSchema>

const folderOf = (home: string): string => join(home, 'typed')

export interface TypedMerge {
  ended(end: Pick<Typed, 'state' | 'error' | 'file'>): Promise<void>
}

/** Throws what writing to the data folder throws. */
export async function beginTyped(home: string, request: Rebuilding, now: () => Date): Promise<TypedMerge> {
  const started = now().toISOString()
  const record = `${started.replaceAll(/[:.]/g, '-')}-${randomBytes(6).toString('hex')}`
  const begun: Typed = {
    ...{ record, pid: process.pid, request, started },
    ...{ ended: null, state: 'running', error: null, file: null },
  }
  const put = (typed: Typed): Promise<void> =>
    writeAtomic(join(folderOf(home), `${record}.json`), [Buffer.from(JSON.stringify(typed))], { overwrite: true })
  makeFolder(folderOf(home))
  await put(begun)
  return { ended: (end) => put({ ...begun, ...end, ended: now().toISOString() }) }
}

interface Adopting {
  history: History
  home: string
  /** A file that was written becomes a row of the library. */
  shelve(file: string): Promise<void>
  now?: () => Date
}

/** How many came into the history. A file that this version cannot read stays for the one that can. */
export async function adoptTyped({ history, home, shelve, now = () => new Date() }: Adopting): Promise<number> {
  let taken = 0
  const names = await readdir(folderOf(home)).catch(() => [])
  for (const name of names.filter((one) => one.endsWith('.json')).sort()) {
    const path = join(folderOf(home), name)
    const typed = await readTyped(path)
    if (!typed || (typed.ended === null && isAlive(typed.pid))) continue
    const { record, request, started, error, file, state, ended } = typed.ended === null ? await killed(typed) : typed
    const job = { kind: 'merge' as const, title: mergeTitle(request), request, file: file ?? request.out }
    if (takeJob(history, job, { record, state, started, error, ended: ended === null ? now() : new Date(ended) }))
      taken++
    if (file !== null) await shelve(file)
    await rm(path, { force: true })
  }
  return taken
}

async function readTyped(path: string): Promise<Typed | null> {
  try {
    return recordSchema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch {
    return null
  }
}

/** Of a process that was killed: done all the same where its model had taken its name by then. */
async function killed(typed: Typed): Promise<Typed> {
  const { out, form } = typed.request
  const file = form.shardBytes === undefined ? out : join(out, indexName)
  const written = await stat(file).then(
    ({ mtimeMs }) => mtimeMs >= Date.parse(typed.started),
    () => false,
  )
  return written ? { ...typed, state: 'done', file } : { ...typed, state: 'interrupted' }
}
