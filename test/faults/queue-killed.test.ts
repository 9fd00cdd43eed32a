// A main process that is killed while one job is at work and others wait: after each kill every job that was asked for
// is there, none is worked on again that was done, and they end in the order in which they were asked for.

import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

import { expect, onTestFinished, test } from 'vitest'

import { runId } from '../../src-main/contract/branded.ts'
import { readHistory } from '../../src-main/history/open.ts'
import { checkIntegrity } from '../../src-main/history/soundness.ts'
import { started } from '../bundles.ts'
import { bitsOf, follow, temporaryFolder, toyConfig, toyWorkbench } from '../workbench/toy.ts'
import { seeded } from './seeded.ts'

const names = ['a', 'b', 'c']
const wanted = 10
const seed = 2209

interface Line {
  asked?: string
  run?: number
  told?: string
  done?: true
}

test('kill -9 of the main process at any moment of its queue: no job is lost, none is done twice, and their order is kept', async () => {
  const chance = seeded(seed)
  const found = { kills: 0, lost: 0, twice: 0, disordered: 0 }
  while (found.kills < wanted) {
    const home = temporaryFolder()
    const asked = new Map<string, number>() // told as asked for
    const done = new Set<number>() // runs told as done
    while (!(await sitting(home, 1 + Math.floor(chance() * 12), asked, done, found))) {
      found.kills++
      await look(home, asked, done, found)
      if (found.kills > 60) throw new Error('it does not get on')
    }
    const workbench = await toyWorkbench(home)
    expect(workbench.jobs.list().map(({ state }) => state)).toEqual(names.map(() => 'done'))
    const { rows } = workbench.runs.list({ offset: 0, limit: 99 })
    expect(rows.map(({ state, name }) => `${name} ${state}`)).toEqual(names.toReversed().map((name) => `${name} done`))
    const ended = rows.toSorted((a, b) => String(a.ended).localeCompare(String(b.ended))).map(({ name }) => name)
    found.disordered += Number(ended.join() !== names.join())
    const whole = await workbench.runs.start(toyConfig({ name: 'c', iterations: 1, epochs: 4 }))
    await follow(workbench, whole)
    expect(bitsOf(workbench, rows[0]?.run ?? runId(0))).toEqual(bitsOf(workbench, whole))
  }
  const { kills, ...wrong } = found
  console.log(
    `queue: kills=${kills} lost=${wrong.lost} twice=${wrong.twice} disordered=${wrong.disordered} seed=${seed}`,
  )
  expect(wrong).toEqual({ lost: 0, twice: 0, disordered: 0 })
})

/** Until it is killed at a line, or has come to its end. Gives whether it has. */
async function sitting(
  home: string,
  killAt: number,
  asked: Map<string, number>,
  done: Set<number>,
  found: { twice: number },
): Promise<boolean> {
  const main = startMain(home)
  let lines = 0
  let isDone = false
  for await (const { asked: name, run = 0, told, done: over } of main.lines) {
    if (name !== undefined) asked.set(name, run)
    if (told === 'started' && done.has(run)) found.twice++
    if (told === 'done') done.add(run)
    if (over) isDone = true
    if (++lines === killAt) main.child.kill('SIGKILL')
  }
  return isDone
}

/** As another process sees it. */
async function look(
  home: string,
  asked: ReadonlyMap<string, number>,
  done: ReadonlySet<number>,
  found: { lost: number; twice: number; disordered: number },
): Promise<void> {
  const history = await readHistory(home)
  checkIntegrity(history.db)
  history.close()
  const reader = await toyWorkbench(home, undefined, false)
  const jobs = reader.jobs.list()
  const { rows } = reader.runs.list({ offset: 0, limit: 99 })
  for (const [name, run] of asked) if (!jobs.some((job) => job.title === name && job.run === run)) found.lost++
  for (const run of done) if (!rows.some((row) => row.run === run && row.state === 'done')) found.lost++
  found.twice += new Set(jobs.map(({ title }) => title)).size === jobs.length ? 0 : 1
  expect(rows.map(({ run }) => run).sort()).toEqual(jobs.map(({ run }) => run).sort()) // neither is ever there alone
  expect(jobs.filter(({ state }) => state === 'interrupted').length).toBeLessThanOrEqual(1)
  const waiting = jobs.filter(({ state }) => state === 'waiting').map(({ title }) => title)
  found.disordered += Number(waiting.join() !== waiting.toSorted().join())
  await reader.close()
}

function startMain(home: string): { child: ChildProcess; lines: AsyncIterable<Line> } {
  const args = [started('test/faults/toy-queue.ts'), home, names.join()]
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TOY: JSON.stringify({ wait: 1 }) },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  async function* lines(): AsyncGenerator<Line> {
    for await (const line of createInterface({ input: child.stdout })) yield JSON.parse(line) as Line
  }
  return { child, lines: lines() }
}
