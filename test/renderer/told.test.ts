// What the window tells in words and components: warnings and errors as whole sentences, a run of which nothing can be
// read, values that nothing said, and the coefficients of a model, as Svelte renders the components.
import { render } from 'svelte/server'
import { expect, test } from 'vitest'

import { configIssues } from '../../src-main/contract/run/resolve.ts'
import type { RunDetail } from '../../src-main/contract/run/run.ts'
import { type TowerSettings, towerDoubt } from '../../src-main/contract/tower.ts'
import Conditions from '../../src-renderer/components/Conditions.svelte'
import RunCharts from '../../src-renderer/components/charts/RunCharts.svelte'
import { formFields, issueText } from '../../src-renderer/components/form/form-fields.ts'
import Warnings from '../../src-renderer/components/Warnings.svelte'
import { asSentence, counted } from '../../src-renderer/plot/format.ts'
import { isUnread } from '../../src-renderer/plot/scores.ts'
import { salvagedSentence } from '../../src-renderer/plot/sentences.ts'
import { run } from './run-fixture.ts'

const textIn = (html: string): string => html.replaceAll(/<!--.*?-->|<[^>]*>/g, '').trim()

const guessed: TowerSettings = {
  heads: { value: 2, from: 'a guess from its width of 128', assumed: true },
  activation: { value: 'gelu', from: 'the configuration', assumed: false },
  layerNormEps: { value: 1e-5, from: 'assumed, as in every known CLIP', assumed: true },
}

test('a warning is shown once and as a whole sentence', () => {
  const { body } = render(Warnings, {
    props: { warnings: ['a.pt: nothing says it', 'a.pt: nothing says it', 'another one.'] },
  })
  expect(body.split('</p>').map(textIn).filter(Boolean)).toEqual(['a.pt: nothing says it.', 'Another one.'])
  expect(textIn(render(Warnings, { props: {} }).body)).toBe('')
})

test('a run says which of its tower’s values nothing said, and nothing where all are known', () => {
  const known = { ...guessed, heads: { value: 2, from: 'config.json beside a.pt', assumed: false } }
  expect(towerDoubt(known)).toBeNull()
  const shown = (tower: TowerSettings | null): string =>
    textIn(
      render(Conditions, { props: { run: { ...run(), config: { ...run().config, tower } } satisfies RunDetail } }).body,
    )
  expect(shown(guessed)).toContain(
    'This run has 2 attention heads (a guess from its width of 128): where the model was trained with others',
  )
  expect(shown(known)).not.toContain('attention heads')
  expect(shown(null)).not.toContain('attention heads')
})

test('sentences begin with a capital, but names of files and fields keep their letters', () => {
  expect(asSentence('its checksum does not fit')).toBe('Its checksum does not fit.')
  expect(asSentence('start.learningRate: it has to be at most 10')).toBe('start.learningRate: it has to be at most 10.')
  expect(asSentence('config.json beside a.pt is used!')).toBe('config.json beside a.pt is used!')
  expect([counted(1, 'run'), counted(2, 'run')]).toEqual(['1 run', '2 runs'])
})

test('a number out of its limits, and one that is not whole, are told in words', () => {
  const heads = formFields().get('attentionHeads')
  const issue = (change: Record<string, unknown>, field: string) =>
    configIssues({
      pretrained: 'a',
      vectors: ['b'],
      tasks: [{ name: 't', data: 'd', head: 'h' }],
      method: 'atlas',
      ...change,
    }).find((i) => i.field === field)?.message ?? ''
  expect(issueText(heads, issue({ attentionHeads: 2.5 }, 'attentionHeads'))).toBe('type a whole number')
  expect(issueText(heads, issue({ attentionHeads: 'x' }, 'attentionHeads'))).toBe('type a number')
  expect(issue({ learningRate: 300 }, 'learningRate')).toBe('it has to be at most 10')
  expect(issue({ attentionHeads: 0 }, 'attentionHeads')).toBe('it has to be at least 1')
  expect(issue({ layerNormEps: 1 }, 'layerNormEps')).toBe('it has to be less than 1')
})

test('what was brought back is counted in words that fit', () => {
  const salvaged = {
    taken: [{ what: 'run', key: '1' }],
    different: [],
    lost: [],
    skipped: [],
    before: null,
  } as unknown as Parameters<typeof salvagedSentence>[0]
  const other = { what: 'library', key: '3' } as unknown as (typeof salvaged.taken)[number]
  expect(salvagedSentence(salvaged)).toBe('Brought back: 1 run (1).')
  expect(salvagedSentence({ ...salvaged, taken: [...salvaged.taken, other] })).toBe(
    'Brought back: 1 run (1) and 1 other row.',
  )
  expect(salvagedSentence({ ...salvaged, taken: [other, other] })).toBe('Brought back: 2 other rows.')
})

test('a run whose row is damaged is told from one that failed', () => {
  const error = { code: 'history-damaged', what: '', where: '', why: '', next: '' } as const
  expect(isUnread({ error, created: '' })).toBe(true)
  expect(isUnread({ error: null, created: '' })).toBe(false)
  expect(isUnread({ error: { ...error, code: 'engine-lost' }, created: '2026-11-22T10:00:00Z' })).toBe(false)
})

test('a report maps how much of every vector is in the model, beside what its stages learned', () => {
  const { body } = render(RunCharts, { props: { run: run() } })
  const map = body.slice(body.indexOf('Coefficients of the model'), body.indexOf('Coefficients of the start'))
  const names = [...map.matchAll(/<li[^>]*title="([^"]*)"/g)].map(([, name]) => name)
  expect(names).toEqual(['vector 1', 'vector 2']) // of no parents
  // -0.5 (1 - 0.1) (1 + 0.2)
  expect(textIn(map)).toContain('The largest of 2 × 3 coefficients is −0.5400, at z in vector 2.')
  expect(map).toMatch(/role="slider"[^>]*aria-valuemax="5"/)
  const { body: start } = render(RunCharts, { props: { run: { ...run(), iterations: [] } } })
  expect(start).not.toContain('Coefficients of the model') // they are those of the start
})
