// The same promise as engine-killed.test.ts, kept by the real engine on real checkpoints: 20 kills -9 at seeded moments
// (while it starts, hashes, steps, evaluates), through restarts and resumes, and the coefficients are those of the
// unbroken run.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { type RunId, runId } from '../../src-main/contract/branded.ts'
import type { RunEvent } from '../../src-main/contract/run/run.ts'
import { type EngineProcess, forkEngine } from '../../src-main/workbench/link/engine-process.ts'
import { openWorkbench, type Workbench } from '../../src-main/workbench/workbench.ts'
import { started } from '../bundles.ts'
import { goldenConfig } from '../golden/fixture.ts'
import { bitsOf } from '../workbench/toy.ts'
import { seeded } from './seeded.ts'
import { weightsOf } from './weights.ts'

const wanted = 20
const seed = 41
const door = started('src-main/worker/door.ts')

const golden = goldenConfig('cross-entropy', {
  batch: 48,
  iterations: 2,
  steps: undefined,
  epochs: 5,
  start: { method: 'atlas', epochs: 6 },
})
const config = { ...golden, tasks: golden.tasks.slice(0, 1), microBatch: 48 }

async function toTheEnd(
  workbench: Workbench,
  run: RunId,
  see: (event: RunEvent) => void = () => undefined,
): Promise<RunEvent | undefined> {
  let last: RunEvent | undefined
  for await (const event of workbench.runs.watch(run)) {
    see(event)
    last = event
  }
  return last
}

test('20 kills of the real engine: nothing acknowledged is lost, and the bits are those of the unbroken run', async () => {
  const home = mkdtempSync(join(tmpdir(), 'basil-kill-'))
  const chance = seeded(seed)
  let kills = 0
  let inARow = 0 // without a kept epoch between: a run is given up after three
  let armed = false
  let present: EngineProcess | undefined
  let dying: Promise<unknown> | undefined
  const kill = (): void => {
    if (!armed || kills >= wanted) return
    kills++
    inARow++
    present?.kill()
    dying = present?.exited
  }
  const workbench = await openWorkbench({
    home,
    resources: join(import.meta.dirname, '../../resources'),
    write: true,
    engine: (): EngineProcess => {
      const started = forkEngine(door)
      present = started
      if (armed && inARow < 2 && chance() < 0.4) {
        // while it starts, opens files or goes on
        const timer = setTimeout(() => present === started && kill(), chance() * 1000)
        void started.exited.then(() => clearTimeout(timer))
      }
      return started
    },
  })
  const whole = await workbench.runs.start(config)
  expect((await toTheEnd(workbench, whole))?.type).toBe('done')
  await workbench.exports.export(whole, { iteration: null }, { out: join(home, 'whole.safetensors'), overwrite: false })

  let lost = 0
  const told: { run: RunId; stage: number; epoch: number; coefficients: number[][] }[] = []
  const see = (event: RunEvent): void => {
    if (event.type === 'engine-lost') return
    if (event.type === 'epoch') {
      inARow = 0
      told.push(event)
    }
    if (inARow < 2 && chance() < 0.1) kill() // while it hashes, steps, evaluates
  }
  armed = true
  let differ = 0
  while (kills < wanted) {
    const run = await workbench.runs.start(config).catch(() => null) // killed while it checked the files: nothing began
    if (run === null) continue
    let end = await toTheEnd(workbench, run, see)
    while (end?.type !== 'done') {
      expect(workbench.runs.show(run).state).toBe('interrupted')
      if (!(await workbench.runs.resume(run).catch(() => null))) continue // killed while it checked the files once more
      end = await toTheEnd(workbench, run, see)
    }
    if (JSON.stringify(bitsOf(workbench, run)) !== JSON.stringify(bitsOf(workbench, whole))) differ++
    expect(workbench.runs.show(run).tasks).toEqual(workbench.runs.show(whole).tasks)
    lost += told.filter(
      (e) =>
        e.run === run &&
        JSON.stringify(workbench.runs.coefficients(run, e.stage, e.epoch)) !== JSON.stringify(e.coefficients),
    ).length
  }
  armed = false
  await dying // of a kill that came with the last event of the last run: nobody is asked anything while dying
  const { file } = await workbench.exports.export(
    told.at(-1)?.run ?? runId(0),
    { iteration: null },
    { out: join(home, 'killed.safetensors'), overwrite: false },
  )
  expect(await weightsOf(file)).toEqual(await weightsOf(join(home, 'whole.safetensors')))
  await workbench.close()
  rmSync(home, { recursive: true })
  console.log(`real engine: kills=${kills} epochs=${told.length} lost=${lost} differ=${differ} seed=${seed}`)
  expect({ lost, differ }).toEqual({ lost: 0, differ: 0 })
  expect(told.length).toBeGreaterThan(wanted)
})
