// basil queue from a terminal: work is asked for without beginning, listed, ordered and worked on; one Ctrl+C pauses it
// after a kept epoch.

import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { expect, test } from 'vitest'

import { jobLines } from '../../src-main/cli/queue/print.ts'
import type { Job } from '../../src-main/contract/api/jobs.ts'
import { runId } from '../../src-main/contract/branded.ts'
import { temporaryFolder, toyFile, toyWorkbench } from '../workbench/toy.ts'
import type { Toy } from '../workbench/toy-faults.ts'
import { outcome, type Started, start, withToy } from './terminal.ts'

const basil = (home: string, args: readonly string[], toy: Toy = {}): Started =>
  start(['queue', ...args], { home, env: withToy(toy) })

const jobsIn = (out: string): Job[] =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Job)

function configs(home: string, ...names: string[]): string[] {
  return names.map((name) => {
    const file = join(home, `${name}.json`)
    writeFileSync(file, JSON.stringify({ ...toyFile, name, iterations: 1 }))
    return file
  })
}

test('what is asked for waits, is listed and ordered, and is worked on until nothing is left', async () => {
  const home = temporaryFolder()
  const added = await outcome(basil(home, ['add', 'run', ...configs(home, 'a', 'b', 'c'), '--json']))
  expect(added).toMatchObject({ code: 0, err: '' })
  expect(jobsIn(added.out).map(({ title, state, position }) => [title, state, position])).toEqual([
    ['a', 'waiting', 1],
    ['b', 'waiting', 2],
    ['c', 'waiting', 3],
  ])
  const missing = configs(home, 'gone')
  writeFileSync(missing[0] ?? '', JSON.stringify({ ...toyFile, pretrained: 'missing.safetensors' }))
  expect(await outcome(basil(home, ['add', 'run', ...missing]))).toMatchObject({ code: 3, out: '' })
  expect(await outcome(basil(home, ['move', '3', '1']))).toMatchObject({ code: 0 })
  expect((await outcome(basil(home, ['pause', '2']))).out).toBe('run 2: b: paused\n')
  expect((await outcome(basil(home, ['list']))).out.split('\n').map((line) => line.trimEnd())).toEqual([
    'position  job  what      state    progress  remaining  needs',
    '1         3    run 3: c  waiting                       engine',
    '2         1    run 1: a  waiting                       engine',
    '3         2    run 2: b  paused                        engine',
    '',
  ])
  const ran = await outcome(basil(home, ['run', '--json']))
  expect(ran).toMatchObject({ code: 0, err: '' })
  expect(jobsIn(ran.out).map(({ title, state }) => [title, state])).toEqual([
    ['c', 'done'],
    ['a', 'done'],
  ])
  const out = join(home, 'model.safetensors')
  expect((await outcome(basil(home, ['add', 'export', '3', '--out', out]))).out).toContain('export: model of run 3, c')
  expect((await outcome(basil(home, ['cancel', '2']))).out).toBe('run 2: b: cancelled\n')
  expect(await outcome(basil(home, ['cancel', '3']))).toMatchObject({
    code: 1,
    out: '',
    err: expect.stringContaining('The job cannot be cancelled (job 3): it is done.'),
  })
  expect((await outcome(basil(home, ['run']))).out).toBe(`export: model of run 3, c -> ${out}: done\n`)
  expect(existsSync(out)).toBe(true)
  expect((await outcome(basil(home, ['clear']))).out).toBe('4 cleared.\n')
  expect((await outcome(basil(home, ['list']))).out).toBe('Nothing waits, and nothing is at work.\n')
})

test('Ctrl+C once pauses after a kept epoch and begins nothing else; it goes on from there', async () => {
  const home = temporaryFolder()
  await outcome(basil(home, ['add', 'run', ...configs(home, 'a', 'b')]))
  const until = join(home, 'goes-on')
  const child = basil(home, ['run', '--json'], { holds: { stage: 0, epoch: 2, until } })
  const atWork = (async () => {
    const reader = await toyWorkbench(home, undefined, false)
    await expect.poll(() => reader.runs.show(runId(1)).start?.epochs.length ?? 0).toBeGreaterThan(1)
    child.stderr.on('data', (text) => String(text).includes('Pausing after') && writeFileSync(until, ''))
    child.kill('SIGINT')
  })()
  const lines: Job[] = []
  for await (const line of createInterface({ input: child.stdout })) lines.push(JSON.parse(line) as Job)
  await atWork
  expect(lines).toMatchObject([{ title: 'a', state: 'paused' }])
  expect((await outcome(basil(home, ['resume', '1', '--json']))).code).toBe(0)
  const ran = await outcome(basil(home, ['run', '--json']))
  expect(jobsIn(ran.out).map(({ title, state, run }) => [title, state, run])).toEqual([
    ['a', 'done', 1],
    ['b', 'done', 2],
  ])
})

test('another terminal pauses the run at work after a kept epoch', async () => {
  const home = temporaryFolder()
  await outcome(basil(home, ['add', 'run', ...configs(home, 'a')]))
  const until = join(home, 'goes-on')
  const atWork = outcome(basil(home, ['run', '--json'], { until }))
  const reader = await toyWorkbench(home, undefined, false)
  await expect.poll(() => reader.runs.show(runId(1)).start?.epochs.length ?? 0).toBeGreaterThan(0)
  const asked = await outcome(basil(home, ['pause', '1']))
  expect(asked.out).toBe('run 1: a: running; the process that is at the queue was asked to pause it\n')
  await expect.poll(() => existsSync(join(home, 'pause-job-1'))).toBe(false) // it was heard
  writeFileSync(until, '')
  expect(jobsIn((await atWork).out)).toMatchObject([{ title: 'a', state: 'paused' }])
  expect((await outcome(basil(home, ['resume', '1']))).out).toBe('run 1: a: waiting\n')
})

test('a line tells how far a job is and what it still takes, in the largest unit that says something', () => {
  const job: Job = {
    ...{ job: 7, kind: 'study', title: 'seeds', needs: 'engine', place: 'here', state: 'running', position: null },
    ...{ progress: { what: 'Run', done: 2, total: 4 }, made: '', started: null, ended: null, error: null },
    ...{
      run: runId(5),
      study: 1,
      evaluation: null,
      tuning: null,
      file: null,
      remainingSeconds: 9000,
      share: 0.5,
      pausing: false,
    },
    ...{ goesOn: true, expectedSeconds: null, memoryBytes: null, diskBytes: null, diskFree: null },
  }
  expect(jobLines([job])[1]).toMatch(/^ +7 +study 1: seeds +running +Run 2 of 4 +2\.5 h +engine$/)
  expect(jobLines([{ ...job, remainingSeconds: 90 }])[1]).toContain('2 min')
  expect(jobLines([{ ...job, remainingSeconds: 4.2 }])[1]).toContain('5 s')
})
