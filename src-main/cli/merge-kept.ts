// A merge that is typed is kept as one of the queue is: a job with its recipe in the history, done, failed or
// cancelled, and a row of the library. What is to be kept is first a file of the data folder, so that the merge goes on
// whoever writes the history meanwhile; that one takes it, or this command at its end. Nothing of it holds up the
// merge: where there is no data folder, or it takes nothing, that is said and the model is written all the same.
import type { Rebuilding } from '../contract/engine-api.ts'
import { BasilError, recordOf } from '../contract/errors.ts'
import { dataFolderIfAny } from '../files/data-folder.ts'
import { adoptTyped, beginTyped, type TypedMerge } from '../workbench/merges/typed.ts'
import { onSignals } from './ending.ts'
import { tellNotices } from './with.ts'

/** end: what ends the work before its time. */
export type Kept = <T extends { file: string }>(
  request: Rebuilding,
  work: () => Promise<T>,
  end: () => Promise<void>,
) => Promise<T>

export const keptInHistory: Kept = async (request, work, end) => {
  const home = dataFolderIfAny()
  const typed = home === null ? null : await beginTyped(home, request, () => new Date()).catch(notKept)
  let isCancelled = false
  const cancel = (): void => {
    isCancelled = true
    void end()
  }
  const release = onSignals({ first: cancel, again: cancel, end: cancel })
  if (typed) void writing().catch(() => undefined) // loaded while the engine works; told when it is needed
  try {
    const made = await work()
    await put(typed, { state: 'done', error: null, file: made.file })
    return made
  } catch (thrown) {
    const error = isCancelled ? cancelled(request.out) : recordOf(thrown)
    await put(typed, { state: isCancelled ? 'cancelled' : 'failed', error: isCancelled ? null : error, file: null })
    throw new BasilError(error, { cause: thrown })
  } finally {
    release()
    if (home !== null && typed) await adoptHere(home)
  }
}

const put = async (typed: TypedMerge | null, end: Parameters<TypedMerge['ended']>[0]): Promise<void> =>
  void (await typed?.ended(end).catch(notKept))

function notKept(error: unknown): null {
  process.stderr.write(`This merge is not kept in the history: ${recordOf(error).why}.\n`)
  return null
}

/** What the history is written by. */
const writing = () => Promise.all([import('../history/open.ts'), import('../workbench/library/adding.ts')])

/** Where no other process writes; else that one takes it. */
async function adoptHere(home: string): Promise<void> {
  try {
    const [{ openHistory }, { shelving }] = await writing()
    const history = await openHistory(home)
    try {
      tellNotices(history)
      await adoptTyped({ history, home, shelve: shelving(history) })
    } finally {
      history.close()
    }
  } catch (error) {
    const { code, what, why } = recordOf(error)
    if (code !== 'folder-busy')
      process.stderr.write(`${what}: ${why}. This merge comes into the history when Basil can write it again.\n`)
  }
}

function cancelled(out: string): BasilError['record'] {
  return {
    code: 'cancelled',
    what: 'The merge was ended',
    where: out,
    why: 'you cancelled it',
    next: 'start it again; what was there before is as it was',
  }
}
