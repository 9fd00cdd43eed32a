// Follows a run to its end on a terminal or as JSON lines. Ctrl+C once stops it and keeps the best so far, twice
// cancels it; a termination signal or a closed pipe closes the workbench, and the run can be resumed.
import type { RunEvent } from '../contract/run/run.ts'
import type { Workbench } from '../workbench/workbench.ts'
import { isPipeClosed, onClosedPipe, print, printJson } from './output.ts'
import { lineOf } from './print.ts'
import { clearLive, sayLive } from './terminal.ts'

const echo = 250 // milliseconds within which a second Ctrl+C is the first one again, passed on by a launcher

/** Sets the exit code: 0 when the run was done or stopped, or nobody listens any more; else 1. */
export async function followRun(workbench: Workbench, run: number, json: boolean): Promise<void> {
  const release = onSignals(workbench, run)
  onClosedPipe(() => void workbench.close())
  let last: RunEvent | undefined
  try {
    for await (const event of workbench.runs.watch(run)) {
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

function onSignals(workbench: Workbench, run: number): () => void {
  let first: number | null = null
  const interrupt = (): void => {
    const now = performance.now()
    if (first === null) {
      first = now
      process.stderr.write('\nStopping, and keeping the best so far. Ctrl+C again cancels.\n')
      void workbench.runs.stop(run)
    } else if (now - first > echo) void workbench.runs.cancel(run)
  }
  const end = (): void => void workbench.close()
  process.on('SIGINT', interrupt)
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, end)
  return () => {
    process.off('SIGINT', interrupt)
    for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.off(signal, end)
  }
}
