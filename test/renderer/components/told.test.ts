// What components tell, as Svelte renders them: warnings, values that nothing said, the coefficients of a model.
import { render } from 'svelte/server'
import { expect, test } from 'vitest'

import { type ErrorRecord, recordOf } from '../../../src-main/contract/errors.ts'
import type { RunDetail } from '../../../src-main/contract/run/run.ts'
import { type TowerSettings, towerDoubt } from '../../../src-main/contract/tower.ts'
import Conditions from '../../../src-renderer/components/Conditions.svelte'
import RunCharts from '../../../src-renderer/components/charts/RunCharts.svelte'
import Warnings from '../../../src-renderer/components/Warnings.svelte'
import InFrame from '../InFrame.svelte'
import { run } from '../run-fixture.ts'

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

test('an error that asks for a report says where that is made and where the log lies, any other does not', () => {
  const shown = (error: ErrorRecord): string => render(InFrame, { props: { error, logs: '/data/logs' } }).body
  const fault = shown(recordOf(new Error('x')))
  expect(fault).toContain('href="#/problem"')
  expect(textIn(fault)).toMatch(/Report a problem.*The log is in \/data\/logs/s)
  expect(textIn(fault)).toContain('Copy details')
  const other = shown({ code: 'file-missing', what: 'A file is missing', where: '', why: 'so', next: 'choose another' })
  expect(textIn(other)).toContain('Copy details')
  expect(other).not.toContain('#/problem')
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

test('a report maps how much of every vector is in the model, beside what its stages learned', () => {
  const { body } = render(RunCharts, { props: { run: run() } })
  const map = body.slice(body.indexOf('Coefficients of the model'), body.indexOf('Coefficients of the start'))
  const names = [...map.matchAll(/<li[^>]*title="([^"]*)"/g)].map(([, name]) => name)
  expect(names).toEqual(['vector 1', 'vector 2', 'x', 'y', 'z']) // of no parents; then the columns
  // -0.5 (1 - 0.1) (1 + 0.2)
  expect(textIn(map)).toContain('The largest of 2 × 3 coefficients is −0.5400, at z in vector 2.')
  expect(map).toMatch(/role="slider"[^>]*aria-valuemax="5"/)
  const { body: start } = render(RunCharts, { props: { run: { ...run(), iterations: [] } } })
  expect(start).not.toContain('Coefficients of the model') // they are those of the start
})
