// A mix that is open: the parents' vectors where learning has them (device, host or files, as memory allows), images
// and heads of its tasks, and of a linearised run the features of its images. It is measured again and again under
// other coefficients; nothing of it is written.
import type { MixCoefficients, MixRequest, MixScores } from '../../../contract/api/mix.ts'
import { BasilError } from '../../../contract/errors.ts'
import type { ResolvedConfig } from '../../../contract/run/config.ts'
import type { EngineEvent, Progress } from '../../../contract/run/run.ts'
import { fromNumbers, type Table } from '../../../numbers/table.ts'
import type { ImageHost } from '../../datasets/prepared.ts'
import type { Backend } from '../../devices/backend.ts'
import type { FeatureCache } from '../../formats/feature-cache.ts'
import type { OpenSource } from '../../formats/source.ts'
import { objectiveNamed } from '../../learning/objective.ts'
import type { TaskSetup } from '../../problems/clip-problem.ts'
import { type Features, floatsOf, openFeatures, requireRoom } from '../../problems/linear-features.ts'
import { microBatchFor } from '../../problems/micro-batch.ts'
import { identityOf } from '../../runs/open-problem.ts'
import { openStore } from '../../weights/device.ts'
import { lineageOf } from '../../weights/lineage.ts'
import type { Groups } from '../../weights/merge.ts'
import type { Parents } from '../../weights/parents.ts'
import type { VectorStore } from '../../weights/vector-store.ts'
import { composedSource, linearSource, type MixSource } from './sources.ts'
import { type MixTask, openMixTasks } from './tasks.ts'
import { inWaves, type Pace } from './waves.ts'

export interface MixHost {
  backend: Backend
  open: OpenSource
  images?: ImageHost | undefined
  features?: FeatureCache | undefined // where those of linearised runs are kept
  signal: AbortSignal // it is not wanted any more
}

export interface Mix {
  images: number[] // of each task
  instant: boolean
  /** Throws config-invalid for coefficients of another form. */
  score(coefficients: MixCoefficients, isWanted: () => boolean): AsyncGenerator<MixScores>
  close(): Promise<void>
}

/** groups: the columns of its coefficients. The parents stay the caller's, and open. */
export async function* openMix(
  request: MixRequest,
  parents: Parents,
  groups: Groups,
  host: MixHost,
): AsyncGenerator<Progress, Mix> {
  const { recipe } = request
  const tasks = yield* openMixTasks(request, parents.architecture, host)
  let isOpen = false
  try {
    const course = { control: recipe.control ?? ('none' as const), seed: recipe.seed ?? 0 }
    const own = chosenOf(recipe)
    const lineage = lineageOf(parents, groups, own, course)
    const place = { request, parents: lineage.parents, groups, tasks, host }
    const source = yield* openMixSource(place)
    const pace: Pace = { compose: null, image: null }
    isOpen = true
    return {
      images: tasks.map(({ images }) => images.count),
      instant: source.instant,
      score: (coefficients, isWanted) => {
        requireForm(coefficients, recipe)
        const table = lineageOf(parents, groups, chosenOf(coefficients), course).coefficients
        return inWaves(source, tasks, table, pace, isWanted)
      },
      close: async () => {
        await source.close()
        for (const { images } of tasks) await images.close()
      },
    }
  } finally {
    if (!isOpen) for (const { images } of tasks) await images.close() // also where nobody waits for it any more
  }
}

const chosenOf = ({ start, iterations }: MixCoefficients): Table[] => [
  fromNumbers(start),
  ...iterations.map((row) => [Float64Array.from(row)]),
]

/** Of random directions the start is what they are measured by, and stays. */
function requireForm({ start, iterations }: MixCoefficients, { control, ...own }: MixRequest['recipe']): void {
  const forms = (rows: readonly (readonly number[])[]): string => rows.map((row) => row.length).join()
  const isMoved = control === 'random' && JSON.stringify(start) !== JSON.stringify(own.start)
  if (forms(start) === forms(own.start) && forms(iterations) === forms(own.iterations) && !isMoved) return
  throw new BasilError({
    code: 'config-invalid',
    what: 'These are no coefficients of the model that is open',
    where: own.name,
    why: isMoved
      ? 'its directions are drawn as long as the difference vector of its start, which stays'
      : `it has (${forms(own.start)}; ${forms(own.iterations)}) numbers in its rows`,
    next: 'go back to its own coefficients',
  })
}

interface Place {
  request: MixRequest
  parents: Parents
  groups: Groups
  tasks: readonly MixTask[]
  host: MixHost
}

async function* openMixSource(place: Place): AsyncGenerator<Progress, MixSource> {
  const { request, parents, groups, tasks, host } = place
  const { architecture } = parents
  const { config } = request
  const tower = { architecture, ops: host.backend.ops, freeBytes: host.backend.freeBytes }
  const microBatch = microBatchFor(config?.microBatch ?? 'auto', host.backend, architecture)
  const linearised = request.recipe.linearised ?? false
  const openVectors = (): Promise<VectorStore> => openStore(host.backend, parents, config?.vectorPrecision ?? 'float32')
  if (linearised && config && host.features) {
    const { signal } = host
    const setup = { tower, tasks, objective: objectiveNamed('cross-entropy'), microBatch, signal }
    const features = yield* featuresOf(place, config, host.features, setup, openVectors)
    if (features) return linearSource(features, architecture.embed)
  }
  yield { type: 'progress', what: 'Opening vectors', done: 0, total: 1 }
  return composedSource({ tower, tasks, store: await openVectors(), groups, linearised, microBatch })
}

/** Of each task, read where the run has left them and computed where it has not; null where they can never fit. */
async function* featuresOf(
  { request, parents, groups, tasks }: Place,
  config: ResolvedConfig,
  cache: FeatureCache,
  setup: TaskSetup,
  openVectors: () => Promise<VectorStore>,
): AsyncGenerator<Progress, Features[] | null> {
  const floats = floatsOf(parents.vectors.length, groups.names.length, parents.architecture.embed)
  const sizes = tasks.map(({ path, images }) => ({ path, images: images.count }))
  if (sizes.reduce((sum, { images }) => sum + cache.bytesFor(images, floats), 0) > cache.capBytes) return null
  const hold = requireRoom(sizes, floats, cache) <= cache.memoryBytes
  const found: Features[] = []
  let store: VectorStore | undefined
  let isOpen = false
  try {
    for (const { name, path, images } of tasks) {
      const wanted = {
        task: name,
        images,
        identity: identityOf({ config, parents, groups, files: request.files }, path),
        hold,
      }
      const maker = {
        place: setup,
        groups,
        vectors: parents.vectors.length,
        cache,
        store: async () => (store ??= await openVectors()),
        stopping: () => false,
      }
      const features = yield* progressOf(openFeatures(maker, wanted))
      if (!features) return null
      found.push(features)
    }
    isOpen = true
    return found
  } finally {
    store?.dispose()
    if (!isOpen) for (const features of found) await features.close()
  }
}

/** A run's events that are told here. */
async function* progressOf<T>(events: AsyncGenerator<EngineEvent, T>): AsyncGenerator<Progress, T> {
  for (;;) {
    const next = await events.next()
    if (next.done) return next.value
    if (next.value.type === 'progress') yield next.value
  }
}
