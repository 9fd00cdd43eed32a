import { expect, test } from 'vitest'

import type { RunId } from '../../src-main/contract/branded.ts'
import type { RunEvent } from '../../src-main/contract/run/run.ts'
import { readHistory } from '../../src-main/history/open.ts'
import { checkIntegrity } from '../../src-main/history/soundness.ts'
import type { EngineProcess } from '../../src-main/workbench/link/engine-process.ts'
import type { Workbench } from '../../src-main/workbench/workbench.ts'
import { bitsOf, follow, temporaryFolder, toyConfig, toyEngine, toyWorkbench } from '../workbench/toy.ts'
import { countOf, seedOf, tell } from './promises.ts'
import { seeded } from './seeded.ts'

const wanted = countOf('R1')
const seed = seedOf(20_261_122)
const config = toyConfig({ iterations: 3, epochs: 8, start: { method: 'atlas', epochs: 8 } })

test('kill -9 of the engine at any moment, recovery included, loses no kept epoch and changes no bit', async () => {
  const began = performance.now()
  const home = temporaryFolder()
  const chance = seeded(seed)
  let engine: EngineProcess | undefined
  let kills = 0
  let inARow = 0 // without a kept epoch between
  let isArmed = false
  const kill = (): void => {
    kills++
    inARow++
    engine?.kill()
  }
  const workbench = await toyWorkbench(home, () => {
    const started = toyEngine({ wait: 2 })
    engine = started
    if (isArmed && inARow < 2 && chance() < 0.4) {
      // while it starts, opens files or goes on
      const timer = setTimeout(() => engine === started && kill(), chance() * 400)
      void started.exited.then(() => clearTimeout(timer))
    }
    return started
  })
  const whole = await workbench.runs.start(config)
  await follow(workbench, whole)
  const unbroken = bitsOf(workbench, whole)

  let lost = 0
  let differ = 0
  isArmed = true
  while (kills < wanted) {
    // killed while it looked at the configuration: nothing began
    const run = await workbench.runs.start(config).catch(() => null)
    inARow = 0
    if (run === null) continue
    const told: Epoch[] = []
    const events = await follow(workbench, run, (event) => {
      if (event.type === 'epoch') {
        inARow = 0
        told.push(event)
        if (chance() < 0.12) kill()
      }
      if (event.type !== 'engine-lost') return
      expect(event).toMatchObject({
        restarting: true,
        error: { code: 'engine-lost', why: expect.stringContaining('SIGKILL') },
      })
      lost += missing(workbench, run, told)
    })
    expect(events.at(-1)?.type).toBe('done')
    await integrity(home)
    lost += missing(workbench, run, told)
    if (JSON.stringify(bitsOf(workbench, run)) !== JSON.stringify(unbroken)) differ++
    expect(bitsOf(workbench, run)).toEqual(unbroken)
  }
  tell('R1', began, { count: kills, lost, differ, seed })
  expect({ lost, differ }).toEqual({ lost: 0, differ: 0 })
})

type Epoch = Extract<RunEvent, { type: 'epoch' }>

/** Epochs that were told and are not in history as they were told. */
function missing(workbench: Workbench, run: RunId, told: Epoch[]): number {
  return told.filter((e) => {
    const kept = workbench.runs.coefficients(run, e.stage, e.epoch).flat()
    return !e.coefficients.flat().every((value, i) => Object.is(value, kept[i]))
  }).length
}

async function integrity(home: string): Promise<void> {
  const history = await readHistory(home)
  checkIntegrity(history.db)
  history.close()
}
