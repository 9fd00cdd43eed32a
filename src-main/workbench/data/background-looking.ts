// What goes on among the data sets by itself: rows that are due are looked into, one after the other; at opening it is
// seen which are gone and which are there again, whose content is read when it is asked for.
import { stat } from 'node:fs/promises'

import { gone } from '../../contract/data/gone.ts'
import { recordOf } from '../../contract/errors.ts'
import { dataOf, dataSets, dueData, putDataState, putDue, putFacts, type StoredData } from '../../history/data-sets.ts'
import type { History } from '../../history/statement.ts'
import { answerOf } from '../reading/answer.ts'
import { inBackground } from '../reading/background.ts'
import type { Reader } from '../reading/reader.ts'

export interface BackgroundLooking {
  /** Looks into what is due, if nobody is at it. */
  wake(): void
  /** Rows that wait, the present one among them. */
  reading(): number
  /** A row that was forgotten is waited for no longer. */
  leave(ids: readonly number[]): void
  /** Resolves when nothing is left to look into. */
  settled(): Promise<void>
  /** Nothing is kept from here on. Resolves when the present one has ended, as it does with the process that reads. */
  close(): Promise<void>
}

export function createBackgroundLooking(
  history: History,
  reader: Pick<Reader, 'told'>,
  changed: () => void,
): BackgroundLooking {
  let present: { id: number; leaving: AbortController } | null = null
  let reading = 0
  let isClosed = false

  async function readOne({ id, path }: StoredData): Promise<void> {
    const keep = (outcome: (row: StoredData) => void): void => {
      const row = isClosed ? undefined : dataOf(history, id)
      if (row) outcome(row)
    }
    const leaving = new AbortController()
    present = { id, leaving }
    try {
      const facts = await answerOf(
        reader.told(path, (client) => client.data.look({ path })),
        { signal: leaving.signal },
      )
      keep((row) => putFacts(history, row, facts))
    } catch (thrown) {
      if (leaving.signal.aborted) return
      const error = recordOf(thrown)
      if (error.code === 'engine-lost' || error.code === 'cancelled') throw thrown
      const isMissing = error.code === 'file-missing' && !(await isThere(path))
      keep(() => putDataState(history, id, isMissing ? 'missing' : 'unreadable', isMissing ? gone(path) : error))
    }
  }

  async function attend(): Promise<void> {
    for (;;) {
      const due = isClosed ? [] : dueData(history)
      const [next] = due
      if (!next) return
      reading = due.length
      changed()
      await readOne(next)
    }
  }

  const background = inBackground(attend, () => {
    reading = 0
    changed()
  })

  function wake(): void {
    if (!isClosed && history.write) background.wake()
  }

  async function lookAtAll(): Promise<void> {
    for (const { id, path, state } of dataSets(history)) {
      const is = await isThere(path)
      if (isClosed) return
      if (!is && state !== 'missing') putDataState(history, id, 'missing', gone(path))
      if (is && state === 'missing') putDue(history, id)
    }
    changed()
    wake()
  }

  const opening = history.write ? lookAtAll().catch(() => undefined) : Promise.resolve()

  return {
    wake,
    reading: () => reading,
    leave: (ids) => {
      if (present && ids.includes(present.id)) present.leaving.abort()
    },
    settled: async () => {
      await opening
      await background.settled()
    },
    close: async () => {
      isClosed = true
      await background.settled()
    },
  }
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
