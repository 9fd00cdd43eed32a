// A search as it is typed: what is lacking in a sentence, values of the present method alone, and what is asked.
import { describe, expect, it } from 'vitest'

import { labelWords, scoresNamed, scoreText } from '../../../../src-renderer/plot/searched.ts'
import { type Draft, readDraft } from '../../../../src-renderer/state/merge/draft.ts'
import {
  type SearchDraft,
  searchAskedOf,
  searchDraftSchema,
  sweptOf,
} from '../../../../src-renderer/state/merge/search.ts'
import { standOf } from '../../../../src-renderer/state/merge/stand.ts'

const stand = (change: Partial<Draft> = {}) =>
  standOf({ ...readDraft(null), pretrained: 1, models: [2, 3], ...change }, (id) => `m${id}`)
const typed = (change: Partial<SearchDraft> = {}) => searchDraftSchema.parse({ command: 'score {model}', ...change })
const asked = (change: Partial<SearchDraft>, of: Partial<Draft> = {}) => searchAskedOf(typed(change), stand(of))

describe('what is lacking', () => {
  it.each([
    [{ command: ' ' }, /^Name the program/],
    [{ command: 'score.py' }, /^Write \{model\}/],
    [{}, /^Give values to try/],
    [{ way: 'cma-es', evaluations: 'many' }, /^How many are scored is not a number/],
    [{ way: 'cma-es', limits: '1' }, /^One of the limits/],
    [{ way: 'greedy-soup', seconds: '-1' }, /^The most seconds/],
  ] as [Partial<SearchDraft>, RegExp][])('%j: is said in a sentence', (change, sentence) => {
    expect(asked(change)).toEqual({ lacking: expect.stringMatching(sentence) })
  })

  it('a method that looks at images is not searched', () => {
    expect(asked({}, { method: 'fisher' })).toEqual({ lacking: expect.stringMatching(/looks at images/) })
  })
})

describe('what is asked', () => {
  it('has the values of the present method alone, of all that was typed', () => {
    const sweeps = { lambda: '0.1:1:0.1', density: '0.2,0.5', t: '0.5' }
    expect(asked({ sweeps }, { method: 'ties' })).toMatchObject({
      asked: { way: 'sweep', sweeps: ['lambda=0.1:1:0.1', 'density=0.2,0.5'], best: null, seconds: null },
    })
    expect(sweptOf(stand({ method: 'slerp' })).map(({ name }) => name)).toEqual(['t', 'scope']) // it gives a whole model
  })

  it('reads lists and bounds as they are typed', () => {
    const change = { best: ' fit ', lower: 'size, toxicity', bounds: 'a>=0.95*base, b<=1', groups: 'attn mlp' }
    expect(asked({ way: 'cma-es', limits: '0:2', ...change })).toMatchObject({
      asked: {
        ...{ best: 'fit', lower: ['size', 'toxicity'], bounds: ['a>=0.95*base', 'b<=1'], groups: ['attn', 'mlp'] },
        ...{ limits: [0, 2], evaluations: 60, sigma: 0.3, depths: 1, seed: 0, sweeps: [] },
      },
    })
  })
})

it('what was tried is told in words, and every score has its column', () => {
  const candidate = { type: 'candidate', number: 1, most: 2, known: false, isKept: true } as const
  expect(labelWords({ ...candidate, label: { lambda: 0.2, sign: 'plus' }, scores: { a: 1 } })).toBe(
    'coefficient 0.2, sign plus',
  )
  expect(labelWords({ type: 'base', scores: {}, known: true })).toBe('the pre-trained model')
  expect(
    scoresNamed([
      { type: 'base', scores: { a: 1 }, known: false },
      { ...candidate, label: {}, scores: { b: 2 } },
    ]),
  ).toEqual(['a', 'b'])
  expect([scoreText(null), scoreText(1 / 3)]).toEqual(['–', '0.333333'])
})
