// What a draft comes to: which methods fit, what is wrong where, coefficients, presets, and where sliders go.
import { describe, expect, it, test } from 'vitest'

import { mergeKinds } from '../../../../src-main/contract/merges/card.ts'
import { merges } from '../../../../src-main/contract/merges/index.ts'
import { parametersOf } from '../../../../src-main/contract/merges/parameters.ts'
import { mergeCard } from '../../../../src-main/contract/merges/step.ts'
import { type Draft, readDraft } from '../../../../src-renderer/state/merge/draft.ts'
import { sliderOf } from '../../../../src-renderer/state/merge/sliders.ts'
import { blockedBecause, isAs, needsSentence, standOf } from '../../../../src-renderer/state/merge/stand.ts'

const draft = (change: Partial<Draft> = {}): Draft => ({ ...readDraft(null), pretrained: 1, models: [2, 3], ...change })
const stand = (change: Partial<Draft> = {}) => standOf(draft(change), (id) => `m${id}`)

describe('a method and the models that are chosen', () => {
  it('says what is lacking in a sentence', () => {
    const why = (method: string, change: Partial<Draft> = {}) => blockedBecause(draft(change), mergeCard(method))
    expect(why('ties')).toBeNull()
    expect(why('ties', { models: [] })).toBe('It merges 1 model or more, and none is chosen.')
    expect(why('ties', { pretrained: null })).toBe('It needs the pre-trained model, and none is chosen.')
    expect(why('slerp', { models: [2, 3, 4] })).toBe('It merges 2 models, and 3 are chosen.')
    expect(why('model-stock', { models: [2] })).toBe('It merges 2 models or more, and 1 is chosen.')
    expect(why('weighted-average', { pretrained: null })).toBeNull()
    const differences = { 'weighted-average': { of: 'differences' } }
    expect(why('weighted-average', { pretrained: null, parameters: differences })).toMatch(/needs the pre-trained/)
    expect(why('fisher')).toBeNull() // it can be chosen, and then asks for images
    const looked = { dataSet: 7, split: 'train', head: null }
    const blocked = (method: string, images: Draft['images']) => stand({ method, images }).blocked
    expect(blocked('fisher', {})).toBe(
      'It looks at images of each model’s own task: choose a data set and a head for each.',
    )
    expect(blocked('regmean', { 2: looked })).toMatch(/choose a data set for each/)
    expect(blocked('regmean', { 2: looked, 3: looked })).toBeNull()
    expect(blocked('fisher', { 2: looked, 3: { ...looked, head: 5 } })).toMatch(/and a head/)
    expect(blocked('fisher', { 2: { ...looked, head: 5 }, 3: { ...looked, head: 5 } })).toBeNull()
  })

  it('every card of the list has a kind, and says what it merges', () => {
    for (const card of merges) {
      expect(Object.keys(mergeKinds)).toContain(card.kind)
      expect(needsSentence(card)).toMatch(/^Merges \d.* models?( or more)?(, .+)?\.$/)
    }
    expect(needsSentence(mergeCard('nuslerp'))).toBe('Merges 2 models, of differences the pre-trained one.')
  })

  it('names what is wrong field by field, in its own words', () => {
    const wrong = stand({ method: 'ties', parameters: { ties: { density: 7, keep: 'most' } }, weights: { 3: 'x' } })
    expect([...wrong.issues.keys()]).toEqual(['density', 'keep', 'weight 3'])
    expect(wrong.issues.get('weight 3')).toBe('type a number')
    expect(stand({ lambda: { 'task-arithmetic': 'x' } }).issues.get('lambda 0')).toBe('type a number')
    expect(stand({ shards: true, shardSize: -1 }).issues.get('shardSize')).toMatch(/above 0/)
  })

  it('gives one coefficient, or one for each vector', () => {
    expect(stand().coefficients).toBeUndefined() // the method's own
    expect(stand({ lambda: { 'task-arithmetic': 0.4 } }).coefficients).toBe(0.4)
    const each = { each: true, lambda: { 'task-arithmetic': 0.4 }, lambdas: { 'task-arithmetic': [undefined, -1] } }
    expect(stand(each).coefficients).toEqual([0.4, -1])
    expect(stand(each).names).toEqual(['m2', 'm3'])
    expect(stand({ method: 'ties', each: true }).names).toEqual(['TIES of 2'])
    const trimmed = { method: 'ties', each: true, parameters: { ties: { output: 'trimmed' } } }
    expect(stand(trimmed)).toMatchObject({ gives: 'each', coefficients: [1, 1] })
  })

  it('is as a preset has it until something else is said', () => {
    const { presets = {} } = mergeCard('ties')
    const preset = presets['as mergekit'] ?? { parameters: {} }
    const as = stand({ method: 'ties', parameters: { ties: { ...preset.parameters } } })
    expect(isAs(as, preset, preset.coefficient)).toBe(true)
    expect(isAs(as, preset, 0.5)).toBe(false)
    expect(isAs(stand({ method: 'ties' }), preset, undefined)).toBe(false)
    const paper = presets['as the paper'] ?? { parameters: {} }
    expect(isAs(stand({ method: 'ties' }), paper, undefined)).toBe(true) // its defaults
  })
})

test('sliders go as far as cards say, have some tens of places, and hold the default', () => {
  const of = (method: string, name: string) => parametersOf(mergeCard(method)).find((one) => one.name === name)
  const slider = (method: string, name: string) => {
    const found = of(method, name)
    return found && sliderOf(found)
  }
  expect(slider('ties', 'density')).toEqual({ min: 0, max: 1, step: 0.01 })
  expect(slider('bases', 'bases')).toEqual({ min: 1, max: 8, step: 1 })
  expect(slider('dare', 'seed')).toBeNull()
  expect(slider('ties', 'keep')).toBeNull()
  let looked = 0
  for (const card of merges)
    for (const parameter of parametersOf(card)) {
      const range = sliderOf(parameter)
      if (!range || typeof parameter.default !== 'number') continue
      looked++
      const place = `${card.name} ${parameter.name}`
      expect([place, range.min <= parameter.default && parameter.default <= range.max]).toEqual([place, true])
      expect([place, (range.max - range.min) / range.step <= 2000]).toEqual([place, true])
      for (const end of [range.min, range.max]) {
        const { error } = card.parameters.safeParse({ [parameter.name]: end })
        const own = (error?.issues ?? []).filter(({ code }) => code !== 'custom') // two parameters together
        expect([place, end, own]).toEqual([place, end, []])
      }
    }
  expect(looked).toBeGreaterThan(15)
})
