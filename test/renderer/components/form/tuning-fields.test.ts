// The form of every kind of fine-tuning has every field of its configuration that has one value, once.
import { expect, test } from 'vitest'

import { tuningKinds } from '../../../../src-main/contract/tuning/kinds/index.ts'
import { tuningFields } from '../../../../src-renderer/components/form/tuning-fields.ts'

test.each(tuningKinds)('$name', ({ name, fields }) => {
  const { essential, own, lists, rest } = tuningFields(name)
  expect(essential.map((field) => field.name)).toEqual(['epochs', 'steps', 'batch', 'learningRate', 'seed'])
  expect([...own, ...lists].map((field) => field.name).sort()).toEqual(Object.keys(fields).sort())
  const all = [...essential, ...own, ...rest.flatMap((group) => group.fields)].map((field) => field.name)
  expect(new Set(all).size).toBe(all.length)
  expect(all).toEqual(expect.arrayContaining(['weightDecay', 'warmup', 'clipNorm', 'keep', 'checkpointEvery', 'name']))
  expect(rest.map(({ title }) => title)).not.toContain('Advanced') // every field has its group
})

test('an empty field means what the kind says', () => {
  const rate = (kind: 'standard' | 'lora') => tuningFields(kind).essential.find(({ name }) => name === 'learningRate')
  expect([rate('standard')?.fallback, rate('lora')?.fallback]).toEqual(['0.00001', '0.0001'])
  expect(tuningFields('lora').lists[0]).toMatchObject({ name: 'targets', fallback: ['q', 'k', 'v', 'out'] })
})
