// A run from configuration to final evaluation, as one visible loop:
//   theta_0 = start(theta_pre, tau);  for k = 1..M:  delta = theta_{k-1} - theta_pre,  theta_k = theta_{k-1} + Lambda_k
//   delta
// with Lambda_k learned from its initial value and kept only if it beats "no change" on the selection metric. By the
// collapse identity delta_k is delta_0 scaled by prod_j (1 + lambda_j): one difference vector serves all iterations.
// Everything that is told is told through events; what a look yields is enough to go on after a crash, to the same
// bits.

import { faultOf } from '../../contract/device-faults.ts'
import { BasilError } from '../../contract/errors.ts'
import { headsByWidth } from '../../contract/known-towers.ts'
import { stepsOf } from '../../contract/merges/step.ts'
import type { ResolvedConfig } from '../../contract/run/config.ts'
import type { EngineEvent } from '../../contract/run/run.ts'
import { objectiveNamed } from '../learning/objective.ts'
import type { Split } from '../learning/problem.ts'
import { selectionBy } from '../learning/selection.ts'
import { vectorNotes } from '../measures/vector-notes.ts'
import { vectorsAfter } from '../merging/vectors-after.ts'
import type { Task, TaskSetup } from '../problems/clip-problem.ts'
import { halvings, microBatchOf } from '../problems/micro-batch.ts'
import { suitedMicroBatch } from '../problems/micro-batch-trial.ts'
import { useOf } from '../weights/checkpoint.ts'
import { groupsOf } from '../weights/merge.ts'
import { openParents, type Parents } from '../weights/parents.ts'
import { announce } from './announce.ts'
import type { Context, RunHost } from './context.ts'
import { finalEvaluation, references } from './evaluate.ts'
import { roomFor } from './open-problem.ts'
import { Remaining } from './remaining.ts'
import { learnAll } from './stages.ts'
import { type RunStatistics, runStatistics } from './statistics.ts'
import { closeTasks, openTasks } from './tasks.ts'

export async function* run(config: ResolvedConfig, host: RunHost): AsyncGenerator<EngineEvent> {
  const began = performance.now()
  const waited = { seconds: 0 } // for pixels
  let tasks: Task[] = []
  let looked: RunStatistics | null = null
  const opened = await openParents(config.pretrained, config.vectors, host.open, useOf(config))
  let microBatch = microBatchOf(0)
  try {
    if (host.resume && !config.tower) requireAsBegun(opened)
    if (config.trim !== null) yield { type: 'progress', what: 'Trimming vectors', done: 0, total: 1 }
    const notes = await vectorNotes(config, opened)
    tasks = yield* openTasks(config, opened.architecture, host)
    microBatch = await suitedMicroBatch(config.microBatch, host.backend, opened.architecture)
    await host.backend.tune?.({ ...opened.architecture, rows: microBatch.size * opened.architecture.tokens })
    looked = yield* runStatistics(config, opened, tasks, host, microBatch)
    const parents = await vectorsAfter({ ...opened, statistics: looked?.statistics ?? [] }, stepsOf(config))
    const groups = groupsOf(parents, config.blocks)
    const files = yield* announce(config, host, parents, groups, tasks, { notes, statistics: looked?.files ?? [] })
    const place: TaskSetup = {
      tower: {
        architecture: parents.architecture,
        ops: host.backend.ops,
        freeBytes: host.backend.freeBytes,
      },
      tasks,
      objective: objectiveNamed(config.objective),
      microBatch,
      signal: host.signal,
      waited,
      pace: host.pace,
    }
    roomFor({ config, host, parents, groups, place })
    const split: Split = config.select === 'training-loss' ? 'training' : 'validation'
    const { reference, pretrained } = yield* references(config, host, parents, place, split)
    yield* halvings(microBatch)
    const context: Context = {
      config,
      host,
      parents,
      files,
      groups,
      place,
      selection: selectionBy(config.select, reference, {
        aims: config.tasks.map((t) => t.aim),
        pretrained,
        keep: config.keep,
      }),
      reference,
      remaining: new Remaining(config, began),
    }
    const chosen = yield* learnAll(context)
    yield* finalEvaluation(context, chosen, split, reference)
    yield* halvings(microBatch)
    yield {
      type: 'finished',
      stopped: host.stopping(),
      seconds: (performance.now() - began) / 1000,
      dataWaitSeconds: waited.seconds,
    }
  } catch (error) {
    yield* halvings(microBatch)
    throw faultOf(error, 'the weights of a model')
  } finally {
    await closeTasks(tasks)
    await looked?.close()
    await opened.close()
  }
}

/** Of a run begun by 0.1.0, which guessed heads from the width and kept no word of it. */
function requireAsBegun({ base: { file, settings, architecture } }: Parents): void {
  const { heads } = settings
  if (heads.value === headsByWidth('vision', architecture.width) && architecture.layerNormEps === 1e-5) return
  throw new BasilError({
    code: 'run-state',
    what: 'The run began with another idea of its models',
    where: file.source.name,
    why: `its first part guessed the heads from the width; there are ${heads.value} (${heads.from})`,
    next: 'start a new run with the same configuration',
  })
}
