// What a merge that a run begins with wants to know of images: found on the learning data of the run's own tasks, each
// model on its own, before anything is learned. It is a file of the run, as its models are.
import type { ResolvedConfig } from '../../contract/run/config.ts'
import type { EngineEvent, Parent } from '../../contract/run/run.ts'
import { merges } from '../merging/index.ts'
import { openStatistics } from '../merging/statistics/given.ts'
import { wantedBy } from '../merging/statistics/wanted-by.ts'
import type { Task } from '../problems/clip-problem.ts'
import type { MicroBatch } from '../problems/micro-batch.ts'
import { collect } from '../problems/statistics/collect.ts'
import type { LookedAt } from '../problems/statistics/images.ts'
import type { Parents } from '../weights/parents.ts'
import type { RunHost } from './context.ts'

export interface RunStatistics extends Pick<Awaited<ReturnType<typeof openStatistics>>, 'statistics' | 'close'> {
  files: Parent[]
}

/** Nothing of a run whose merge wants none. */
export async function* runStatistics(
  config: ResolvedConfig,
  parents: Parents,
  tasks: readonly Task[],
  host: RunHost,
  microBatch: MicroBatch,
): AsyncGenerator<EngineEvent, RunStatistics | null> {
  const { merge: step } = config
  const wanted = step && wantedBy(merges, step)
  if (!step || !wanted) return null
  if (!host.statistics) throw new Error('there is no place for statistics')
  const { ops } = host.backend
  const own: LookedAt[] = []
  for (const vector of config.vectors) own.push(await taskOf(config, tasks, vector, host))
  const found = yield* collect({
    wanted,
    step,
    parents,
    pretrained: (await host.hash(config.pretrained)).sha256,
    tasks: own,
    place: {
      tower: { architecture: parents.architecture, ops, freeBytes: host.backend.freeBytes },
      microBatch,
      signal: host.signal,
    },
    store: host.statistics,
  })
  const opened = await openStatistics(
    found.map(({ file }) => file),
    parents.vectors.length,
    host.open,
  )
  return { ...opened, files: found.map((file) => ({ role: 'statistics', ...file })) }
}

async function taskOf(
  config: ResolvedConfig,
  tasks: readonly Task[],
  vector: string,
  { hash }: RunHost,
): Promise<LookedAt> {
  const place = config.tasks.findIndex(({ finetuned }) => finetuned === vector)
  const images = tasks[place]?.splits.training
  if (!images) throw new Error(`no task of ${vector}`) // the configuration is refused before
  const { name, head } = tasks[place] as Task
  return { name, head, images, model: (await hash(vector)).sha256 }
}
