// A linear probe of a checkpoint, written as a head: features of the frozen model once, images of one split in memory
// at a time, then the convex fit (engine/heads/probe.ts). Its metadata says what it was fitted on, at which strength,
// and how well.
import { basename } from 'node:path'

import type { ProbeEvent, ProbeRequest } from '../../contract/api/heads.ts'
import { BasilError } from '../../contract/errors.ts'
import { splitPath } from '../../contract/named-tensor.ts'
import { checkLabels, type LabelledImages } from '../../engine/datasets/images.ts'
import { type DataHost, describeSomeImages, openImages, preparedAlready } from '../../engine/datasets/open-images.ts'
import { readImages } from '../../engine/datasets/tensor-images.ts'
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

/** images: without it, tensor files alone are read. */
export async function* probeHead(
  request: ProbeRequest,
  backend: Backend,
  images?: DataHost['images'],
): AsyncGenerator<ProbeEvent> {
  const { model, data, validation, name, classes, seed, out, overwrite } = request
  await requireFree(out, { overwrite })
  const count = typeof classes === 'number' ? classes : classes.length
  const checkpoint = await openCheckpoint(model, openSource, undefined, useOf(request))
  try {
    const host = { open: openSource, images }
    const [training, judge] = yield* features(checkpoint, [data, validation], count, backend, host)
    if (!training) throw new Error('no features of the data')
    if (!judge && training.labels.length < fewest) throw tooFew(data, training.labels.length)
    const { head, report } = yield* fitProbe(training, judge ?? null, count, seed)
    const [path, split] = splitPath(data)
    const from = { name: `${basename(path)}#${split}`, sha256: training.sha256 ?? (await hashFile(path)).sha256 }
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
  host: DataHost,
): AsyncGenerator<ProbeEvent, (Learned | undefined)[]> {
  const { architecture } = checkpoint
  const tower = { architecture, ops: backend.ops, freeBytes: backend.freeBytes }
  const microBatch = microBatchFor('auto', backend, architecture)
  const found: (Learned | undefined)[] = []
  const paths = splits.filter((path) => path !== null)
  const counts: number[] = []
  for (const path of paths) counts.push((await describeSomeImages(path, architecture.imageSize, host)).count)
  const total = counts.reduce((sum, count) => sum + count, 0)
  let before = 0
  const loaded = await loadCheckpoint(backend.ops, checkpoint)
  try {
    for (const path of paths) {
      const { images, sha256 } = yield* opened(path, architecture.imageSize, host)
      try {
        checkSize(images, architecture)
        checkLabels(images, { classes })
        const what = `Features of ${images.where}`
        const told = unitFeatures(tower, towerModel(tower, loaded.weights), images, microBatch, what)
        const rows = yield* ofWhole(before, total, told)
        before += images.count
        found.push({ rows, embed: architecture.embed, labels: images.labels, sha256 })
      } finally {
        await images.close()
      }
    }
    return found
  } finally {
    loaded.dispose()
  }
}

/** sha256: of the images of a data set; null: they are a file, which has a hash of its own. */
type Learned = Labelled & { sha256: string | null }

async function* opened(
  path: string,
  size: number,
  host: DataHost,
): AsyncGenerator<ProbeEvent, { images: LabelledImages; sha256: string | null }> {
  if (await preparedAlready(path, host)) return { images: await readImages(path, host.open), sha256: null }
  const { signal } = new AbortController() // whoever leaves the work ends it at its next word
  const wanted = { size, augment: null, onUnreadable: 'skip' as const, signal }
  const { images, facts } = yield* openImages(path, wanted, host)
  return { images, sha256: facts.pixels }
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
