// What tests of the runner share: a data folder that goes with the test, the toy engine, and a run's bits apart from
// its clock.

import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { onTestFinished } from 'vitest'

import type { RunId } from '../../src-main/contract/branded.ts'
import type { RunDetail, RunEvent } from '../../src-main/contract/run/run.ts'
import { type EngineProcess, forkEngine } from '../../src-main/workbench/link/engine-process.ts'
import { openWorkbench, type Workbench, type WorkbenchOptions } from '../../src-main/workbench/workbench.ts'
import type { Toy } from './toy-faults.ts'
import { toyEntry } from './toy-run.ts'

export { toyConfig, toyEntry, toyFile } from './toy-run.ts'

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'basil-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}

export function toyEngine(toy: Toy = {}, environment = process.env): EngineProcess {
  return forkEngine(toyEntry, { ...environment, TOY: JSON.stringify(toy) })
}

export async function toyWorkbench(
  home: string,
  engine: WorkbenchOptions['engine'] = (environment) => toyEngine({}, environment),
  write = true,
  patience?: WorkbenchOptions['patience'],
  others: Pick<WorkbenchOptions, 'tell' | 'slept' | 'restored' | 'open' | 'waiting'> = {},
): Promise<Workbench> {
  mkdirSync(join(home, 'sample'), { recursive: true }) // resources, as far as a workbench asks for them
  copyFileSync(join(import.meta.dirname, '../../resources/model-card.md'), join(home, 'model-card.md'))
  const workbench = await openWorkbench({
    home,
    resources: home,
    sample: join(home, 'sample', 'sample.json'),
    engine,
    write,
    ...(patience && { patience }),
    ...others,
  })
  onTestFinished(() => workbench.close())
  return workbench
}

/** All events to the end. */
export async function follow(
  workbench: Workbench,
  run: RunId,
  seen: (event: RunEvent) => void = () => undefined,
): Promise<RunEvent[]> {
  const events: RunEvent[] = []
  for await (const event of workbench.runs.watch(run)) {
    events.push(event)
    seen(event)
  }
  return events
}

/**
 * Everything of a run that must not depend on how often it was interrupted: all but clocks (openings of test data tell
 * theirs) and its number.
 */
export function bitsOf(workbench: Workbench, run: RunId): unknown {
  const { created, ended, seconds, times, dataWait, openings, log, run: _, ...rest } = workbench.runs.show(run)
  const timeless = (stage: RunDetail['iterations'][number]) => ({
    ...stage,
    epochs: stage.epochs.map((e) => ({ ...e, seconds: 0, remainingSeconds: null })),
  })
  const stages = [rest.start, ...rest.iterations].filter((s) => s !== null)
  const tables = stages.flatMap((s) => s.epochs.map((e) => workbench.runs.coefficients(run, s.stage, e.epoch)))
  return { ...rest, start: rest.start && timeless(rest.start), iterations: rest.iterations.map(timeless), tables }
}
