// Studies on a cluster from a terminal: the plan, a study followed to its end, one that failed tried again by another
// process, one that was left and is cancelled and taken back, and the archive for a cluster's side.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { packedLines, packProgram } from '../../src-main/cli/cluster/pack.ts'
import { planLines, statusLines } from '../../src-main/cli/cluster/print.ts'
import { submitStudy } from '../../src-main/cli/cluster/submit.ts'
import { cancelThere, collectThere, statusOf } from '../../src-main/cli/cluster/there.ts'
import { temporaryFolder } from '../workbench/toy.ts'
import type { Toy } from '../workbench/toy-faults.ts'
import { heard } from './terminal.ts'
import { absoluteIn, modelsIn, thinProgram, toyClusters, toyStudy, untilOver } from './toy-cluster.ts'

/** A study's file beside its models, and the folders of a data folder and a cluster. */
function place(): { home: string; folder: string; file: string; base: string } {
  const base = temporaryFolder()
  modelsIn(base)
  const file = join(base, 'study.json')
  writeFileSync(file, JSON.stringify(toyStudy([1])))
  return { home: join(base, 'home'), folder: join(base, 'cluster'), file, base }
}

const opened = ({ home, folder }: ReturnType<typeof place>, toy: Toy = {}) =>
  toyClusters({ home, folder, program: thinProgram(toy) })

test('a plan, then each task as it ends, and 0 where every run is done', async () => {
  const at = place()
  const workbench = await opened(at)
  const { said, code } = heard()
  await submitStudy(workbench, at.file, { to: 'toys', yes: true })
  expect(said()).toMatch(/On toys: 2 tasks\.\n0 of 5 files/)
  expect(said()).toMatch(/ {2}missing +\d+ KiB +\S+base\.safetensors +it is not there\n/)
  expect(said()).toMatch(/task 0 run \d +two, seed 1: done on \S+\n/)
  expect(said()).toContain('Study 1: 2 of 2 runs done, 2 done.')
  expect(code()).toBe(0)
  const lines = statusLines(1, statusOf(workbench, 1))
  expect(lines.slice(0, 2)).toEqual([expect.stringMatching(/^Study 1 on toys, in .*: 2 tasks$/), '     2 done'])
  expect(lines.at(-1)).toMatch(/^1 +one +1 +\d +done +\S+ +\S* *\d+ s +done$/)
  expect(await cancelThere(workbench, 1)).toBe(false)
})

test('the plan tells hours where tasks have a limit, which those of a folder have not', () => {
  const plan = { cluster: 'lab', tasks: 6, there: 1, missing: [], bytes: 0 }
  expect(planLines({ ...plan, hours: 24, gpuHours: 48 })[0]).toBe(
    'On lab: 6 tasks, together 24.0 hours at most, 48.0 GPU hours by their limit.',
  )
  expect(planLines({ ...plan, hours: null, gpuHours: 0 })[0]).toBe('On lab: 6 tasks.')
})

test('nothing begins that nobody agreed to, and what a folder works on is not left', async () => {
  const at = place()
  const workbench = await opened(at)
  const { said } = heard()
  await expect(submitStudy(workbench, at.file, { to: 'toys' })).rejects.toThrow(/no terminal to ask in/)
  expect(said()).toContain('On toys: 2 tasks')
  await expect(submitStudy(workbench, at.file, { to: 'toys', yes: true, detach: true })).rejects.toThrow(/end with it/)
  expect(workbench.studies.list()).toEqual([])
  await expect(submitStudy(workbench, at.file, { to: 'nowhere', yes: true })).rejects.toThrow(/no such cluster/i)
  expect(() => statusOf(workbench, 1)).toThrow(/on no cluster/)
})

test('what failed is tried again by the next process, and is then followed', async () => {
  const at = place()
  const toy: Toy = { fault: { stage: 1, epoch: 1, how: 'throw', once: join(at.base, 'once') } }
  const { said, code } = heard()
  const first = await opened(at, toy)
  await submitStudy(first, at.file, { to: 'toys', yes: true, json: true })
  expect(code()).toBe(1)
  const lines = said().trim().split('\n')
  const [plan, begun, ...rest] = lines.map((line): { type: string; state?: string } => JSON.parse(line))
  expect([plan, begun]).toMatchObject([
    { type: 'plan', tasks: 2 },
    { type: 'study', study: 1 },
  ])
  expect(rest.flatMap(({ type, state }) => (type === 'task' ? [state] : [])).toSorted()).toEqual(['done', 'failed'])
  await first.close()
  const second = await opened(at, toy)
  expect(await second.clusters.retry(1)).toBe(1)
  await untilOver(second, 1)
  await collectThere(second, 1, false, true)
  expect(said()).toContain('Study 1: 2 of 2 runs done, 2 done.')
  expect(code()).toBe(0)
})

test('what was left at work cannot come back before it was cancelled, and goes on here then', async () => {
  const at = place()
  const until = join(at.base, 'go')
  heard()
  const first = await opened(at, { holds: { stage: 1, until } })
  const study = await first.studies.start(
    toyStudy([1]),
    absoluteIn((path) => join(at.base, path)),
    'toys',
  )
  const running = () => first.clusters.status(study)?.tasks.some(({ state }) => state === 'running')
  await expect.poll(running).toBe(true)
  await first.close()
  const second = await opened(at)
  expect(() => second.clusters.takeBack(study)).toThrow(/wait or are at work on toys/)
  expect(await cancelThere(second, study)).toBe(true)
  expect(second.jobs.list().map(({ state, place: on }) => [state, on])).toEqual([['cancelled', 'toys']])
  expect(new Set(statusOf(second, study).tasks.map(({ state, words }) => `${state}, ${words}`))).toEqual(
    new Set(['waiting, taken back']),
  )
  expect(second.clusters.takeBack(study)).toBe(study)
  expect(second.clusters.status(study)).toBe(null)
  await second.studies.resume(study)
  expect(await untilOver(second, study)).toMatchObject({ state: 'done', done: 2 })
})

test('the archive for the cluster side is the same bytes twice, and what it says to do unpacks a program that runs', async () => {
  const base = temporaryFolder()
  const [one, two] = [join(base, 'a.tar.gz'), join(base, 'b.tar.gz')]
  const packed = await packProgram(thinProgram(), one)
  await packProgram(thinProgram(), two)
  expect(readFileSync(one).equals(readFileSync(two))).toBe(true)
  await expect(packProgram(thinProgram(), one)).rejects.toThrow(/already there/)
  const command = packedLines(packed).find((line) => line.includes('tar -xzf')) ?? ''
  execFileSync('sh', ['-c', command.replaceAll('FOLDER', base)])
  const question = JSON.stringify({ ask: 'hello', of: { folder: base } })
  const remote = join(base, packed.folder, 'basil-remote')
  expect(JSON.parse(execFileSync(remote, ['ask'], { input: question, encoding: 'utf8' }))).toMatchObject({
    answer: { node: process.version },
  })
})
