// The promise R3, as far as the process of the history goes: killed at any moment, also while it opens the history and
// has a killed run go on. And an engine, wherever it is, ends with its parent.
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

import { expect, onTestFinished, test } from 'vitest'

import { type RunId, runId } from '../../src-main/contract/branded.ts'
import type { RunEvent } from '../../src-main/contract/run/run.ts'
import { alive } from '../alive.ts'
import { started } from '../bundles.ts'
import { bitsOf, follow, temporaryFolder, toyConfig, toyWorkbench } from '../workbench/toy.ts'
import type { Toy } from '../workbench/toy-faults.ts'
import { type Epoch, leftAfter } from './aftermath.ts'
import { countOf, seedOf, tell } from './promises.ts'
import { seeded } from './seeded.ts'

type Line = RunEvent | { type: 'engine'; pid: number } | { type: 'interrupted'; runs: number[] }

const wanted = countOf('R3')
const seed = seedOf(4711)
const config = toyConfig({ iterations: 2, epochs: 6 })

test('kill -9 of the main process at any moment: every told epoch is there, the run is interrupted and resumes to the same bits', async () => {
  const began = performance.now()
  const chance = seeded(seed)
  const found = { kills: 0, beforeAnEpoch: 0, lost: 0, differ: 0 }
  const calm = await toyWorkbench(temporaryFolder())
  const whole = await calm.runs.start(config)
  await follow(calm, whole)
  while (found.kills < wanted) {
    const home = temporaryFolder()
    const told: Epoch[] = []
    let run: RunId | null = null
    // at some epoch from now, or, of a run that goes on, at one of the first lines that are said
    for (let isBegun = false; ; ) {
      const isEarly = run !== null && chance() < 0.3
      const sitting = await sat(home, run, {
        [isEarly ? 'line' : 'epoch']: 1 + Math.floor(chance() * (isEarly ? 5 : 8)),
      })
      if (isBegun) expect(sitting.interrupted).toEqual([run])
      isBegun = sitting.told.length > 0
      run = sitting.run ?? run
      told.push(...sitting.told)
      if (sitting.isDone) break
      const left = await leftAfter(home, run ?? runId(0), told)
      found.lost += left.missing
      if (left.isDone) break
      found.kills++
      if (sitting.told.length === 0) found.beforeAnEpoch++
    }
    const workbench = await toyWorkbench(home, undefined, false)
    if (JSON.stringify(bitsOf(workbench, runId(1))) !== JSON.stringify(bitsOf(calm, whole))) found.differ++
    await workbench.close()
  }
  const { kills, beforeAnEpoch, lost, differ } = found
  const besides = `${beforeAnEpoch} of main before it had gone on`
  tell('R3', began, { count: kills, lost, differ, seed, besides })
  expect({ lost, differ }).toEqual({ lost: 0, differ: 0 })
})

/** One process of main, until it is killed at such a line, or has come to the run's end. */
async function sat(home: string, known: RunId | null, kill: { line?: number; epoch?: number }) {
  const main = startMain(home, known, { wait: 1 })
  const told: Epoch[] = []
  let [lines, enginePid, isDone] = [0, 0, false]
  let interrupted: number[] = []
  let run = known
  for await (const line of main.lines) {
    if (line.type === 'engine') enginePid = line.pid
    if (line.type === 'interrupted') interrupted = line.runs
    if (line.type === 'started') run = line.run
    if (line.type === 'done') isDone = true
    if (line.type === 'epoch') told.push([line.stage, line.epoch])
    if (++lines === kill.line || (line.type === 'epoch' && told.length === kill.epoch)) main.child.kill('SIGKILL')
  }
  if (!isDone) await expect.poll(() => alive(enginePid)).toBe(false)
  return { run, told, interrupted, isDone }
}

test('an engine in the middle of a long step ends with its parent', async () => {
  const main = startMain(temporaryFolder(), null, { fault: { stage: 0, epoch: 1, how: 'spin' } })
  let enginePid = 0
  for await (const line of main.lines) {
    if (line.type === 'engine') enginePid = line.pid
    if (line.type === 'epoch') main.child.kill('SIGKILL')
  }
  await expect.poll(() => alive(enginePid)).toBe(false)
})

function startMain(home: string, run: RunId | null, toy: Toy): { child: ChildProcess; lines: AsyncIterable<Line> } {
  const args = [started('test/faults/toy-main.ts'), home, ...(run === null ? [] : [String(run)])]
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TOY: JSON.stringify(toy) },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  async function* lines(): AsyncGenerator<Line> {
    for await (const line of createInterface({ input: child.stdout })) yield JSON.parse(line) as Line
  }
  return { child, lines: lines() }
}
