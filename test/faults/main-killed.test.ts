import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { expect, onTestFinished, test } from 'vitest'

import { type RunId, runId } from '../../src-main/contract/branded.ts'
import type { RunEvent } from '../../src-main/contract/run/run.ts'
import { readHistory } from '../../src-main/history/open.ts'
import { checkIntegrity } from '../../src-main/history/soundness.ts'
import { alive } from '../alive.ts'
import { bitsOf, follow, temporaryFolder, toyConfig, toyWorkbench } from '../workbench/toy.ts'
import type { Toy } from '../workbench/toy-faults.ts'
import { seeded } from './seeded.ts'

type Line = RunEvent | { type: 'engine'; pid: number } | { type: 'interrupted'; runs: number[] }

const seed = 4711

test('kill -9 of the main process at any moment: every told epoch is there, the run is interrupted and resumes to the same bits', async () => {
  const home = temporaryFolder()
  const chance = seeded(seed)
  let kills = 0
  let lost = 0
  const told: [number, number][] = []
  for (let run: RunId | null = null; ; ) {
    const kill = 3 + Math.floor(chance() * 5) // epochs from now
    const main = startMain(home, run, { wait: 1 })
    let epochs = 0
    let enginePid = 0
    let isDone = false
    for await (const line of main.lines) {
      if (line.type === 'engine') enginePid = line.pid
      if (line.type === 'interrupted') expect(line.runs).toEqual(run === null ? [] : [run])
      if (line.type === 'started') run = line.run
      if (line.type === 'done') isDone = true
      if (line.type !== 'epoch') continue
      told.push([line.stage, line.epoch])
      if (++epochs === kill) main.child.kill('SIGKILL')
    }
    if (isDone) break
    kills++
    await expect.poll(() => alive(enginePid)).toBe(false)
    const history = await readHistory(home)
    checkIntegrity(history.db)
    history.close()
    const reader = await toyWorkbench(home, undefined, false)
    const detail = reader.runs.show(run ?? runId(0))
    expect(detail.state).toBe('interrupted')
    const kept = [detail.start, ...detail.iterations].flatMap(
      (s) => s?.epochs.map((e) => `${e.stage}.${e.epoch}`) ?? [],
    )
    lost += told.filter(([stage, epoch]) => !kept.includes(`${stage}.${epoch}`)).length
    await reader.close()
    if (kills > 50) throw new Error('it does not get on')
  }
  const workbench = await toyWorkbench(home)
  const whole = await workbench.runs.start(toyConfig({ iterations: 2, epochs: 6 }))
  await follow(workbench, whole)
  const same = JSON.stringify(bitsOf(workbench, runId(1))) === JSON.stringify(bitsOf(workbench, whole))
  console.log(`main: kills=${kills} lost=${lost} differ=${same ? 0 : 1} seed=${seed}`)
  expect(kills).toBeGreaterThanOrEqual(3)
  expect({ lost, same }).toEqual({ lost: 0, same: true })
})

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
  const args = [join(import.meta.dirname, 'toy-main.ts'), home, ...(run === null ? [] : [String(run)])]
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
