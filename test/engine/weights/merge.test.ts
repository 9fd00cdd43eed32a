// Merged models on the golden checkpoints: the base at 0, the fine-tuned model at 1, the collapse identity, and vectors
// kept on the host against vectors kept on the device.
import { join } from 'node:path'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { collapse } from '../../../src-main/contract/run/coefficients.ts'
import { type Backend, openBackend } from '../../../src-main/engine/devices/backend.ts'
import { tf } from '../../../src-main/engine/devices/tf.ts'
import { groupsOf, mergedParameters, mergedSlices } from '../../../src-main/engine/weights/merge.ts'
import { openParents, type Parents } from '../../../src-main/engine/weights/parents.ts'
import { readParameter } from '../../../src-main/engine/weights/slices.ts'
import { vectorStore } from '../../../src-main/engine/weights/vector-store.ts'
import { openSource } from '../../../src-main/files/source.ts'
import { uniform } from '../../../src-main/numbers/random.ts'
import { filled, type Table } from '../../../src-main/numbers/table.ts'
import { folder, tasks } from '../../golden/fixture.ts'

let parents: Parents
let backend: Backend
beforeAll(async () => {
  backend = await openBackend({ prefer: 'wasm' })
  parents = await openParents(
    join(folder, 'pretrained.safetensors'),
    tasks.map((t) => join(folder, `finetuned-${t}.safetensors`)),
    openSource,
  )
})
afterAll(async () => {
  await parents.close()
  backend.close()
})

async function merged(
  table: Table,
  grouping: 'tensor' | 'layer' | 'scalar' = 'tensor',
): Promise<Map<string, Float32Array>> {
  const found = new Map<string, Float32Array>()
  for await (const { name, values } of mergedParameters(parents, groupsOf(parents, grouping), table))
    found.set(name, values.slice())
  return found
}

test('coefficient 0 gives the pre-trained model and 1 the fine-tuned model, bit for bit', async () => {
  const columns = parents.parameters.size
  const none = await merged(filled(3, columns, 0))
  const beta = await merged([filled(1, columns, 0)[0], filled(1, columns, 1)[0], filled(1, columns, 0)[0]] as Table)
  for (const name of parents.parameters.keys()) {
    expect(none.get(name)).toEqual(await readParameter(parents.base, name))
    expect(beta.get(name)).toEqual(await readParameter(parents.vectors[1] as Parents['base'], name))
  }
})

test('groups: one a tensor in block order, one a layer, one in all', () => {
  expect(groupsOf(parents, 'tensor').names).toHaveLength(32)
  expect(groupsOf(parents, 'tensor').names.slice(0, 4)).toEqual([
    'visual.class_embedding',
    'visual.positional_embedding',
    'visual.proj',
    'visual.conv1.weight',
  ])
  expect(groupsOf(parents, 'layer').names).toEqual(['embedding', 'output', 'layer 0', 'layer 1'])
  expect(groupsOf(parents, 'scalar').names).toEqual(['all'])
})

test('three difference-vector iterations, walked one by one, are the collapsed coefficients', async () => {
  const start: Table = [Float64Array.of(0.4), Float64Array.of(0.2), Float64Array.of(-0.1)]
  const lambdas = [0.1, -0.3, 0.25].map((v) => Float64Array.of(v))
  const collapsed = await merged(collapse(start, lambdas), 'scalar')
  for await (const { name, base } of mergedParameters(parents, groupsOf(parents, 'scalar'), start)) {
    const tuned = await Promise.all(parents.vectors.map((v) => readParameter(v, name)))
    base.forEach((b, i) => {
      let theta = b + start.reduce((sum, row, t) => sum + (row[0] as number) * ((tuned[t]?.[i] as number) - b), 0)
      for (const lambda of lambdas) theta += (lambda[0] as number) * (theta - b)
      expect(Math.abs((collapsed.get(name)?.[i] as number) - theta)).toBeLessThanOrEqual(
        1e-6 * Math.max(1, Math.abs(theta)),
      )
    })
  }
})

test('vectors on the host or in files give the same bits as vectors on the device', async () => {
  const columns = 4
  const shape = [5, 7]
  const values = (stream: number): Float32Array =>
    Float32Array.from({ length: 35 }, (_, i) => uniform(1, stream, 0, i) - 0.5)
  const vectors = (p: number): Float32Array => Float32Array.of(...values(10 + p), ...values(20 + p), ...values(30 + p))
  async function* parameters() {
    for (let p = 0; p < columns; p++) yield { name: `p${p}`, shape, base: values(p), vectors: vectors(p) }
  }
  for (const precision of ['float32', 'float16'] as const) {
    const results = []
    for (const place of ['device', 'host', 'files'] as const) {
      const read = async (name: string): Promise<Float32Array> => vectors(Number(name.slice(1)))
      const store = await vectorStore(backend.ops, ['a', 'b', 'c'], parameters(), { precision, place, read })
      const gradient = tf.tensor(values(99), shape)
      const composed = []
      const inner = store.innerProducts()
      for (const name of store.names) {
        const tensor = await store.compose(name, [0.3, -1.5, 2])
        composed.push([...(await backend.ops.read(tensor))])
        tensor.dispose()
        inner.add(name, gradient)
      }
      results.push({ composed, products: [...(await inner.finish()).products] })
      inner.dispose()
      gradient.dispose()
      store.dispose()
      expect(backend.memory().tensors).toBe(0)
    }
    expect(results[1]).toEqual(results[0])
    expect(results[2]).toEqual(results[0])
  }
})

test('who leaves in the middle has no read under way, and the next gets the same bits', async () => {
  let [under, begun] = [0, 0]
  const slow = (checkpoint: Parents['base']): Parents['base'] => ({
    ...checkpoint,
    file: {
      ...checkpoint.file,
      readRange: async (...asked) => {
        under++
        begun++
        await new Promise(setImmediate)
        return checkpoint.file.readRange(...asked).finally(() => under--)
      },
    },
  })
  const set = { ...parents, base: slow(parents.base), vectors: parents.vectors.map(slow) }
  const table = filled(3, parents.parameters.size, 0.4)
  const whole = await merged(table)
  const leaving = mergedSlices(set, groupsOf(parents, 'tensor'), table)
  await leaving.next()
  expect([begun > 4, under > 0]).toEqual([true, true])
  await leaving.return(undefined)
  expect(under).toBe(0)
  expect(await merged(table)).toEqual(whole)
})
