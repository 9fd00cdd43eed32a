// A process of the engine that is stopped by the system, or never comes to the end of a step: it is told, in a run's
// events and to who comes later; it goes on to the same bits when it is let go, and in a new engine when that is asked
// for.

import { existsSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import type { RunId } from '../../src-main/contract/branded.ts'
import type { RunEvent } from '../../src-main/contract/run/run.ts'
import type { EngineProcess } from '../../src-main/workbench/link/engine-process.ts'
import { patience } from '../../src-main/workbench/link/heartbeat.ts'
import type { Workbench } from '../../src-main/workbench/workbench.ts'
import { bitsOf, follow, temporaryFolder, toyConfig, toyEngine, toyWorkbench } from '../workbench/toy.ts'
import type { Toy } from '../workbench/toy-faults.ts'

const guard = 5 * 60_000 // against hanging
const config = toyConfig({ epochs: 6 })
const isSilent = (event: RunEvent): boolean => event.type === 'engine-silent' && event.error !== null

interface Setting {
  workbench: Workbench
  engine: () => EngineProcess
  unbroken: unknown // bits of a run that nothing happened to
}

async function setting(toy: Toy, threshold: Partial<typeof patience>): Promise<Setting> {
  let engine: EngineProcess | undefined
  const start = (): EngineProcess => (engine = toyEngine({ ...toy, wait: 20 }))
  const workbench = await toyWorkbench(temporaryFolder(), start, true, { ...patience, ...threshold })
  const calm = await toyWorkbench(temporaryFolder())
  const whole = await calm.runs.start(config)
  await follow(calm, whole)
  return { workbench, engine: () => engine as EngineProcess, unbroken: bitsOf(calm, whole) }
}

/** All events; the engine's process is stopped after the second epoch, and `act` is called when that is told. */
async function stopped({ workbench, engine }: Setting, act: (run: RunId) => void): Promise<[RunId, RunEvent[]]> {
  const run = await workbench.runs.start(config)
  let epochs = 0
  let isTold = false
  const events = await follow(workbench, run, (event) => {
    if (event.type === 'epoch' && ++epochs === 2) process.kill(engine().pid as number, 'SIGSTOP')
    if (epochs < 2 || isTold || !isSilent(event)) return
    isTold = true
    act(run)
  })
  return [run, events]
}

test.runIf(process.platform === 'linux')(
  'a stopped engine is told, also to who comes later, and goes on to the same bits when it is let go',
  { timeout: guard },
  async () => {
    const here = await setting({}, { process: 3000 })
    let later: Promise<RunEvent[]> | undefined
    const [run, events] = await stopped(here, (run) => {
      expect(here.workbench.engine.state().error).toMatchObject({
        code: 'engine-silent',
        what: 'The engine does not answer',
      })
      later = follow(here.workbench, run)
      process.kill(here.engine().pid as number, 'SIGCONT')
    })
    // on a busy machine it may be silent at other times, too
    const error = { code: 'engine-silent', why: expect.stringMatching(/no sign of life for \d+ s/) }
    const told = events.filter(({ type }) => type === 'engine-silent' || type === 'engine-lost')
    expect(told).toMatchObject(told.map((_, i) => ({ type: 'engine-silent', run, error: i % 2 === 0 ? error : null })))
    const heard = (await later) ?? []
    expect(heard.slice(0, 2)).toMatchObject([{ type: 'started' }, { type: 'engine-silent', error }])
    for (const all of [told, heard.filter(({ type }) => type === 'engine-silent')])
      expect(all.at(-1)).toMatchObject({ type: 'engine-silent', error: null })
    expect(events.at(-1)?.type).toBe('done')
    expect(bitsOf(here.workbench, run)).toEqual(here.unbroken)
    expect(here.workbench.engine.state().error).toBeNull()
  },
)

test.runIf(process.platform === 'linux')(
  'a stopped engine is ended when that is asked for, and the run goes on in a new one to the same bits',
  { timeout: guard },
  async () => {
    const here = await setting({}, { process: 3000 })
    const [run, events] = await stopped(here, () => expect(here.workbench.engine.restart()).toBe(true))
    const why = 'you had it stopped, as it did not answer'
    expect(events.filter(({ type }) => type === 'engine-lost')).toMatchObject([
      { restarting: true, error: { code: 'engine-lost', why } },
    ])
    expect(events.at(-1)?.type).toBe('done')
    expect(bitsOf(here.workbench, run)).toEqual(here.unbroken)
  },
)

test('a step that does not end is told in other words while its process beats, and ends when that is asked for', {
  timeout: guard,
}, async () => {
  const home = temporaryFolder()
  const once = join(home, 'happened')
  const here = await setting({ fault: { stage: 1, epoch: 2, how: 'spin', once } }, { step: 2000, process: 60_000 })
  const run = await here.workbench.runs.start(config)
  let isAsked = false
  const events = await follow(here.workbench, run, (event) => {
    if (isSilent(event) && existsSync(once) && !isAsked) isAsked = here.workbench.engine.restart()
  })
  const told = events.flatMap((event) => (event.type === 'engine-silent' && event.error ? [event.error.what] : []))
  expect(new Set(told)).toEqual(new Set(['The engine has been at one step for long'])) // a busy machine's too
  expect(events.filter(({ type }) => type === 'engine-lost')).toHaveLength(1)
  expect(events.at(-1)?.type).toBe('done')
  expect(bitsOf(here.workbench, run)).toEqual(here.unbroken)
})

test('without an engine there is none to end', async () => {
  const workbench = await toyWorkbench(temporaryFolder())
  expect(workbench.engine.restart()).toBe(false)
})
