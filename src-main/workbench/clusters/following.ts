// The runs of a study that another machine works on, as whoever watches one of them sees it: what was kept is told,
// with a log, as of a run of this machine.
import { dirname } from 'node:path'

import type { RunId } from '../../contract/branded.ts'
import type { Sitting } from '../../contract/clusters/task.ts'
import type { RunEvent } from '../../contract/run/run.ts'
import { runDetail } from '../../history/detail.ts'
import type { History } from '../../history/statement.ts'
import { openJournal } from '../runs/journal.ts'
import type { Live } from '../runs/sitting.ts'
import { createWatchers } from '../runs/watchers.ts'
import { createWitness } from '../runs/witness.ts'

interface Followed {
  live: Live
  end(last: RunEvent): void
}

/** cancel: ends the task at a place. */
export function createFollowing(history: History, cancel: (place: number) => Promise<boolean>) {
  const followed = new Map<RunId, Followed>()
  const places = new Set<number>() // of these

  function begin(run: RunId, place: number, resumed: boolean): Live {
    const known = followed.get(run)
    if (known) return known.live
    const detail = runDetail(history, run)
    const started: RunEvent = { type: 'started', run, name: detail.name, resumed }
    const [watchers, over] = [createWatchers<RunEvent>(started), Promise.withResolvers<RunEvent>()]
    const witness = createWitness(detail, openJournal(dirname(history.file), detail))
    const live: Live = { run, watchers, witness, over: over.promise, elsewhere: { cancel: () => cancel(place) } }
    const end = (last: RunEvent): void => {
      followed.delete(run)
      places.delete(place)
      witness.told(last)
      watchers.tell(last)
      watchers.end()
      over.resolve(last)
    }
    followed.set(run, { live, end })
    places.add(place)
    return live
  }

  return {
    begin,
    isAt: (place: number): boolean => places.has(place),
    live: (run: RunId): Live | null => followed.get(run)?.live ?? null,
    tell: (run: RunId, place: number, event: RunEvent | Sitting, resumed: boolean): void => {
      const { witness, watchers } = begin(run, place, resumed)
      if (event.type === 'sitting') witness.note(inWords(event))
      else if (event.type !== 'done' && event.type !== 'ended') {
        witness.told(event)
        watchers.tell(event)
      }
    },
    end: (run: RunId, last: RunEvent): void => followed.get(run)?.end(last),
    /** Of all that still are: they are not followed from now on. */
    close: (): void => {
      for (const [run, { end }] of [...followed]) end({ type: 'ended', run, state: 'interrupted', error: null })
    },
  }
}

function inWords({ host, job, restarts, after }: Sitting): string {
  const stage = after && (after.stage ? `iteration ${after.stage}` : 'the start')
  const from = after ? `from epoch ${after.epoch} of ${stage} on` : 'anew'
  return `Worked on by ${host}${job ? `, job ${job}` : ''}${restarts > 0 ? `, restart ${restarts}` : ''}, ${from}.`
}
