// basil data add|list|show|leaks|prepare|forget: data sets from a terminal. What reads images shows how far it is;
// whoever interrupts it loses nothing that was prepared. Listing works while a window is open.
import { Command } from 'commander'

import type { AddedData, DataSet, LeakReport, PreparedSplit } from '../../contract/api/data.ts'
import type { Told } from '../../contract/engine-api.ts'
import { sentence } from '../../contract/errors.ts'
import type { DataSets } from '../../workbench/data/sets.ts'
import { wholeNumber } from '../numbers.ts'
import { print, printJson } from '../output.ts'
import { clearLive, sayLive } from '../terminal.ts'
import { withWorkbench } from '../with.ts'
import { dataLine, leakLines, leftOutLines, preparedLine, shownLines } from './print.ts'

export function dataCommand(): Command {
  const command = new Command('data').description(
    'data sets: what they are, how they are split, and images that are in two splits',
  )
  const part = (name: string, description: string): Command =>
    command.command(name).description(description).option('--json', 'as JSON')
  const one = (name: string, description: string): Command =>
    part(name, description).argument('<id>', 'number of the row', wholeNumber)

  part('add', 'folders or files; of a folder that holds several data sets, those')
    .argument('<paths...>')
    .action((paths: string[], { json = false }) =>
      withWorkbench(json, true, async ({ dataSets }) => {
        const told = await added(dataSets, paths, json)
        const ids = [...told.added, ...told.known]
        const rows = dataSets.list().filter(({ id }) => ids.includes(id))
        if (json) printJson({ ...told, rows })
        else
          for (const line of [
            ...rows.flatMap((row) => [dataLine(row), ...leftOutLines(row)]),
            ...told.refused.map(sentence),
          ])
            print(line)
        if (ids.length === 0) process.exitCode = 3
      }),
    )
  part('list', 'every row, with its state').action(({ json = false }) =>
    withWorkbench(json, false, async ({ dataSets }) => {
      const rows = dataSets.list()
      if (json) printJson(rows)
      else for (const row of rows) print(dataLine(row))
    }),
  )
  one('show', 'splits with their counts and SHA-256, classes, unreadable images, leaks').action(
    (id: number, { json = false }) =>
      withWorkbench(json, false, async ({ dataSets }) => {
        const shown = dataSets.show(id)
        if (json) printJson(shown)
        else for (const line of shownLines(shown)) print(line)
      }),
  )
  one('leaks', 'images that are in two splits, exactly or to the eye')
    .option('--size <pixels>', 'of the preprocessed images', wholeNumber, 224)
    .action((id: number, { json = false, size }) =>
      withWorkbench(json, true, async ({ dataSets }) => {
        const report = await told<LeakReport>(dataSets.leaks(id, size), json)
        if (json) printJson(report)
        else for (const line of leakLines(report)) print(line)
      }),
    )
  one('prepare', 'fill the cache of preprocessed images, so that runs begin at once')
    .argument('[splits...]', 'as in field-val or "train?shots=16&seed=0"; those of the disk if not given')
    .option('--size <pixels>', 'of the preprocessed images', wholeNumber, 224)
    .action((id: number, splits: string[], { json = false, size }) =>
      withWorkbench(json, true, async ({ dataSets }) => {
        const names = splits.length > 0 ? splits : splitsOf(dataSets.list(), id)
        const prepared = await told<PreparedSplit[]>(dataSets.prepare(id, names, size), json)
        if (json) printJson(prepared)
        else for (const split of prepared) print(preparedLine(split))
      }),
    )
  part('forget', 'take rows away; what they name stays')
    .argument('<ids...>', 'numbers of rows', (text: string, before: number[] = []) => [...before, wholeNumber(text)])
    .action((ids: number[], { json = false }) =>
      withWorkbench(json, true, async ({ dataSets }) => {
        const forgotten = dataSets.forget(ids)
        if (json) printJson({ forgotten })
        else print(`${forgotten} forgotten; the data is where it was.`)
      }),
    )
  return command
}

/** Shows how far it is; Ctrl+C ends it, and what was found by then stays. Resolves when the rows are read. */
async function added(dataSets: DataSets, paths: string[], json: boolean): Promise<AddedData> {
  const [leaving, events] = [new AbortController(), dataSets.watch()]
  const leave = (): void => leaving.abort()
  process.once('SIGINT', leave)
  const live = (async () => {
    for await (const { work, reading } of events)
      if (!json && (work || reading > 0))
        sayLive(work ? `${work.what}${work.total ? `: ${work.done} of ${work.total}` : ''}` : `Reading ${reading}`)
  })()
  try {
    const told = await dataSets.add(paths, leaving.signal)
    const left = new Promise((resolve) => leaving.signal.addEventListener('abort', resolve))
    await Promise.race([dataSets.settled(), left]) // what is not read is read by "data refresh"
    return told
  } finally {
    process.off('SIGINT', leave)
    void events.return()
    void live
    clearLive()
  }
}

const splitsOf = (rows: DataSet[], id: number): string[] =>
  rows.find((row) => row.id === id)?.splits.map(({ name }) => name) ?? ['train']

/** Shows how far it is, on a terminal. */
async function told<T>(events: AsyncIterable<Told<T>>, json: boolean): Promise<T> {
  for await (const event of events) {
    if (event.type === 'result') {
      clearLive()
      return event.result
    }
    const left = event.remainingSeconds === undefined ? '' : `, about ${Math.ceil(event.remainingSeconds)} s left`
    if (!json) sayLive(`${event.what}: ${event.done} of ${event.total}${left}`)
  }
  throw new Error('it ended without a result')
}
