// What merges know of images, in the engine's process: here it is found, for a merge without a run.
import type { CollectRequest, Told } from '../contract/engine-api.ts'
import { BasilError } from '../contract/errors.ts'
import { mergeCard } from '../contract/merges/step.ts'
import type { Recipe } from '../contract/run/recipe.ts'
import { checkLabels, isLabelled } from '../engine/datasets/images.ts'
import { openImages } from '../engine/datasets/open-images.ts'
import type { ImageHost } from '../engine/datasets/prepared.ts'
import type { Backend } from '../engine/devices/backend.ts'
import { readHead } from '../engine/heads/head-file.ts'
import { merges } from '../engine/merging/index.ts'
import { wantedBy } from '../engine/merging/statistics/wanted-by.ts'
import { microBatchFor } from '../engine/problems/micro-batch.ts'
import { collect } from '../engine/problems/statistics/collect.ts'
import type { LookedAt } from '../engine/problems/statistics/images.ts'
import { checkHead, checkSize } from '../engine/runs/tasks.ts'
import { openParents } from '../engine/weights/parents.ts'
import { hashCheckpoint, openSource } from '../files/source.ts'
import { heldStatisticsStore } from '../files/statistics-store.ts'

interface Host {
  backend(): Promise<Backend>
  images: ImageHost
  signal: AbortSignal
}

/** What is lacking is said before the engine starts. */
export async function* collectFor(request: CollectRequest, host: Host): AsyncGenerator<Told<Recipe>> {
  const { recipe } = request
  const [step] = recipe.steps
  const wanted = step && wantedBy(merges, step)
  if (!step || !wanted) return yield { type: 'result', result: recipe }
  requireOneEach(request, step.method)
  requirePlain(recipe)
  const parents = await openParents(
    recipe.pretrained.file,
    recipe.vectors.map(({ file }) => file),
    openSource,
  )
  const tasks: LookedAt[] = []
  const store = heldStatisticsStore()
  try {
    const { architecture } = parents
    for (const [t, { file }] of recipe.vectors.entries()) {
      const { data = '', head: path } = { data: request.data[t], head: request.heads[t] }
      const head = path === undefined ? null : await readHead(path, openSource)
      if (head) checkHead({ name: data, head: path ?? '' }, head, architecture)
      const about = { size: architecture.imageSize, augment: null, onUnreadable: 'skip', signal: host.signal } as const
      const { images } = yield* openImages(data, about, { open: openSource, images: host.images })
      tasks.push({ name: data, head, images, model: (await hashCheckpoint(file)).sha256 })
      checkSize(images, architecture)
      if (head && isLabelled(images)) checkLabels(images, head)
    }
    const backend = await host.backend()
    const tower = { architecture, ops: backend.ops, freeBytes: backend.freeBytes }
    const found = yield* collect({
      wanted,
      step,
      parents,
      pretrained: (await hashCheckpoint(recipe.pretrained.file)).sha256,
      tasks,
      place: { tower, microBatch: microBatchFor('auto', backend, architecture), signal: host.signal },
      store,
    })
    const statistics = found.map(({ file, name, sha256 }) => ({ file, name, sha256 }))
    yield { type: 'result', result: { ...recipe, statistics } }
  } finally {
    await store.leave()
    for (const { images } of tasks) await images.close()
    await parents.close()
  }
}

function requireOneEach({ recipe, data, heads }: CollectRequest, method: string): void {
  const { title, needs } = mergeCard(method)
  const count = recipe.vectors.length
  const lacking = (what: string, option: string, given: number): BasilError =>
    new BasilError({
      code: 'config-invalid',
      what: `${title} needs ${what} of each model's own task`,
      where: option,
      why: `there are ${count} models, and ${given} given`,
      next: 'give one for each model, in the order of --vectors',
      inWindow: 'give one for each model',
    })
  if (data.length !== count) throw lacking('images', '--data', data.length)
  if (needs.heads && heads.length !== count) throw lacking('the head', '--heads', heads.length)
}

/** What is known of images is known of the models' own tensors. */
function requirePlain({ method, missing, tokenizer, layers }: Recipe): void {
  const [option] = [missing && '--missing', tokenizer && '--tokenizer-source', layers && 'layers'].filter(Boolean)
  if (!option) return
  throw new BasilError({
    code: 'config-invalid',
    what: `${mergeCard(method).title} looks at models as they are`,
    where: String(option),
    why: 'what it finds is of their own tensors, and here some are taken from elsewhere',
    next: 'leave it out, or choose a merge that looks at no images',
  })
}
