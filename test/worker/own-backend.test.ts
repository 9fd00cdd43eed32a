// The engine's process keeps one backend, and opens it anew for a job that multiplies in something else.
import { expect, test } from 'vitest'

import type { Products } from '../../src-main/contract/run/products.ts'
import { type Backend, openBackend } from '../../src-main/engine/devices/backend.ts'
import { ownBackend } from '../../src-main/worker/own-backend.ts'

test('one backend serves as long as products stay the same; for others it is closed and opened anew', async () => {
  const said: string[] = []
  const real = await openBackend({ prefer: 'wasm', threads: 1 })
  const open = async ({ products }: { products: Products }): Promise<Backend> => {
    said.push(`open ${products}`)
    return { ...real, name: products, close: () => said.push(`close ${products}`) }
  }
  const own = ownBackend(open)
  expect((await own.any()).name).toBe('float32')
  expect((await own.multiplyingIn('float32')).name).toBe('float32')
  expect((await own.multiplyingIn('tf32')).name).toBe('tf32')
  expect((await own.any()).name).toBe('tf32')
  expect((await own.multiplyingIn('float32')).name).toBe('float32')
  expect(said).toEqual(['open float32', 'close float32', 'open tf32', 'close tf32', 'open float32'])
  real.close()
})

test('products that the engine does not have are refused in one sentence, and the next job computes all the same', async () => {
  const own = ownBackend(({ products }) => openBackend({ prefer: 'wasm', threads: 1, products }))
  const asking = own.multiplyingIn('bf16')
  await expect(asking).rejects.toMatchObject({
    record: {
      code: 'config-invalid',
      where: 'products',
      why: expect.stringMatching(/^wasm, 1 thread.* multiplies in float32, and bf16 was asked for$/),
    },
  })
  const { kind, products, close } = await own.multiplyingIn('float32')
  expect({ kind, products }).toEqual({ kind: 'wasm', products: ['float32'] })
  close()
})
