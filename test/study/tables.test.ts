// The worked study's page: tables of what is there by now, a figure of the same numbers, the words around them kept.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import { clock, inWords } from '../../build/study/clock.ts'
import { figureOf } from '../../build/study/figure.ts'
import { keptWith } from '../../build/study/kept.ts'
import { measuredLines, withMeasured } from '../../build/study/page.ts'
import type { KindResults } from '../../build/study/results.ts'
import { kindsTable, negationTable, overStarts, startsTable, workTable } from '../../build/study/tables.ts'

const bySeed = (...values: number[]) => new Map(values.map((value, seed) => [seed, value]))
const none = bySeed()
const nothing = { alone: none, 'DV-BASI': none, 'restart only': none, 'longer run': none }
const standard: KindResults = {
  kind: 'standard',
  seeds: 3,
  steps: { done: 5, all: 9 },
  work: { runs: 3, tunings: 2, seconds: 90, first: '2026-11-29T10:00:00Z', last: '2026-11-29T11:00:00Z' },
  engines: ['native'],
  pretrained: 0.5,
  finetuned: 0.8,
  starts: new Map([
    [
      'aTLAS',
      {
        alone: bySeed(0.6, 0.62),
        'DV-BASI': bySeed(0.63, 0.65),
        'restart only': bySeed(0.62, 0.63),
        'longer run': bySeed(0.65, 0.66),
      },
    ],
    ['task arithmetic', { ...nothing, alone: bySeed(0.56) }],
  ]),
  negation: [{ target: 'mnist', before: 0.5, after: 0.2, controlBefore: 0.6, control: 0.58 }],
}

test('a row a start: what it is alone, each way, and paired differences with intervals', () => {
  const [head, , atlas, added] = startsTable(standard)
  expect(head).toContain('| DV-BASI − restart only | DV-BASI − longer run |')
  expect(atlas).toContain('| aTLAS | 2 | 61.0 ± 1.4 | 64.0 ± 1.4 | 62.5 ± 0.7 | 65.5 ± 0.7 |')
  expect(atlas).toContain('+1.50 [−4.85, +7.85]') // 1 and 2 points: 1.5 ± 12.706 · 0.7071 / sqrt 2
  expect(atlas).toContain('−1.50')
  expect(added).toBe('| task arithmetic | 1 | 56.0 |  |  |  |  |  |  |')
})

test('kinds, the mean over starts that have everything, and negation', () => {
  expect(kindsTable([standard])[2]).toBe('| standard | 50.0 | 80.0 | 56.0 | 70.0 |')
  expect(overStarts([standard])[2]).toContain('| standard | 1 | 61.0 ± 1.4 |')
  expect(negationTable([standard])[2]).toBe('| standard | mnist | 50.0 | 20.0 | 60.0 | 58.0 |')
  const { negation: _, ...rest } = standard
  expect(negationTable([{ ...rest, negation: [] }])).toEqual(['Not measured yet.'])
})

test('the page says how much of the study it has', () => {
  expect(workTable([standard])[2]).toBe(
    '| standard | 3 | 5 of 9 | 2 | 3 | 1:30 min | 2026-11-29 10:00 | 2026-11-29 11:00 | native |',
  )
  const lines = measuredLines([standard])
  expect(lines).toContain('Not measured yet: Linear, τJp, TaLoS.')
  expect(lines.join()).not.toContain('| linear |')
})

test('what another sitting measured of a kind stays until that kind is measured again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'basil-study-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'study.json')
  const bare: KindResults = { ...standard, finetuned: null, starts: new Map(), negation: [] }
  const talos: KindResults = { ...standard, kind: 'talos', finetuned: 0.7 }
  expect(await keptWith(file, [bare])).toEqual([])
  expect(await keptWith(file, [standard])).toEqual([standard])
  expect(await keptWith(file, [bare, talos])).toEqual([standard, talos])
  expect(await keptWith(file, [{ ...standard, finetuned: 0.9 }])).toEqual([{ ...standard, finetuned: 0.9 }, talos])
  expect(await keptWith(file, [])).toHaveLength(2)
})

test('only what stands between the marks is written anew', () => {
  const [begins, ends] = ['<!-- measured: written by npm run study:worked -- --tables -->', '<!-- measured: end -->']
  const page = `# Title\n${begins}\nold\n${ends}\nwords\n`
  const once = withMeasured(page, ['new'])
  expect(once).toBe(`# Title\n${begins}\n\nnew\n${ends}\nwords\n`)
  expect(withMeasured(once, ['new'])).toBe(once)
  expect(() => withMeasured('# Title\n', ['new'])).toThrow(/lacks/)
})

test('the figure has a mark for every number there is', () => {
  const svg = figureOf([standard])
  expect(svg.match(/<circle/g)).toHaveLength(2 + 3) // legend; aTLAS alone and DV-BASI, task arithmetic alone
  expect(svg.match(/<path d="M[^"]*Z"/g)).toHaveLength(2)
  expect(svg).toContain('>task arithmetic</text>')
})

test('what is left is told by what like steps took', async () => {
  let now = 0
  const took = clock(() => now)
  const [long, short] = [{ like: 'fine-tune' }, { like: 'merge' }]
  expect(took.left([long])).toBeNull()
  expect(
    await took.during(long, async () => {
      now += 60
    }),
  ).toBe('1:00 min')
  expect(took.left([long, long])).toBe('2:00 min')
  expect(took.left([long, short])).toBe('at least 1:00 min')
  expect(inWords(3725)).toBe('1:02:05 h')
})
