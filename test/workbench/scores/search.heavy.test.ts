// Searches by the scores of a real program, a tiny one: sweeps, soups, negation and evolution find what they should,
// the log is their record, and what it knows is not scored again; failures are told with the command and its words.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { formSchema } from '../../../src-main/contract/checkpoint.ts'
import { alive } from '../../alive.ts'
import { inFile, scored, search, withToys } from './searching.ts'
import { commandOf } from './toys.ts'

test('a sweep over lambda: every value with its score, the best wins, and nothing but the log is left', async () => {
  const folder = await withToys()
  const { found, events } = await search(folder, { sweep: ['lambda=-0.5:0.5:0.25'] })
  // all elements are lambda: the score is 2 (-(l - 0.5)^2 - (l + 0.25)^2), best at 0.125
  const of = (l: number): number => -2 * ((l - 0.5) ** 2 + (l + 0.25) ** 2)
  const candidates = events.filter((event) => event.type === 'candidate')
  expect(candidates.map(({ label, scores }) => [label.lambda, scores.score])).toEqual(
    [-0.5, -0.25, 0, 0.25, 0.5].map((l) => [l, of(l)]),
  )
  expect(events.slice(0, 3).map(({ type, scores }) => [type, scores.score])).toEqual([
    ['base', of(0)],
    ['single', -2 * (0.25 + 0.0625)],
    ['single', -2 * (0.25 + 1.5625)],
  ])
  expect(found.winner?.label).toEqual({ lambda: 0 })
  expect(found.rows).toEqual([
    {
      property: 'score',
      lower: false,
      decides: true,
      base: of(0),
      single: -0.625,
      winner: of(0),
      aboveBase: 0,
      gain: 0,
    },
  ])
  expect(readdirSync(folder).sort()).toEqual([
    ...['base.safetensors', 'best.safetensors.scores.jsonl', 'one.safetensors', 'record', 'two.safetensors'],
  ])
  const lines = readFileSync(found.log, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(lines.map(({ type }) => type)).toEqual([undefined, 'search', ...Array(8).fill('score'), 'winner'])
  expect(lines[5]).toMatchObject({
    what: { lambda: -0.5 },
    recipe: { start: [[-0.5], [-0.5]] },
    scores: { score: of(-0.5) },
  })
})

test('what the log knows is not scored again, of another command all is', async () => {
  const folder = await withToys()
  await search(folder, { sweep: ['lambda=0,0.25'] })
  expect(scored(folder)).toBe(5)
  const { events } = await search(folder, { sweep: ['lambda=0,0.25,0.5'] })
  expect(scored(folder)).toBe(6)
  expect(events.map(({ known }) => known)).toEqual([true, true, true, true, true, false])
  await search(folder, { sweep: ['lambda=0'], score: commandOf('two', join(folder, 'record')), best: 'fit' })
  expect(scored(folder)).toBe(10)
})

test('what a model was is asked of its content: another model under the same name is scored anew', async () => {
  const folder = await withToys()
  await search(folder, { sweep: ['lambda=0.25'] })
  writeFileSync(join(folder, 'two.safetensors'), readFileSync(join(folder, 'one.safetensors')))
  await search(folder, { sweep: ['lambda=0.25'] })
  expect(scored(folder)).toBe(4 + 2) // base and one are as they were
})

test('several parameters of any method: every combination, by its own words', async () => {
  const folder = await withToys()
  const { events } = await search(folder, { method: 'ties', sweep: ['density=0.5,1', 'lambda=0.25,0.5'] })
  const labels = events.flatMap((event) => (event.type === 'candidate' ? [event.label] : []))
  expect(labels).toEqual([0.5, 1].flatMap((density) => [0.25, 0.5].map((lambda) => ({ density, lambda }))))
})

test('negation: the best of one score while another stays within its bound', async () => {
  const folder = await withToys()
  const vectors = [join(folder, 'one.safetensors')]
  const asked = { vectors, weights: [-1], sweep: ['lambda=0:1:0.25'], score: commandOf('two') }
  const { found, events } = await search(folder, { ...asked, best: 'size', bound: ['fit>=-1.5'] })
  const rows = events.flatMap((event) =>
    event.type === 'candidate' ? [[event.label.lambda, event.scores, event.isKept]] : [],
  )
  // theta = -lambda (1, 0): further away from 0.5, and larger
  expect(rows).toEqual(
    [0, 0.25, 0.5, 0.75, 1].map((l) => [l, { fit: -2 * ((l + 0.5) ** 2 + 0.0625), size: 2 * l }, l <= 0.25]),
  )
  expect(found).toMatchObject({ winner: { label: { lambda: 0.25 } }, candidates: 5, kept: 2, winsOverBase: 1 })
  expect(found.rows.map(({ property, aboveBase, gain }) => [property, aboveBase, gain])).toEqual([
    ['fit', 0, -1.25 + 0.625],
    ['size', 0.8, 0.5 - 2],
  ])
  const lower = await search(folder, { ...asked, best: 'size', lower: ['size'] })
  expect(lower.found.winner?.label).toEqual({ lambda: 0 })
  const share = await search(folder, { ...asked, best: 'size', bound: ['fit>=2.5*base'] })
  expect(share.found.winner?.label).toEqual({ lambda: 0.25 }) // 2.5 of -0.625
  const none = await search(folder, { ...asked, best: 'size', bound: ['fit>=0'] })
  expect(none.found).toMatchObject({ winner: null, kept: 0, winsOverBase: null })
})

test('a greedy soup: from the best model on, what does not lower the score is taken in', async () => {
  const folder = await withToys()
  writeFileSync(join(folder, 'three.safetensors'), readFileSync(join(folder, 'base.safetensors')))
  const vectors = ['one', 'two', 'three'].map((name) => join(folder, `${name}.safetensors`))
  const { found, events } = await search(folder, { method: 'weighted-average', search: 'greedy-soup', vectors })
  const candidates = events.flatMap((event) =>
    event.type === 'candidate' ? [[event.label.models, event.scores.score]] : [],
  )
  // alone -0.625, -3.625 and -0.625; one + three is (0.5, 0); with two it is (1, 1) / 3
  const all = -2 * ((Math.fround(1 / 3) - 0.5) ** 2 + (Math.fround(1 / 3) + 0.25) ** 2)
  expect(candidates).toEqual([
    ['one.safetensors', -0.625],
    ['two.safetensors', -3.625],
    ['three.safetensors', -0.625],
    ['one.safetensors + three.safetensors', -0.125],
    ['one.safetensors + two.safetensors + three.safetensors', expect.closeTo(all, 12)],
  ])
  expect(found.winner?.label.models).toBe('one.safetensors + three.safetensors')
  expect(found.winner?.recipe.vectors.map(({ name }) => name)).toEqual(['one.safetensors', 'three.safetensors'])
  expect(found.rows[0]).toMatchObject({ base: -0.625, single: -0.625, winner: -0.125, gain: 0.5, aboveBase: 0.2 })
})

test('evolution: weights by parts of tensors and along the layers, as the recipe has them', async () => {
  const folder = await withToys()
  const asked = {
    search: 'cma-es',
    groups: ['attn'],
    depths: 2,
    evaluations: 2,
    limits: [0.9, 1.1] as [number, number],
  }
  const { found, events } = await search(folder, asked)
  const [first, second] = events.flatMap((event) => (event.type === 'candidate' ? [event] : []))
  const parts = ['attn 1/2', 'attn 2/2', 'rest 1/2', 'rest 2/2']
  expect(first?.label).toEqual(
    Object.fromEntries(['one', 'two'].flatMap((name) => parts.map((part) => [`${name}.safetensors ${part}`, 1]))),
  )
  expect(second?.scores).not.toEqual(first?.scores)
  const weights = found.winner?.recipe.steps[0]?.weights
  expect(weights).toHaveLength(2)
  expect(weights?.[0]).toMatchObject([
    { filter: 'attn', value: { gradient: [expect.any(Number), expect.any(Number)] } },
    {},
  ])
})

test('a model of a folder is scored as a folder, with what stands beside it', async () => {
  const folder = await withToys()
  writeFileSync(join(folder, 'config.json'), '{}')
  const form = formSchema.parse({ container: 'safetensors', shardBytes: 1e9 })
  const count = `"${process.execPath}" -e "console.log(require('fs').readdirSync(process.argv[1]).length)" {model}`
  const { events } = await search(folder, { score: count }, 'best', form)
  expect(events.map(({ scores }) => scores.score)).toEqual([3, 3, 3, 3]) // configuration, index, one shard
})

test('searches that share a log know what the others scored', async () => {
  const folder = await withToys()
  await search(folder, { sweep: ['lambda=0.25'] })
  const log = join(folder, 'best.safetensors.scores.jsonl')
  const { events } = await search(folder, { sweep: ['lambda=0.25,0.5'], scoreLog: log }, 'other.safetensors')
  expect(events.map(({ known }) => known)).toEqual([true, true, true, true, false])
  const vectors = [join(folder, 'two.safetensors')]
  const fewer = await search(folder, { sweep: ['lambda=1'], vectors, scoreLog: log }, 'third.safetensors')
  expect(fewer.events.map(({ known }) => known)).toEqual([true, true, true]) // lambda 1 is that model itself
})

test.each([
  [
    'a program that fails',
    `"${process.execPath}" -e "console.error('no such tensor'); process.exit(3)" {model}`,
    /ended with code 3; its last words: no such tensor/,
  ],
  ['one that is not there', 'basil-no-such-program {model}', /there is no program "basil-no-such-program"/],
  ['one that says nothing', `"${process.execPath}" -e "" {model}`, /it printed nothing/],
  ['one that says NaN', `"${process.execPath}" -e "console.log(NaN)" {model}`, /its score is NaN/],
  [
    'one that is killed',
    `"${process.execPath}" -e "process.kill(process.pid, 'SIGKILL')" {model}`,
    /ended by SIGKILL, and said nothing/,
  ],
])('%s is told by its command', async (_, score, why) => {
  const folder = await withToys()
  const failed = search(folder, { score })
  await expect(failed).rejects.toMatchObject({
    record: { code: 'score-failed', where: score, why: expect.stringMatching(why) },
  })
  expect(readdirSync(folder).filter((name) => /candidates|tmp/.test(name))).toEqual([])
})

test('a program that takes longer than it may is ended, with what it started', async () => {
  const folder = await withToys()
  const file = join(folder, 'started')
  const score = `sh -c 'sleep 1000 & echo $! > "$0"; wait' "${file}" {model}`
  await expect(search(folder, { score, scoreSeconds: 2 })).rejects.toThrow(/did not end within 2 s/)
  await expect.poll(() => alive(Number(readFileSync(file, 'utf8')))).toBe(false)
})

test('a program that has printed its score and ended takes along what it started, which holds its output open', async () => {
  const folder = await withToys()
  const file = join(folder, 'started')
  const score = `sh -c 'sleep 1000 & echo $! > "$0"; echo 0.5' "${file}" {model}`
  const { found } = await search(folder, { score })
  expect(found.winner?.scores).toEqual({ score: 0.5 })
  await expect.poll(() => alive(Number(readFileSync(file, 'utf8')))).toBe(false)
})

test('a search that is ended while models are hashed ends then, and scores nothing that it knows', async () => {
  const folder = await withToys()
  const ending = new AbortController()
  ending.abort()
  await expect(search(folder, {}, 'best.safetensors', inFile, ending)).rejects.toThrow(/The search was ended/)
  expect(existsSync(join(folder, 'record'))).toBe(false)
})

test('a log and a folder that are not ours are left alone, and a second search waits for the first', async () => {
  const folder = await withToys()
  writeFileSync(join(folder, 'best.safetensors.scores.jsonl'), 'my notes')
  await expect(search(folder, {})).rejects.toThrow(/has the name of the log/)
  expect(readFileSync(join(folder, 'best.safetensors.scores.jsonl'), 'utf8')).toBe('my notes')
  mkdirSync(join(folder, '.a.safetensors.candidates'))
  writeFileSync(join(folder, '.a.safetensors.candidates', 'mine'), '')
  await expect(search(folder, {}, 'a.safetensors')).rejects.toThrow(/removes nothing that is not its own/)
  expect(existsSync(join(folder, '.a.safetensors.candidates', 'mine'))).toBe(true)
  mkdirSync(join(folder, '.b.safetensors.candidates'))
  writeFileSync(join(folder, '.b.safetensors.candidates', 'owner.json'), '{"process": 1, "machine": "another"}')
  await expect(search(folder, {}, 'b.safetensors')).rejects.toThrow(/process 1 on another/)
})

test('a line that a kill cut off is cut off, and the search goes on', async () => {
  const folder = await withToys()
  const { found } = await search(folder, { sweep: ['lambda=0'] })
  const whole = readFileSync(found.log, 'utf8')
  writeFileSync(found.log, whole.slice(0, whole.lastIndexOf('"type":"score"') + 20))
  const { found: again, events } = await search(folder, { sweep: ['lambda=0'] })
  expect(events.map(({ known }) => known)).toEqual([true, true, true, false])
  expect(again.winner).toEqual(found.winner)
  for (const line of readFileSync(found.log, 'utf8').trim().split('\n')) expect(() => JSON.parse(line)).not.toThrow()
})
