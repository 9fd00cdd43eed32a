// How sure coefficients are, as the window and the saved report show it: whiskers in the right places, a table of all.
import { expect, it } from 'vitest'

import { runHtml } from '../../../src-renderer/plot/page/run-page.ts'
import { whiskerPlot, whiskerScene } from '../../../src-renderer/plot/picture/whiskers.ts'
import { uncertaintyOf } from '../../../src-renderer/plot/uncertainty.ts'
import { applyEvent, liveRun } from '../../../src-renderer/state/run/apply-event.ts'
import { run } from '../run-fixture.ts'

const posterior = {
  mean: [
    [0.5, -0.2, 0.01],
    [0, 0.3, 0],
  ],
  deviation: [
    [0.1, 0.05, 1],
    [1, 0.1, 1],
  ],
  inclusion: [
    [0.99, 0.9, 0.1],
    [0.1, 0.8, 0.1],
  ],
}
const coefficients = [
  [0.495, -0.18, 0],
  [0, 0.24, 0],
]

function uncertain() {
  const detail = run()
  if (!detail.start) throw new Error('the fixture has a start')
  return { ...detail, start: { ...detail.start, method: 'variational', coefficients, posterior } }
}

it('has every coefficient in its table, with interval and inclusion, and none where nothing was learned of it', () => {
  const chart = uncertaintyOf(uncertain())
  expect(uncertaintyOf(run())).toBeNull()
  expect(chart?.columns).toEqual([
    'Vector',
    'Block',
    'In the model',
    'Mean',
    'Deviation',
    'Low, 95 %',
    'High, 95 %',
    'Inclusion',
  ])
  expect(chart?.rows()).toHaveLength(6)
  expect(chart?.rows()[0]).toEqual([
    'a',
    run().blocks[0],
    '+0.4950',
    '+0.5000',
    '+0.1000',
    '+0.3040',
    '+0.6960',
    '99.00 %',
  ])
  expect(chart?.sentence).toMatch(/^3 of 6 coefficients are there/)
  expect(chart?.whiskers.map(({ mean }) => mean).slice(0, 3)).toEqual([0.5, 0.3, -0.2])
})

it('draws each interval from its low to its high end, faint where the model leaves it out', () => {
  const whiskers = uncertaintyOf(uncertain())?.whiskers ?? []
  const { marks, x } = whiskerPlot(whiskers, 600)
  const dots = marks.filter((mark) => mark.is === 'dot')
  expect(dots.map((dot) => dot.x)).toEqual(whiskers.map(({ mean }) => x.scale.at(mean)))
  expect(dots.map((dot) => (dot.opacity ?? 1) < 1)).toEqual(whiskers.map(({ isKept }) => !isKept))
  const lines = marks.filter((mark) => mark.is === 'line')
  expect(lines).toHaveLength(3 * whiskers.length)
  const [first] = whiskers
  expect(lines[0]?.points.map((point) => point.x)).toEqual(
    [first?.low, first?.high].map((end) => x.scale.at(end as number)),
  )
  expect(whiskerScene(whiskers, 600).shapes.length).toBeGreaterThan(marks.length)
  expect(whiskerPlot([], 600).marks).toEqual([])
})

it('is in the saved report, with its table', () => {
  const page = runHtml(uncertain(), () => 'rgb(1, 2, 3)')
  expect(page).toContain('Uncertainty of the coefficients')
  expect(page).toContain('+0.6960')
  expect(runHtml(run(), () => 'rgb(1, 2, 3)')).not.toContain('Uncertainty of the coefficients')
})

it('follows the run while it goes on: that of the best state so far', () => {
  const detail = uncertain()
  const { posterior: _, ...bare } = detail.start
  const live = liveRun({ ...detail, iterations: [], start: { ...bare, ended: false, best: 0, epochs: [] } })
  const event = {
    ...detail.start.epochs[0],
    type: 'epoch',
    run: detail.run,
    coefficients,
    posterior,
    best: true,
  } as const
  const told = applyEvent(live, event as never)
  expect(told.detail.start?.posterior).toEqual(posterior)
  expect(told.detail.start?.epochs[0]).not.toHaveProperty('posterior')
})

it('names a block by what tells it from the others: whole names are all cut before they differ', () => {
  const blocks = [
    'visual.transformer.resblocks.11.mlp.c_fc.weight',
    'visual.positional_embedding',
    'text.transformer.a',
  ]
  const chart = uncertaintyOf({ ...uncertain(), blocks })
  expect(chart?.whiskers.map(({ name }) => name).slice(0, 3)).toEqual([
    'a, 11 mlp.c_fc.weight',
    'b, positional_embedding',
    'a, positional_embedding',
  ])
  expect(chart?.rows()[0]?.[1]).toBe(blocks[0]) // the table has the whole name
})
