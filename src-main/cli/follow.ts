// Follows a run to its end on a terminal or as JSON lines. Ctrl+C once stops it and keeps the best so far, twice
// cancels it; a termination signal or a closed pipe closes the workbench, and the run can be resumed.
import type { RunId } from '../contract/branded.ts'
import type { RunEvent } from '../contract/run/run.ts'
import type { Workbench } from '../workbench/workbench.ts'
import { onSignals } from './ending.ts'
import { isPipeClosed, onClosedPipe, print, printJson } from './output.ts'
import { lineOf } from './print.ts'
import { clearLive, sayLive } from './terminal.ts'

/** Sets the exit code: 0 when the run was done or stopped, or nobody listens any more; else 1. */
export async function followRun(workbench: Workbench, run: RunId, json: boolean): Promise<void> {
  const release = onSignals({
    first: () => {
      process.stderr.write('\nStopping, and keeping the best so far. Ctrl+C again cancels.\n')
      void workbench.runs.stop(run)
    },
    again: () => void workbench.runs.cancel(run),
    end: () => void workbench.close(),
  })
  onClosedPipe(() => void workbench.close())
  let last: RunEvent | undefined
  try {
    for await (const event of workbench.runs.watch(run)) {
      if (event.type === 'pulse') continue
      if (json) printJson(event)
      else say(event)
      last = event
    }
  } finally {
    release()
  }
  const isFine = last?.type === 'done' || (last?.type === 'ended' && last.state === 'stopped') || isPipeClosed()
  process.exitCode = isFine ? 0 : 1
}

/** On a terminal the last line is written over; elsewhere epochs are lines of their own. */
function say(event: RunEvent): void {
  const line = lineOf(event)
  if (!line) return
  clearLive()
  if (line.live && process.stdout.isTTY) sayLive(line.text)
  else if (event.type !== 'progress') print(line.text)
}
