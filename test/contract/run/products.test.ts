// What a configuration says of products: float32 where it says nothing, in what was kept before there was a choice too.
import { expect, test } from 'vitest'

import { configSchema, resolvedSchema } from '../../../src-main/contract/run/config.ts'
import { configIssues, configJsonSchema, resolveConfig } from '../../../src-main/contract/run/resolve.ts'

const config = {
  method: 'atlas',
  pretrained: 'theta.safetensors',
  vectors: ['a.safetensors'],
  tasks: [{ name: 'a', data: 'a.safetensors#a', head: 'a.safetensors#head.a' }],
}

test('float32 unless said; what is said is kept with the run; nonsense is refused at its field', () => {
  const resolved = resolveConfig(config, (path) => path)
  expect(resolved.products).toBe('float32')
  expect(resolveConfig({ ...config, products: 'tf32' }, (path) => path).products).toBe('tf32')
  expect(configIssues({ ...config, products: 'float64' })).toMatchObject([{ field: 'products' }])
  const { products: _, ...before } = resolved // a run of 0.1.0
  expect(resolvedSchema.parse(before).products).toBe('float32')
  expect(resolvedSchema.parse(JSON.parse(JSON.stringify({ ...resolved, products: 'bf16' }))).products).toBe('bf16')
})

test('the schema names the three, with what each rounds to', () => {
  expect(configJsonSchema()).toMatchObject({
    properties: { products: { enum: ['float32', 'tf32', 'bf16'], default: 'float32', title: 'Products in' } },
  })
  expect(configSchema.shape.products.meta()?.['enumDescriptions']).toHaveLength(3)
})
