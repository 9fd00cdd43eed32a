// Follows a study to its end on a terminal or as JSON lines: a line a run, then the table. Ctrl+C once pauses it after
// its present run, twice now; so does a termination signal or a closed pipe.
import type { StudyDetail, StudyRun } from '../../contract/api/studies.ts'
import { sentence } from '../../contract/errors.ts'
import type { Workbench } from '../../workbench/workbench.ts'
import { onSignals } from '../ending.ts'
import { isPipeClosed, onClosedPipe, print, printJson } from '../output.ts'
import { lineOf } from '../print.ts'
import { clearLive, sayLive } from '../terminal.ts'
import { doubtLines, runLine } from './print.ts'
import { tableLinesOf, writeTables } from './tables.ts'

/**
 * Sets the exit code: 0 when every run was done, or nobody listens any more; else 1. out: a file that the tables are
 * written to at the end.
 */
export async function followStudy(workbench: Workbench, study: number, json: boolean, out?: string): Promise<void> {
  const { studies } = workbench
  onClosedPipe(() => void studies.pause(study, true))
  const release = onSignals({
    first: () => {
      process.stderr.write('\nPausing after this run. Ctrl+C again pauses now.\n')
      void studies.pause(study, false)
    },
    again: () => {
      process.stderr.write('\nPausing now.\n')
      void studies.pause(study, true)
    },
    end: () => void studies.pause(study, true),
  })
  const told = new Set(
    studies
      .show(study)
      .runs.filter(({ state }) => state === 'done')
      .map(({ place }) => place),
  )
  const doubts = new Set<string>()
  if (json) printJson({ type: 'study', study })
  try {
    for await (const _ of studies.follow(study)) {
      const { runs } = studies.show(study)
      for (const one of runs.filter(({ place, state }) => ended.includes(state) && !told.has(place))) {
        told.add(one.place)
        clearLive()
        if (json) {
          printJson({ type: 'run', ...one })
          continue
        }
        const tower = one.run === null ? null : workbench.runs.show(one.run).config.tower
        for (const line of [...doubtLines(tower, doubts), runLine(one)]) print(line)
      }
      const at = runs.findIndex(({ state }) => state === 'running')
      if (!json && at >= 0) void live(workbench, runs[at] as StudyRun, `${at + 1} of ${runs.length}`)
    }
    clearLive()
    if (out !== undefined) await writeTables(out, workbench, studies.show(study))
    tell(workbench, studies.show(study), json)
  } finally {
    release()
  }
}

const ended: StudyRun['state'][] = ['done', 'failed', 'stopped']

function tell(workbench: Workbench, detail: StudyDetail, json: boolean): void {
  process.exitCode = (detail.state === 'done' && detail.done === detail.planned) || isPipeClosed() ? 0 : 1
  if (json) {
    printJson({ type: detail.state, ...detail })
    return
  }
  for (const line of tableLinesOf(workbench, detail)) print(line)
  if (detail.error) process.stderr.write(`${sentence(detail.error)}\n`)
  if (detail.state === 'paused') process.stderr.write(`Paused. Next: basil study resume ${detail.study}\n`)
}

const watched = new Set<number>()

/** The present run, on the terminal's live line. */
async function live(workbench: Workbench, { run, arm, seed }: StudyRun, place: string): Promise<void> {
  if (run === null || watched.has(run)) return
  watched.add(run)
  for await (const event of workbench.runs.watch(run)) {
    const line = lineOf(event)
    if (line?.live) sayLive(`${place}: ${arm}, seed ${seed}:${line.text}`)
    else if (line && event.type === 'engine-silent') print(line.text)
  }
}
