// The files that a run's models were written to: what its exports' jobs tell, and what the library has that says so
// itself, of which a file is one.
import { existsSync, statSync } from 'node:fs'

import { z } from 'zod'

import type { WrittenModel } from '../../contract/api/lineage.ts'
import { type RunId, sha256Schema } from '../../contract/branded.ts'
import { jobsOf } from '../../history/jobs.ts'
import { entryAt } from '../../history/library/entries.ts'
import type { History } from '../../history/statement.ts'
import { madeModels } from './made.ts'

/** Of an export's job, as far as this needs it. */
const told = z.object({
  state: z.object({ iteration: z.number().nullable() }),
  written: z.object({ sha256: sha256Schema, bytes: z.number() }).optional(),
})

/** Newest first. */
export function writtenModels(history: History, run: RunId): WrittenModel[] {
  const found = new Map<string, WrittenModel>()
  for (const job of jobsOf(history)) {
    const request =
      job.kind === 'export' && job.run === run && job.state === 'done' ? told.safeParse(job.request) : null
    if (!request?.success || job.file === null || found.has(job.file)) continue
    const { state, written } = request.data
    const row = entryAt(history, { path: job.file, target: job.file })
    found.set(job.file, {
      file: job.file,
      sha256: written?.sha256 ?? row?.sha256 ?? null,
      bytes: written?.bytes ?? sizeOf(job.file),
      when: job.ended,
      iteration: state.iteration,
      entry: row?.id ?? null,
      isThere: existsSync(job.file),
    })
  }
  for (const { id, path, bytes, sha256, modified, recipe, run: maker } of madeModels(history))
    if (maker === run && !found.has(path))
      found.set(path, {
        ...{ file: path, sha256, bytes, entry: id, isThere: existsSync(path) },
        when: new Date(modified).toISOString(),
        iteration: recipe.iteration,
      })
  return [...found.values()].sort((a, b) => (b.when ?? '').localeCompare(a.when ?? ''))
}

function sizeOf(file: string): number | null {
  return statSync(file, { throwIfNoEntry: false })?.size ?? null
}
