// The promises R1 and R4: the engine's process is killed at random moments of a run, also while it starts, opens files
// and goes on after a kill, twice in one recovery too; nothing that was told is gone, and coefficients and exported
// bytes are those of a run that nothing happened to.
import { join } from 'node:path'

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
import { weightsOf } from './weights.ts'

const wanted = { kills: countOf('R1'), inRecovery: countOf('R4') }
const seed = seedOf(20_261_122)
const config = toyConfig({ iterations: 3, epochs: 8, start: { method: 'atlas', epochs: 8 } })
const mostInARow = 3 // without a kept epoch between; after four a run is given up

test('kill -9 of the engine at any moment, recovery included, loses no kept epoch and changes no bit', async () => {
  const began = performance.now()
  const home = temporaryFolder()
  const chance = seeded(seed)
  let engine: EngineProcess | undefined
  const found = { kills: 0, inRecovery: 0, twice: 0, lost: 0, differ: 0 }
  const killed = new Set<EngineProcess>()
  let inARow = 0 // engines lost without a kept epoch between
  let isArmed = false
  let isExporting = false // which has a process of its own
  const kill = (): void => {
    if (!engine || killed.has(engine) || inARow === mostInARow) return
    killed.add(engine) // what it had said before is told after its end
    engine.kill()
    found.kills++
    if (inARow > 0) found.inRecovery++
    if (inARow === 2) found.twice++
  }
  const workbench = await toyWorkbench(home, () => {
    const started = toyEngine({ wait: 2 })
    if (isExporting) return started
    engine = started
    if (isArmed && chance() < 0.5) {
      // while it starts, opens files or goes on
      const timer = setTimeout(() => engine === started && kill(), chance() * 400)
      void started.exited.then(() => clearTimeout(timer))
    }
    return started
  })
  const weights = async (run: RunId): Promise<unknown> => {
    const target = { out: join(home, `${run}.safetensors`), overwrite: false }
    isExporting = true
    const { file } = await workbench.exports.export(run, { iteration: null }, target)
    isExporting = false
    return weightsOf(file)
  }
  const whole = await workbench.runs.start(config)
  await follow(workbench, whole)
  const unbroken = { bits: bitsOf(workbench, whole), weights: await weights(whole) }

  isArmed = true
  while (found.kills < wanted.kills || found.inRecovery < wanted.inRecovery || found.twice === 0) {
    inARow = 0
    const run = await workbench.runs.start(config).catch(() => null)
    if (run === null) continue // killed while it looked at the configuration: nothing began
    const told: Epoch[] = []
    const events = await follow(workbench, run, (event) => {
      if (event.type === 'epoch') {
        inARow = 0
        told.push(event)
        if (chance() < 0.12) kill()
      }
      if (/^(opened|stage)$/.test(event.type) && inARow > 0 && chance() < 0.3) kill()
      if (event.type !== 'engine-lost') return
      inARow++
      expect(event).toMatchObject({
        restarting: true,
        error: { code: 'engine-lost', why: expect.stringContaining('SIGKILL') },
      })
      found.lost += missing(workbench, run, told)
    })
    expect(events.at(-1)?.type).toBe('done')
    await integrity(home)
    found.lost += missing(workbench, run, told)
    const seen = { bits: bitsOf(workbench, run), weights: await weights(run) }
    if (JSON.stringify(seen) !== JSON.stringify(unbroken)) found.differ++
    expect(seen).toEqual(unbroken)
  }
  const { kills, inRecovery, twice, lost, differ } = found
  tell('R1', began, { count: kills, lost, differ, seed, besides: 'exported bytes compared' })
  tell('R4', began, { count: inRecovery, lost, differ, seed, besides: `${twice} recoveries killed twice` })
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
