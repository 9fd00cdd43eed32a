// What is made of a fine-tuned model or several besides merging them: a LoRA of what fine-tuning changed, or fewer
// vectors than there are tasks. Both are jobs that write a folder among the exports.
import { existsSync } from 'node:fs'
import { join } from 'node:path'

import type { AdapterAsked, BasesAsked } from '../../contract/api/merges.ts'
import { basesRequestSchema } from '../../contract/bases.ts'
import { withoutExtension } from '../../contract/file-names.ts'
import { makeFolder } from '../../files/made-folder.ts'
import { queuedJobs } from '../../history/jobs.ts'
import type { History } from '../../history/statement.ts'
import type { Jobs } from '../jobs/queue.ts'
import { storedRow } from '../library/rows.ts'
import { nameOf } from '../library/sets/conventions.ts'
import { exportsFolder } from '../settings/kept.ts'

export interface Derive {
  /** Gives the job's number. Throws file-missing. */
  adapter(asked: AdapterAsked): number
  bases(asked: BasesAsked): number
}

interface Options {
  history: History
  home: string // the data folder
  jobs: Pick<Jobs, 'add'>
}

export function createDerive({ history, home, jobs }: Options): Derive {
  const pathOf = (id: number): string => storedRow(history, id).path

  /** A folder that nothing and no open job has. */
  function folderFor(stem: string): string {
    const folder = exportsFolder(home)
    makeFolder(folder)
    const open = new Set(queuedJobs(history, ['waiting', 'paused', 'running']).map(({ file }) => file))
    for (let count = 1; ; count++) {
      const path = join(folder, `${stem}${count === 1 ? '' : `-${count}`}`)
      if (!existsSync(path) && !open.has(path)) return path
    }
  }

  return {
    adapter: ({ pretrained, finetuned, ...how }) => {
      const tuned = pathOf(finetuned)
      const out = folderFor(`${stemOf(tuned)}-lora-${how.rank}`)
      const request = { pretrained: pathOf(pretrained), finetuned: tuned, out, ...how }
      return jobs.add(() => ({ kind: 'adapter', request, file: out }))
    },
    bases: ({ pretrained, vectors, parameters }) => {
      const out = folderFor(`${parameters.bases}-bases-of-${vectors.length}`)
      const request = basesRequestSchema.parse({
        ...{ pretrained: pathOf(pretrained), vectors: vectors.map(pathOf), parameters, out },
      })
      return jobs.add(() => ({ kind: 'bases', request, file: out }))
    },
  }
}

const stemOf = (path: string): string => withoutExtension(nameOf(path)).replace(/[/\\]/g, '-')
