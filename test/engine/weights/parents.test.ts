// A tower in PyTorch's own file is a parent like any other: the same weights, whole and by slices, as from safetensors.
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { zipSync } from 'fflate'
import { expect, test } from 'vitest'

import { openTensorFile } from '../../../src-main/engine/formats/open.ts'
import { openParents } from '../../../src-main/engine/weights/parents.ts'
import { readParameter, readSlice } from '../../../src-main/engine/weights/slices.ts'
import { openSource } from '../../../src-main/files/source.ts'
import { dictionary, pickled, plain, type Step, tensor } from '../formats/pickle-steps.ts'

const math = join(import.meta.dirname, '../../golden/math')

/** The same tensors as torch.save would keep them, matrices as views of their transposes. */
async function inPytorch(path: string, target: string): Promise<string> {
  const source = await openSource(path)
  const file = await openTensorFile(source)
  const storages: Record<string, Uint8Array> = {}
  const entries: Record<string, Step[]> = {}
  for (const [name, { shape }] of file.tensors) {
    const values = new Float32Array((await file.read(name)).slice().buffer)
    const [rows = 1, columns = 1] = shape
    const turned = shape.length === 2
    const stored = turned ? values.map((_, i) => values[(i % rows) * columns + Math.floor(i / rows)] as number) : values
    const strides = turned ? [1, rows] : shape.map((_, d) => shape.slice(d + 1).reduce((a, b) => a * b, 1))
    const key = String(Object.keys(storages).length)
    storages[`a/data/${key}`] = new Uint8Array(stored.buffer)
    entries[`module.${name}`] = tensor(key, values.length, shape, strides)
  }
  await source.close()
  const state = dictionary({ state_dict: dictionary(entries) })
  writeFileSync(target, zipSync({ 'a/data.pkl': pickled([...state, ...plain('.')]), ...storages }, { level: 0 }))
  return target
}

test('parents in PyTorch files give the weights that safetensors give, whole and by slices', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'basil-parents-'))
  const [base, vector] = [join(math, 'pretrained.safetensors'), join(math, 'finetuned-alpha.safetensors')]
  const parents = await openParents(base, [vector], openSource)
  const other = await openParents(
    await inPytorch(base, join(folder, 'a.pt')),
    [await inPytorch(vector, join(folder, 'b.pt'))],
    openSource,
  )
  expect(other.architecture).toEqual(parents.architecture)
  expect(other.base.file.format).toBe('pytorch')
  for (const [mine, theirs] of [
    [parents.base, other.base],
    [parents.vectors[0], other.vectors[0]],
  ] as const) {
    if (!mine || !theirs) throw new Error('a parent is missing')
    for (const [name, shape] of parents.parameters) {
      const size = shape.reduce((a, b) => a * b, 1)
      const whole = await readParameter(mine, name)
      expect(await readParameter(theirs, name), name).toEqual(whole)
      const [first, count] = [Math.floor(size / 3), Math.ceil(size / 2)]
      expect(await readSlice(theirs, name, first, count, new Float32Array(size)), name).toEqual(
        whole.slice(first, first + count),
      )
    }
  }
  await Promise.all([parents.close(), other.close()])
})
