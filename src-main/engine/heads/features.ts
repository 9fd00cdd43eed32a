// A frozen tower's features of labelled images, as a head on normalised features takes them: u = z / |z|, z = f(x;
// theta). Each image is pushed through once, and of what is computed only u stays.

import { setImmediate } from 'node:timers/promises'

import { BasilError } from '../../contract/errors.ts'
import type { Progress } from '../../contract/run/run.ts'
import { dot } from '../../numbers/vectors.ts'
import type { LabelledImages } from '../datasets/images.ts'
import type { Tower } from '../models/clip-vit.ts'
import type { Model } from '../models/model.ts'
import { fitting, type MicroBatch } from '../problems/micro-batch.ts'
import { featuresOf } from '../problems/patches.ts'
import { firstNotFinite } from '../weights/slices.ts'

/** (n, embed), rows of length 1. what: as the progress is called. */
export async function* unitFeatures(
  tower: Tower,
  model: Model,
  images: LabelledImages,
  microBatch: MicroBatch,
  what: string,
): AsyncGenerator<Progress, Float32Array> {
  const { embed } = tower.architecture
  const rows = new Float32Array(images.count * embed)
  for (let done = 0; done < images.count; ) {
    yield { type: 'progress', what, done, total: images.count }
    await setImmediate() // the process stays able to hear that nobody listens any more
    const first = done
    const values = await fitting(microBatch, images.count - first, async (size) => {
      const pictures = await (await images.fetch(Int32Array.from({ length: size }, (_, i) => first + i)))()
      return featuresOf(tower, model, pictures)
    })
    rows.set(values, first * embed)
    done += values.length / embed
  }
  for (let at = 0; at < rows.length; at += embed) toUnit(rows.subarray(at, at + embed))
  const bad = firstNotFinite(rows)
  if (bad < 0) return rows
  throw new BasilError({
    code: 'not-finite',
    what: "The model's feature of an image is not a finite number",
    where: images.name(Math.floor(bad / embed)),
    why: `element ${bad % embed} of it is ${rows[bad]}`,
    next: 'use a checkpoint whose weights are sound, or correct the image',
  })
}

function toUnit(z: Float32Array): void {
  const length = Math.max(Math.sqrt(dot(z, z)), 1e-12)
  z.set(z.map((v) => v / length))
}
