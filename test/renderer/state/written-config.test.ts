// What a form's fields come to as a configuration.
import { expect, test } from 'vitest'

import { type Written, writtenConfig } from '../../../src-renderer/state/written-config.ts'

const form: Written = {
  fields: { method: 'dv-basi', seed: undefined, iterations: 3, name: 'by hand' },
  start: { method: 'atlas', epochs: 2, checkpoint: 'kept.safetensors' },
  source: {
    pretrained: 'p',
    vectors: ['a', 'b'],
    tasks: ['A', 'B'].map((name) => ({ name, data: `d#${name}`, head: `h#${name}` })),
  },
  sitsOut: () => false,
}

test('empty fields are left out, and so are vectors and tasks that sit out', () => {
  const written = writtenConfig({ ...form, sitsOut: (key) => key === 'vector a' || key === 'task B' })
  expect(Object.keys(written)).not.toContain('seed')
  expect(written).toMatchObject({ name: 'by hand', pretrained: 'p', vectors: ['b'] })
  expect(written.tasks).toEqual([{ name: 'A', data: 'd#A', head: 'h#A' }])
})

test('only DV-BASI has iterations and a start, and only a start at a checkpoint names one', () => {
  expect(writtenConfig(form)).toMatchObject({ iterations: 3, start: { method: 'atlas', epochs: 2 } })
  expect(writtenConfig(form).start).not.toHaveProperty('checkpoint')
  const at = writtenConfig({ ...form, start: { ...form.start, method: 'checkpoint' } })
  expect(at.start).toEqual({ method: 'checkpoint', epochs: 2, checkpoint: 'kept.safetensors' })
  const plain = writtenConfig({ ...form, fields: { ...form.fields, method: 'atlas' } })
  expect(Object.keys(plain).toSorted()).toEqual(['method', 'name', 'pretrained', 'tasks', 'vectors'])
})
