// A merge as it is composed: filled from rows, kept as text, and asked.
import { describe, expect, it } from 'vitest'

import { mergeAskedSchema } from '../../../../src-main/contract/api/merges.ts'
import { askedOf } from '../../../../src-renderer/state/merge/asked.ts'
import {
  type Draft,
  movedUp,
  readDraft,
  withBase,
  withModels,
  withRows,
} from '../../../../src-renderer/state/merge/draft.ts'
import { standOf } from '../../../../src-renderer/state/merge/stand.ts'
import { entry } from '../../entry-fixture.ts'

const base = entry(1, { role: 'pre-trained' })
const tuned = [2, 3, 4].map((id) => entry(id))
const draft = (change: Partial<Draft> = {}): Draft => ({
  ...readDraft(null),
  pretrained: 1,
  models: [2, 3, 4],
  ...change,
})
const asked = (change: Partial<Draft>) => {
  const of = draft(change)
  return askedOf(
    of,
    standOf(of, (id) => `m${id}`),
  )
}

describe('the draft of a merge', () => {
  it('takes selected rows by their roles, and finds the only pre-trained model that fits', () => {
    const library = [base, ...tuned, entry(9, { role: 'pre-trained', architecture: { name: 'RN50' } })]
    expect(withRows(readDraft(null), [...tuned, base], library)).toMatchObject({ pretrained: 1, models: [2, 3, 4] })
    expect(withRows(readDraft(null), tuned, library)).toMatchObject({ pretrained: 1, models: [2, 3, 4] })
    expect(withRows(readDraft(null), tuned, tuned).pretrained).toBeNull()
    const another = entry(8, { role: 'pre-trained' })
    expect(withRows(readDraft(null), tuned, [...library, another]).pretrained).toBeNull() // which one is not said
    expect(withRows(draft(), [entry(5, { role: 'head' }), entry(6)], library).models).toEqual([6])
  })

  it('is the same after it was text, and empty where the text is none', () => {
    const whole = draft({
      parameters: { ties: { density: 0.4 } },
      weights: { 2: 0.5 },
      name: 'x',
      place: 3,
      dtype: 'float16',
    })
    expect(readDraft(JSON.stringify(whole))).toEqual(whole)
    expect(readDraft('{"models": "all"}')).toEqual(readDraft(null))
    expect(readDraft('{')).toEqual(readDraft(null))
  })

  it('orders its models, leaves one out, and changes which is the pre-trained one', () => {
    expect(movedUp(draft(), 4).models).toEqual([2, 4, 3])
    expect(movedUp(draft(), 2).models).toEqual([2, 3, 4])
    expect(withModels(draft(), [3, 1]).models).toEqual([3])
    expect(withBase(draft(), 3)).toMatchObject({ pretrained: 3, models: [2, 1, 4] })
    expect(withBase(draft({ pretrained: null }), 3)).toMatchObject({ pretrained: 3, models: [2, 4] })
  })

  it('keeps a coefficient with its model, whatever becomes of the order; one of no one model goes', () => {
    const of = draft({ each: true, lambdas: { ties: [0.2, 0.3, 0.4], 'random-parts': [1, 2, 3, 4, 5, 6] } })
    expect(movedUp(of, 4).lambdas).toEqual({ ties: [0.2, 0.4, 0.3] })
    expect(withModels(of, [4, 2]).lambdas['ties']).toEqual([0.4, 0.2])
    expect(withBase(of, 3).lambdas['ties']).toEqual([0.2, undefined, 0.4]) // the old base has none yet
    expect(withRows(of, tuned, tuned).lambdas).toEqual({})
  })

  it('asks for what was given alone, in the form of the contract', () => {
    const plain = asked({})
    expect(plain).toEqual({
      ...{ method: 'task-arithmetic', parameters: {}, pretrained: 1, vectors: [2, 3, 4], name: '', place: 'exports' },
      form: { container: 'safetensors', layout: null, dtype: null },
    })
    expect(mergeAskedSchema.safeParse(plain).success).toBe(true)
    expect(asked({ layout: 'huggingface' })).toMatchObject({ form: { layout: 'huggingface' } })
    const given = asked({
      ...{ method: 'ties', parameters: { ties: { density: 0.4 }, dare: { seed: 3 } }, lambda: { ties: 1.2 } },
      ...{
        weights: { 3: 0.5 },
        missing: true,
        shards: true,
        shardSize: 2.5,
        dtype: 'bfloat16',
        container: 'state_dict',
      },
    })
    expect(given).toMatchObject({
      ...{ parameters: { density: 0.4 }, coefficients: 1.2, weights: [1, 0.5, 1], missing: 'base' },
      form: { container: 'safetensors', dtype: 'bfloat16', shardBytes: 2.5e9 },
    })
    expect(mergeAskedSchema.safeParse(given).success).toBe(true)
  })

  it('of models themselves it leaves out the pre-trained one, coefficients and what is missing', () => {
    const models = asked({ method: 'weighted-average', lambda: { 'weighted-average': 2 }, missing: true })
    expect(models).toMatchObject({ pretrained: null, vectors: [2, 3, 4] })
    expect(Object.keys(models ?? {})).not.toContain('coefficients')
    expect(Object.keys(models ?? {})).not.toContain('missing')
    const differences = asked({ method: 'weighted-average', parameters: { 'weighted-average': { of: 'differences' } } })
    expect(differences?.pretrained).toBe(1)
    const alike = asked({ method: 'karcher', weights: { 2: 0.5 } })
    expect([alike?.pretrained, alike?.weights]).toEqual([null, [0.5, 1, 1]])
  })

  it('asks nothing while something is wrong', () => {
    expect(asked({ method: 'ties', parameters: { ties: { density: 7 } } })).toBeNull()
    expect(asked({ weights: { 2: 'much' } })).toBeNull()
    expect(asked({ shards: true, shardSize: 0 })).toBeNull()
    expect(asked({ pretrained: null })).toBeNull()
    expect(asked({ method: 'slerp' })).toBeNull() // of three
  })
})
