// basil study from a terminal: a file becomes runs and a table, another process reads along and asks it to pause, and a
// paused study goes on.
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { expect, test } from 'vitest'

import { doubtLines, tableLines } from '../../src-main/cli/study/print.ts'
import type { ArmRow, StudyDetail } from '../../src-main/contract/api/studies.ts'
import { parseStudy, plannedRuns } from '../../src-main/contract/run/study.ts'
import { temporaryFolder, toyFile } from '../workbench/toy.ts'
import type { Toy } from '../workbench/toy-faults.ts'
import { outcome, type Started, start, withToy } from './terminal.ts'

const root = join(import.meta.dirname, '../..')

const basil = (home: string, args: string[], toy: Toy = {}): Started =>
  start(['study', ...args], { home, env: withToy(toy) })

function write(folder: string, name: string, value: unknown): string {
  const file = join(folder, name)
  writeFileSync(file, JSON.stringify(value))
  return file
}

const study = { name: 'toys', arms: [{ label: 'whole' }, { label: 'short', change: { iterations: 1 } }], seeds: [1, 2] }

test('a study runs, is listed and shown; its configuration may be another file, whose folder its paths are relative to', async () => {
  const home = temporaryFolder()
  mkdirSync(join(home, 'models'))
  write(join(home, 'models'), 'run.json', toyFile)
  const ran = await outcome(basil(home, ['run', write(home, 'study.json', { ...study, config: 'models/run.json' })]))
  expect(ran).toMatchObject({ code: 0, err: '' })
  expect(ran.out.match(/^ {2}run \d +(whole|short), seed \d: done, \d/gm)).toHaveLength(4)
  expect(ran.out).toMatch(/^\| arm +\| seeds \| mean absolute \|/m)
  expect(ran.out).toMatch(/^\| short +\| 2 +\| \d+\.\d ± \d+\.\d/m)
  const [listed, shown] = await Promise.all([
    outcome(basil(home, ['list'])),
    outcome(basil(home, ['show', '1', '--json'])),
  ])
  expect(listed.out).toMatch(/ 1 {2}\S+ \S+ {2}done {6}4 of 4 runs {2}toys/)
  const detail = JSON.parse(shown.out) as StudyDetail
  expect(detail.table.map(({ arm, seeds }) => [arm, seeds])).toEqual([
    ['whole', 2],
    ['short', 2],
  ])
  expect(detail.runs.every(({ state }) => state === 'done')).toBe(true)
})

test('how a tower is computed, where it is a guess, is said before the first figure, and once', () => {
  const known = { value: 2, from: 'config.json beside a.safetensors', assumed: false }
  const tower = {
    heads: known,
    activation: { value: 'gelu' as const, from: 'a guess', assumed: true },
    layerNormEps: { ...known, value: 1e-5 },
  }
  const told = new Set<string>()
  expect(doubtLines(tower, told)).toEqual([
    expect.stringMatching(/^ {2}WARNING: Nothing said how .* gelu .*every number here is wrong\.$/),
  ])
  expect(doubtLines(tower, told)).toEqual([])
  expect(doubtLines({ ...tower, heads: { ...known, value: 12, assumed: true } }, told)).toHaveLength(1)
  expect(doubtLines({ ...tower, activation: { ...tower.activation, assumed: false } }, told)).toEqual([])
  expect(doubtLines(undefined, told)).toEqual([])
})

test('the controls of a configuration are a study', async () => {
  const home = temporaryFolder()
  const ran = await outcome(
    basil(home, ['controls', write(home, 'run.json', { ...toyFile, iterations: 1, epochs: 1 }), '--json']),
  )
  const last = JSON.parse(ran.out.trim().split('\n').at(-1) ?? '') as StudyDetail & { type: string }
  expect(last).toMatchObject({ type: 'done', planned: 7, done: 7 })
  expect(last.table.map(({ arm }) => arm)).toContain('restart only')
})

