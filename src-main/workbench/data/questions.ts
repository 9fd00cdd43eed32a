// What a person asks of data sets, answered by the processes that read them: a page of pictures and a drawn split at
// once, a leak report and prepared images by one that reads every image, whose results stay with the row.
import type {
  DrawnSplit,
  LeakReport,
  NamedData,
  PreparedSplit,
  Previews,
  WantedPreviews,
} from '../../contract/api/data.ts'
import type { Told } from '../../contract/engine-api.ts'
import { dataOf, putLeaks, putPrepared, type StoredData } from '../../history/data-sets.ts'
import { type History, transaction } from '../../history/statement.ts'
import { answerOf } from '../reading/answer.ts'
import type { Reader } from '../reading/reader.ts'
import { noRow, nothingToCompare } from './refusals.ts'
import { leakSplits } from './view.ts'

export interface Questions {
  draw(id: number, split: string): Promise<DrawnSplit>
  previews(id: number, split: string, wanted: WantedPreviews): Promise<Previews>
  prepare(id: number, splits: string[], size: number): AsyncGenerator<Told<PreparedSplit[]>, void>
  leaks(id: number, size: number): AsyncGenerator<Told<LeakReport>, void>
  /** Which of the field's data sets lie at folders or directly in them. */
  named(folders: string[]): Promise<NamedData[]>
}

interface Parts {
  history: History
  home: string // the data folder
  quick: Pick<Reader, 'told'>
  long: Pick<Reader, 'told'>
  changing: () => void // throws where this process does not write
  changed: () => void
  now: () => Date
}

/** Throws file-missing. */
export function storedData(history: History, id: number): StoredData {
  return dataOf(history, id) ?? noRow(id)
}

export function questionsTo({ history, home, quick, long, changing, changed, now }: Parts): Questions {
  const imagesOf = (id: number, split: string): string => `${storedData(history, id).path}#${split}`

  async function draw(id: number, split: string): Promise<DrawnSplit> {
    const images = imagesOf(id, split)
    return answerOf(quick.told(images, (client) => client.data.draw({ images })))
  }

  async function* leaks(id: number, size: number): AsyncGenerator<Told<LeakReport>, void> {
    changing()
    const { path, facts } = storedData(history, id)
    const splits = leakSplits(facts)
    if (splits.length < 2) throw nothingToCompare(path)
    for await (const event of long.told(path, (client) => client.data.leaks({ path, splits, size, home }))) {
      if (event.type === 'result' && dataOf(history, id)) {
        const report = { ...event.result, made: now().toISOString() }
        transaction(history, () => {
          putLeaks(history, id, report)
          putPrepared(history, id, report.splits)
        })
        changed()
      }
      yield event
    }
  }

  async function* prepare(id: number, names: string[], size: number): AsyncGenerator<Told<PreparedSplit[]>, void> {
    changing()
    const { path, facts } = storedData(history, id)
    const known = new Map([...(facts?.splits ?? []), ...(facts?.field ?? [])].map(({ name, count }) => [name, count]))
    const splits = await Promise.all(
      names.map(async (name) => ({ name, count: known.get(name) ?? (await draw(id, name)).count })),
    )
    for await (const event of long.told(path, (client) => client.data.prepare({ path, splits, size, home }))) {
      if (event.type === 'result' && dataOf(history, id)) {
        putPrepared(history, id, event.result)
        changed()
      }
      yield event
    }
  }

  return {
    draw,
    previews: async (id, split, wanted) => {
      const images = imagesOf(id, split)
      return answerOf(quick.told(images, (client) => client.data.previews({ images, wanted })))
    },
    prepare,
    leaks,
    named: (folders) => answerOf(quick.told(folders.join(', '), (client) => client.data.named({ folders }))),
  }
}
