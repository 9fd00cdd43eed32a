// What a run would take, and whether it can: headers of every file are read and held against each other, weights are not.
// Late errors after a long wait are the field's sorest point, so test data is looked at here too, though not its labels.
import type { ResolvedConfig } from '../contract/config.ts'
import type { Plan } from '../contract/engine-api.ts'
import { describeTasks } from './datasets/tasks.ts'
import type { FeatureCache } from './formats/feature-cache.ts'
import type { OpenSource } from './formats/source.ts'
import { floatsOf, learningSplits, requireRoom } from './models/linear-features.ts'
import { microBatchFor } from './models/micro-batch.ts'
import { groupsOf } from './weights/merge.ts'
import { openCheckpoint, openParents, parameterCount } from './weights/parents.ts'

/** features: where precomputed features would be kept; that they fit is found out here, not after hours. */
export async function checkRun(config: ResolvedConfig, open: OpenSource, features?: FeatureCache): Promise<Plan> {
  const parents = await openParents(config.pretrained, config.vectors, open)
  try {
    const { architecture } = parents
    for (const t of config.tasks)
      if (t.finetuned && !config.vectors.includes(t.finetuned)) await (await openCheckpoint(t.finetuned, open)).file.source.close()
    const tasks = await describeTasks(config, architecture, open)
    const groups = groupsOf(parents, config.blocks)
    const parameters = parameterCount(parents)
    if (config.linearised === 'cached' && features) {
      const floats = floatsOf(parents.vectors.length, groups.names.length, architecture.embed)
      const splits = learningSplits(config).map(({ task, split, path }) => ({ path, images: tasks[task]?.[split] ?? 0 }))
      requireRoom(splits, floats, features)
    }
    const rows = microBatchFor(config.microBatch, { kind: 'native-cpu' }, architecture).size * architecture.tokens
    const activations = 4 * rows * architecture.layers * (12 * architecture.width + architecture.heads * architecture.tokens)
    return {
      parameters,
      blocks: groups.names.length,
      vectors: config.vectors.length,
      coefficients: groups.names.length * config.vectors.length,
      images: tasks.reduce((sum, t) => sum + t.training + t.validation + t.test, 0),
      memoryBytes:
        parameters * (8 + config.vectors.length * (config.vectorPrecision === 'float16' ? 2 : 4)) +
        activations +
        tasks.reduce((sum, t) => sum + t.bytes, 0),
    }
  } finally {
    await parents.close()
  }
}