test('starts, ways to go on from them and a rival: their table is printed, and written where it is asked for', async () => {
  const home = temporaryFolder()
  const ties = { method: 'merge', merge: 'ties' }
  const arms = [
    { label: 'aTLAS', change: { method: 'atlas', start: null, iterations: null, epochs: 6 } },
    { label: 'TIES', change: { ...ties, start: null, iterations: null, epochs: null } },
    { label: 'TIES + DV-BASI', change: { start: ties } },
    { label: 'TIES + restart only', change: { start: ties, control: 'restart' } },
  ]
  const file = write(home, 'study.json', { name: 'starts', arms, seeds: [1, 2], config: toyFile })
  const out = join(home, 'tables', 'starts.md')
  const ran = await outcome(basil(home, ['run', file, '--out', out]))
  expect(ran).toMatchObject({ code: 0, err: '' })
  const text = readFileSync(out, 'utf8')
  expect(text).toMatch(/^# starts\n\n8 of 8 runs done\.\n\n\| start \| seeds \| alone \| DV-BASI \| restart only \|/)
  const at = ran.out.indexOf('| start |')
  expect(ran.out.slice(at).trim()).toBe(text.slice(text.indexOf('| start |')).trim())
  expect(text).toMatch(/^\| TIES \| 2 \|( \d+\.\d ± \d+\.\d \|){3} \+0\.00 \| \+\d+\.\d\d \|$/m)
  expect(text).toMatch(/^Steps after the start, .*: aTLAS (\d+), DV-BASI \1, restart only \1\.$/m)
  writeFileSync(out, 'old')
  expect((await outcome(basil(home, ['show', '1', '--out', out]))).code).toBe(0)
  expect(readFileSync(out, 'utf8')).toBe(text)
  writeFileSync(join(home, 'file'), '')
  const refused = await outcome(basil(home, ['run', file, '--out', join(home, 'file', 'starts.md')]))
  expect(refused.code).not.toBe(0)
  expect(refused.err).toContain('The folder of the tables cannot be made')
})

test('another process asks it to pause after its run; it says how to go on, and goes on', async () => {
  const home = temporaryFolder()
  const until = join(home, 'goes-on')
  const running = basil(home, ['run', write(home, 'study.json', { ...study, config: toyFile }), '--json'], { until })
  const ended = outcome(running)
  await once(createInterface({ input: running.stdout }), 'line') // it has begun
  const asked = await outcome(basil(home, ['pause', '1']))
  expect(asked.out).toContain('pauses after its present run')
  writeFileSync(until, '')
  const paused = await ended
  expect(paused.code).toBe(1)
  expect(paused.err).toBe('')
  const last = JSON.parse(paused.out.trim().split('\n').at(-1) ?? '') as StudyDetail
  expect(last).toMatchObject({ state: 'paused', done: 1 })
  expect((await outcome(basil(home, ['pause', '1']))).out).toContain('Nobody is at study 1')
  const resumed = await outcome(basil(home, ['resume', '1']))
  expect(resumed.code).toBe(0)
  expect(resumed.out).toMatch(/^\| whole +\| 2 /m)
})

test('a termination signal pauses it where it is', async () => {
  const home = temporaryFolder()
  const until = join(home, 'never')
  const running = basil(home, ['run', write(home, 'study.json', { ...study, config: toyFile }), '--json'], { until })
  const ended = outcome(running)
  await once(createInterface({ input: running.stdout }), 'line')
  running.kill('SIGTERM')
  const { code, out } = await ended
  expect(code).toBe(1)
  expect(JSON.parse(out.trim().split('\n').at(-1) ?? '')).toMatchObject({ type: 'paused', done: 0 })
  expect((await outcome(basil(home, ['resume', '1']))).code).toBe(0)
})

test('what is wrong with a file is said with exit code 2', async () => {
  const home = temporaryFolder()
  const wrong = await outcome(basil(home, ['run', write(home, 'study.json', { ...study, config: toyFile, seeds: [] })]))
  expect(wrong.code).toBe(2)
  expect(wrong.err).toContain('seeds')
  expect((await outcome(basil(home, ['run', join(home, 'none.json')]))).code).toBe(2)
})

test("the sample's study is sound: every method, equal budgets for what learns", () => {
  const read = (name: string) => JSON.parse(readFileSync(join(root, 'resources', 'sample', name), 'utf8'))
  const definition = read('study.json')
  const runs = plannedRuns(parseStudy({ ...definition, config: read(definition.config) }), () => 0)
  expect(runs).toHaveLength(36)
  for (const { config } of runs.filter(({ config }) => config.method !== 'task-arithmetic' && config.method !== 'ties'))
    expect((config.start?.epochs ?? 0) + (config.iterations ?? 1) * (config.epochs ?? 0)).toBe(7)
})

test('what a paper printed stands beside the table, and models that all arms share above it', () => {
  const row = (arm: string, more: Partial<ArmRow> = {}): ArmRow => ({
    arm,
    seeds: 2,
    parts: 1,
    accuracy: { mean: 0.7, deviation: 0.01 },
    relativeAccuracy: null,
    control: null,
    pretrained: 0.5,
    finetuned: null,
    failed: 0,
    leaks: [],
    paired: null,
    ...more,
  })
  const arms = [{ label: 'a', part: '', change: {}, paper: { accuracy: 82.9, relativeAccuracy: 91.4 } }]
  const definition = { name: 'x', config: toyFile, arms } as unknown as StudyDetail['definition']
  const paired = { difference: -0.0123, p: 0.0004, seeds: 2 }
  expect(
    tableLines({
      definition,
      table: [
        row('a'),
        row('b', { failed: 1, paired, pretrained: 0.5 + 1e-16 * 3 }),
        row('c', { seeds: 0, accuracy: null, pretrained: null }),
      ],
    }),
  ).toEqual([
    '| arm         | seeds       | mean absolute | difference from a | p       | paper, not ours |',
    '| ----------- | ----------- | ------------- | ----------------- | ------- | --------------- |',
    '| pre-trained |             | 50.0          |                   |         |                 |',
    '| a           | 2           | 70.0 ± 1.0    |                   |         | 82.9 (91.4)     |',
    '| b           | 2, 1 failed | 70.0 ± 1.0    | -1.23             | < 0.001 |                 |',
    '| c           | 0           |               |                   |         |                 |',
  ])
})

test('an arm whose test images were seen before is marked in the table, with the reason below it', () => {
  const leaks = [{ task: 'cars', split: 'training' as const, images: 3, of: 9, unlabelled: false }]
  const shown = {
    seeds: 1,
    parts: 1,
    accuracy: null,
    relativeAccuracy: null,
    control: null,
    pretrained: null,
    finetuned: null,
  }
  const row = (arm: string, marks: ArmRow['leaks']): ArmRow => ({
    arm,
    ...shown,
    failed: 0,
    leaks: marks,
    paired: null,
  })
  const definition = { name: 'x', config: toyFile, arms: [] } as unknown as StudyDetail['definition']
  const lines = tableLines({ definition, table: [row('a', leaks), row('b', [])] })
  expect(lines.filter((line) => line.includes('!'))).toEqual([
    expect.stringMatching(/^\| a ! /),
    '! a: test images seen: 3 of 9 test images of cars are learning images too',
  ])
})
