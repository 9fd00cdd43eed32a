// What a run would take, and whether it can: headers of every file are read and held against each other, and of the
// weights as few as show that a model has something to add.
// Late errors after a long wait are the field's sorest point, so test data is looked at here too, though not its
// labels.

import type { Plan } from '../../contract/engine-api.ts'
import { namesAfter, stepsOf } from '../../contract/merges/step.ts'
import type { ResolvedConfig } from '../../contract/run/config.ts'
import { operationsOf } from '../../contract/run/work.ts'
import type { ImageHost } from '../datasets/prepared.ts'
import type { FeatureCache } from '../formats/feature-cache.ts'
import type { OpenSource } from '../formats/source.ts'
import { vectorNotes } from '../measures/vector-notes.ts'
import { floatsOf, learningSplits, requireRoom } from '../problems/linear-features.ts'
import { microBatchFor } from '../problems/micro-batch.ts'
import { openCheckpoint, useOf } from '../weights/checkpoint.ts'
import { groupsOf } from '../weights/merge.ts'
import { openParents, parameterCount } from '../weights/parents.ts'
import { describeTasks } from './tasks.ts'

/** features: where precomputed features would be kept; that they fit is found out here, not after hours. */
export async function checkRun(
  config: ResolvedConfig,
  open: OpenSource,
  features?: FeatureCache,
  images?: ImageHost,
): Promise<Plan> {
  const parents = await openParents(config.pretrained, config.vectors, open, useOf(config))
  try {
    const { architecture } = parents
    const warnings = [...parents.warnings]
    for (const t of config.tasks)
      if (t.finetuned && !config.vectors.includes(t.finetuned)) {
        const { file, warnings: theirs } = await openCheckpoint(t.finetuned, open, parents.base)
        await file.source.close()
        warnings.push(...theirs)
      }
    const tasks = await describeTasks(config, architecture, { open, images })
    const groups = groupsOf(parents, config.blocks)
    const parameters = parameterCount(parents)
    const vectors = namesAfter(config.vectors, stepsOf(config)).length // rows of the coefficient table
    if (config.linearised === 'cached' && features) {
      const floats = floatsOf(vectors, groups.names.length, architecture.embed)
      const splits = learningSplits(config).map(({ task, split, path }) => ({
        path,
        images: tasks[task]?.[split] ?? 0,
      }))
      requireRoom(splits, floats, features)
    }
    const rows = microBatchFor(config.microBatch, { kind: 'native-cpu' }, architecture).size * architecture.tokens
    const activations =
      4 *
      rows *
      architecture.layers *
      (8 * architecture.width + architecture.mlp + architecture.heads * architecture.tokens)
    return {
      parameters,
      blocks: groups.names.length,
      vectors,
      notes: await vectorNotes(config, parents),
      warnings,
      tower: parents.base.settings,
      coefficients: groups.names.length * vectors,
      images: tasks.reduce((sum, t) => sum + t.training + t.validation + t.test, 0),
      tasks: tasks.map(({ task, training, validation, test }) => ({ task, training, validation, test })),
      operations: operationsOf(architecture),
      cacheBytes: tasks.reduce((sum, t) => sum + t.diskBytes, 0),
      memoryBytes:
        parameters * (8 + vectors * (config.vectorPrecision === 'float16' ? 2 : 4)) +
        activations +
        tasks.reduce((sum, t) => sum + t.bytes, 0),
    }
  } finally {
    await parents.close()
  }
}
