// A linear probe of a checkpoint, written as a head: features of the frozen model once, images of one split in memory
// at a time, then the convex fit (engine/heads/probe.ts). Its metadata says what it was fitted on, at which strength,
// and how well.
import { basename } from 'node:path'

import type { ProbeEvent, ProbeRequest } from '../../contract/api/heads.ts'
import { BasilError } from '../../contract/errors.ts'
import { splitPath } from '../../contract/named-tensor.ts'
import { checkLabels } from '../../engine/datasets/images.ts'
import { describeImages, readImages } from '../../engine/datasets/tensor-images.ts'
import type { Backend } from '../../engine/devices/backend.ts'
import { ofWhole } from '../../engine/evaluation/of-whole.ts'
import { unitFeatures } from '../../engine/heads/features.ts'
import { fitProbe } from '../../engine/heads/probe.ts'
import { towerModel } from '../../engine/models/model.ts'
import { microBatchFor } from '../../engine/problems/micro-batch.ts'
import { checkSize } from '../../engine/runs/tasks.ts'
import { openCheckpoint, type TowerCheckpoint, useOf } from '../../engine/weights/checkpoint.ts'
import { loadCheckpoint } from '../../engine/weights/device.ts'
import { hashFile } from '../../files/hash.ts'
import { hashCheckpoint, openSource } from '../../files/source.ts'
import { requireFree } from '../../files/write-atomic.ts'
import type { Labelled } from '../../numbers/logistic.ts'
import { writeHeads } from './write.ts'

export async function* probeHead(request: ProbeRequest, backend: Backend): AsyncGenerator<ProbeEvent> {
  const { model, data, validation, name, classes, seed, out, overwrite } = request
  await requireFree(out, { overwrite })
  const count = typeof classes === 'number' ? classes : classes.length
  const checkpoint = await openCheckpoint(model, openSource, undefined, useOf(request))
  try {
    const [training, judge] = yield* features(checkpoint, [data, validation], count, backend)
    if (!training) throw new Error('no features of the data')
    if (!judge && training.labels.length < fewest) throw tooFew(data, training.labels.length)
    const { head, report } = yield* fitProbe(training, judge ?? null, count, seed)
    const [path, split] = splitPath(data)
    const from = { name: `${basename(path)}#${split}`, sha256: (await hashFile(path)).sha256 }
    const made = {
      classes: typeof classes === 'number' ? null : classes,
      model: (await hashCheckpoint(model)).sha256,
      from,
      report,
    }
    const record = { name, kind: 'linear probe' as const, scale: head.scale, normalised: head.normalised, ...made }
    yield {
      type: 'written',
      ...(await writeHeads([{ head, record }], out, overwrite)),
      report,
      warnings: checkpoint.warnings,
    }
  } finally {
    await checkpoint.file.source.close()
  }
}

/** Of each split in turn; its images go before those of the next come. */
async function* features(
  checkpoint: TowerCheckpoint,
  splits: (string | null)[],
  classes: number,
  backend: Backend,
): AsyncGenerator<ProbeEvent, (Labelled | undefined)[]> {
  const { architecture } = checkpoint
  const tower = { architecture, ops: backend.ops, freeBytes: backend.freeBytes }
  const microBatch = microBatchFor('auto', backend, architecture)
  const found: (Labelled | undefined)[] = []
  const paths = splits.filter((path) => path !== null)
  const counts: number[] = []
  for (const path of paths) counts.push((await describeImages(path, openSource)).count)
  const total = counts.reduce((sum, count) => sum + count, 0)
  let before = 0
  const loaded = await loadCheckpoint(backend.ops, checkpoint)
  try {
    for (const path of paths) {
      const images = await readImages(path, openSource)
      try {
        checkSize(images, architecture)
        checkLabels(images, { classes })
        const what = `Features of ${images.where}`
        const told = unitFeatures(tower, towerModel(tower, loaded.weights), images, microBatch, what)
        const rows = yield* ofWhole(before, total, told)
        before += images.count
        found.push({ rows, embed: architecture.embed, labels: images.labels })
      } finally {
        await images.close()
      }
    }
    return found
  } finally {
    loaded.dispose()
  }
}

const fewest = 10 // images of which a fifth can be held out

function tooFew(where: string, count: number): BasilError {
  return new BasilError({
    code: 'data-invalid',
    what: 'There are too few images to hold a fifth of them out',
    where,
    why: `there are ${count}, ${fewest} are needed`,
    next: 'give validation data of their own, or more images',
  })
}
