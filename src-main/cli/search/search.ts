// basil merge --score: the search in a terminal, and the best of it written as any merge is. Ctrl+C ends it with
// nothing half-written; the same command goes on where it was.
import { resolve } from 'node:path'

import type { Form } from '../../contract/checkpoint.ts'
import type { Exported } from '../../contract/run/recipe.ts'
import { requireFree, requireNothing } from '../../files/write-atomic.ts'
import { exportMerge } from '../../workbench/export/merge.ts'
import { requireFreeCard, type Writer } from '../../workbench/export/with-card.ts'
import { chosenBy } from '../../workbench/scores/card.ts'
import { logName } from '../../workbench/scores/log.ts'
import { cancelledSearch } from '../../workbench/scores/scorer.ts'
import { noneKept, searchByScores } from '../../workbench/scores/search.ts'
import { exportedLines } from '../convert.ts'
import { onSignals } from '../ending.ts'
import type { MergeFile } from '../merge-file.ts'
import type { Kept } from '../merge-kept.ts'
import { onClosedPipe, print, printJson } from '../output.ts'
import { hashesOf } from './hashes.ts'
import { askedSearch, type SearchOptions } from './options.ts'
import { eventLine, foundLines } from './print.ts'

interface Asked {
  given: SearchOptions
  written: Partial<MergeFile>
  out: string
  overwrite: boolean
  form: Form
  json: boolean
}

interface Around {
  close(): Promise<void> // ends the engine, with all that it is writing
  kept: Kept
}

export async function searchInTerminal(writer: Writer, { close, kept }: Around, asked: Asked): Promise<void> {
  const { given, written, overwrite, form, json } = asked
  const out = resolve(asked.out)
  await (form.shardBytes === undefined ? requireFree(out, { overwrite }) : requireNothing(out))
  await requireFreeCard({ out, overwrite }, form)
  const search = await askedSearch(given, written)
  const ending = new AbortController()
  const end = (): void => {
    ending.abort()
    void close()
  }
  const { signal } = ending
  const rebuild = async (request: Parameters<Writer['rebuild']>[0]): Promise<Exported> => {
    try {
      return await writer.rebuild(request)
    } catch (error) {
      if (signal.aborted) await close() // until it is gone, it may still write
      throw error
    }
  }
  const unheard = onSignals({ first: end, again: () => process.exit(130), end })
  onClosedPipe(end)
  try {
    const tell = json ? printJson : (event: Parameters<typeof eventLine>[0]) => print(eventLine(event))
    const found = await searchByScores(
      { ...search, form, out, log: resolve(given.scoreLog ?? logName(out)) },
      { rebuild, signal, tell, hashes: hashesOf },
    )
    const { winner, ...summary } = found
    if (json) printJson({ type: 'found', ...summary, winner: winner && { label: winner.label, scores: winner.scores } })
    else for (const line of foundLines(found, search.aims)) print(line)
    if (!winner) throw noneKept(search.aims, found.candidates)
    const chosen = chosenBy(found, search.aims, search.scorer.command)
    if (signal.aborted) throw cancelledSearch()
    const request = { recipe: winner.recipe, out, overwrite, form }
    const exported = await kept(request, () => exportMerge({ ...writer, rebuild }, request, chosen), close)
    if (json) return printJson({ type: 'written', ...exported })
    for (const line of exportedLines(exported)) print(line)
    print(`${exported.card}: its card`)
  } finally {
    unheard()
  }
}
