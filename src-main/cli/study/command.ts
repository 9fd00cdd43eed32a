// basil study run|controls|list|show|pause|resume|forget: one configuration, what is varied of it, and seeds, as runs
// that follow one another, and their table. Listing and showing work while another process is at the study; pausing
// asks that process.
import { Command, InvalidArgumentError } from 'commander'

import type { StudyDetail, StudyRun } from '../../contract/api/studies.ts'
import { sentence } from '../../contract/errors.ts'
import { adaptationOf } from '../../contract/run/adaptation.ts'
import { controlsOf } from '../../contract/run/study.ts'
import { readDefinition } from '../../workbench/studies/definition.ts'
import type { Workbench } from '../../workbench/workbench.ts'
import { fail, isPipeClosed, onClosedPipe, print, printJson } from '../output.ts'
import { lineOf } from '../print.ts'
import { clearLive, sayLive } from '../terminal.ts'
import { partLines } from './part-table.ts'
import { doubtLines, runLine, summaryLine, tableLines } from './print.ts'

interface StudyCommands {
  withWorkbench: (json: boolean, write: boolean, act: (workbench: Workbench) => Promise<void>) => Promise<void>
}

export function studyCommand({ withWorkbench }: StudyCommands): Command {
  const command = new Command('study').description('runs that belong together: arms, sweeps and seeds, with one table')
  const part = (name: string, description: string): Command =>
    command.command(name).description(description).option('--json', 'as JSON')
  const run = (file: string, json: boolean, change: (definition: Record<string, unknown>) => unknown): Promise<void> =>
    readDefinition(file, change).then(
      ({ definition, absolute }) =>
        withWorkbench(json, true, async (workbench) =>
          followStudy(workbench, await workbench.studies.start(definition, absolute), json),
        ),
      (error: unknown) => fail(error, json, 2),
    )

  part('run', 'start a study and follow it to its end; Ctrl+C pauses it')
    .argument(
      '<file>',
      'a study as JSON; its paths are relative to it, its "config" may be the path of a configuration',
    )
    .action((file: string, { json = false }) => run(file, json, (definition) => definition))
  part(
    'controls',
    'run a configuration of dv-basi beside its controls: isotropic, random, restart, one long run, larger rate, no decay',
  )
    .argument('<config>', 'a configuration; its paths are relative to it')
    .option('--seeds <n>', 'how many seeds', number, 1)
    .action((file: string, { json = false, seeds }) =>
      run(file, json, (config) => ({ ...controlsOf(config), seeds: Array.from({ length: seeds }, (_, seed) => seed) })),
    )
  part('adapt', 'adapt to every task in turn, without its labels and its own model: aTLAS with UFM, then DV-BASI')
    .argument('<config>', 'a configuration; its paths are relative to it')
    .option('--rivals', 'beside it aTLAS alone: with UFM, with entropy, with SAR')
    .option('--seeds <n>', 'how many seeds', number, 1)
    .action((file: string, { json = false, rivals = false, seeds }) =>
      run(file, json, (config) => ({
        ...adaptationOf(config, { rivals }),
        seeds: Array.from({ length: seeds }, (_, seed) => seed),
      })),
    )
  part('list', 'every study, newest first').action(({ json = false }) =>
    withWorkbench(json, false, async ({ studies }) => {
      const all = studies.list()
      if (json) printJson(all)
      else for (const summary of all) print(summaryLine(summary))
    }),
  )
  part('show', 'its runs and its table')
    .argument('<study>', 'its number', number)
    .action((study: number, { json = false }) =>
      withWorkbench(json, false, async ({ studies }) => {
        const detail = studies.show(study)
        if (json) return printJson(detail)
        print(summaryLine(detail))
        for (const one of detail.runs) print(runLine(one))
        for (const line of [...partLines(detail), ...tableLines(detail)]) print(line)
      }),
    )
  part('pause', 'after its present run, whichever process is at it')
    .argument('<study>', 'its number', number)
    .action((study: number, { json = false }) =>
      withWorkbench(json, false, async ({ studies }) => {
        const asked = await studies.pause(study, false)
        if (json) printJson({ asked })
        else print(asked ? `Study ${study} pauses after its present run.` : `Nobody is at study ${study}.`)
      }),
    )
  part('resume', 'go on where it was')
    .argument('<study>', 'its number', number)
    .action((study: number, { json = false }) =>
      withWorkbench(json, true, async (workbench) =>
        followStudy(workbench, await workbench.studies.resume(study), json),
      ),
    )
  part('forget', 'take it away; its runs stay')
    .argument('<study>', 'its number', number)
    .action((study: number, { json = false }) =>
      withWorkbench(json, true, async ({ studies }) => {
        const forgotten = studies.forget(study)
        if (json) printJson({ forgotten })
      }),
    )
  return command
}

/** Sets the exit code: 0 when every run was done, or nobody listens any more; else 1. */
async function followStudy(workbench: Workbench, study: number, json: boolean): Promise<void> {
  const { studies } = workbench
  onClosedPipe(() => void studies.pause(study, true))
  const release = onSignals(workbench, study)
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
        if (json) printJson({ type: 'run', ...one })
        else
          for (const line of [
            ...doubtLines(one.run === null ? null : workbench.runs.show(one.run).config.tower, doubts),
            runLine(one),
          ])
            print(line)
      }
      const at = runs.findIndex(({ state }) => state === 'running')
      if (!json && at >= 0) void live(workbench, runs[at] as StudyRun, `${at + 1} of ${runs.length}`)
    }
    clearLive()
    tell(studies.show(study), json)
  } finally {
    release()
  }
}

const ended: StudyRun['state'][] = ['done', 'failed', 'stopped']

function tell(detail: StudyDetail, json: boolean): void {
  process.exitCode = (detail.state === 'done' && detail.done === detail.planned) || isPipeClosed() ? 0 : 1
  if (json) {
    printJson({ type: detail.state, ...detail })
    return
  }
  for (const line of [...partLines(detail), ...tableLines(detail)]) print(line)
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

const echo = 250 // milliseconds within which a second Ctrl+C is the first one again, passed on by a launcher

function onSignals(workbench: Workbench, study: number): () => void {
  let first: number | null = null
  const interrupt = (): void => {
    if (first !== null && performance.now() - first < echo) return
    process.stderr.write(first === null ? '\nPausing after this run. Ctrl+C again pauses now.\n' : '\nPausing now.\n')
    void workbench.studies.pause(study, first !== null)
    first ??= performance.now()
  }
  const end = (): void => void workbench.studies.pause(study, true)
  const handlers = [['SIGINT', interrupt] as const, ['SIGTERM', end] as const, ['SIGHUP', end] as const]
  for (const [signal, handler] of handlers) process.on(signal, handler)
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler)
  }
}

function number(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('It is not a whole number above 0.')
  return Number(text)
}
