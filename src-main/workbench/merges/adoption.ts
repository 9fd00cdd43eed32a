// What terminals merged by themselves comes into the history of the workbench that writes it: at its start, and by a
// look at a small folder each second.
import type { History } from '../../history/statement.ts'
import { adoptTyped } from './typed.ts'

const each = 1000 // ms

interface Options {
  history: History
  home: string
  shelve(file: string): Promise<void>
  /** There are new rows. */
  news(): void
}

export interface Adoption {
  /** Resolves when what lay there has come in. */
  close(): Promise<void>
}

export function createAdoption({ history, home, shelve, news }: Options): Adoption {
  let isClosed = false
  let present: Promise<void> | null = null
  const look = (): void => {
    if (isClosed) return
    present ??= adoptTyped({ history, home, shelve })
      .then((taken) => {
        if (taken > 0) news()
      })
      .catch(() => undefined) // a disk that takes nothing now: the files wait
      .finally(() => {
        present = null
      })
  }
  if (!history.write) return { close: async () => undefined }
  look()
  const timer = setInterval(look, each)
  timer.unref()
  return {
    close: async () => {
      isClosed = true
      clearInterval(timer)
      await present
    },
  }
}
