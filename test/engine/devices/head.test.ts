// Heads on the device, on every engine that has them: losses, classes and dL/dfeatures as the host's heads give them in
// float64, from a row on, with many classes and few, for features of unit length and as they are.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type Backend, openBackend } from '../../../src-main/engine/devices/backend.ts'
import type { DeviceHead } from '../../../src-main/engine/devices/ops.ts'
import type { Tensor2D } from '../../../src-main/engine/devices/tensor.ts'
import { losses } from '../../../src-main/engine/learning/losses/index.ts'
import { applyHead } from '../../../src-main/engine/problems/head.ts'
import { kernelEngines } from './engines.ts'
import { relativeError, stream } from './reference.ts'

const most = 1e-5
const known = losses.flatMap((loss) => (loss.onDevice ? [{ loss, onDevice: loss.onDevice }] : []))

describe.each(await kernelEngines())('$name', ({ options }) => {
  let backend: Backend
  beforeAll(async () => {
    backend = await openBackend(options)
  })
  afterAll(() => backend.close())

  test.each([
    [5, 12, true, false],
    [700, 30, true, true],
    [3, 7, false, true],
  ])('%i classes, features of %i, to unit length: %s, with bias: %s', async (classes, embed, normalised, biased) => {
    const { ops } = backend
    expect(ops.head !== undefined).toBe(backend.kind === 'webgpu' || options.how === 'functions')
    if (!ops.head) return
    const draw = stream(classes)
    const floats = (count: number): Float32Array => Float32Array.from(draw(count))
    const bias = biased ? floats(classes) : null
    const head = { weights: floats(classes * embed), bias, classes, embed, scale: normalised ? 10 : 1, normalised }
    const [n, weight] = [6, 0.25]
    const z = floats((n + 1) * embed)
    const labels = Int32Array.from({ length: n }, (_, i) => (i * 7) % classes)
    const features = ops.upload<Tensor2D>(z, [n + 1, embed])
    const held: DeviceHead = ops.head(head)
    for (const { loss, onDevice } of known) {
      const [each, slopes]: [number[], Float32Array] = [[], new Float32Array(z.length)]
      const heard: typeof loss = {
        name: loss.name,
        loss(...given) {
          each.push(loss.loss(...given))
          return each.at(-1) ?? Number.NaN
        },
      }
      const want = applyHead(head, heard, z, 1, labels, weight, slopes)
      const { told, dFeatures } = held.judge(features, 1, labels, onDevice, weight)
      const [found = []] = await ops.readDots([told])
      expect(relativeError(found.slice(0, n), each)).toBeLessThanOrEqual(most)
      expect(found.slice(n)).toEqual([...want.predicted])
      expect(relativeError(await ops.read(dFeatures), slopes.subarray(embed))).toBeLessThanOrEqual(most)
      told.dispose()
      dFeatures.dispose()
    }
    held.dispose()
    features.dispose()
    expect(backend.memory().tensors).toBe(0)
  })
})
