// The front page of the engine: what it offers to the process it works in (worker/) and to the benchmark. It knows no
// disk: checkpoints, images and heads come through an OpenSource. Long work is an async generator that tells its
// progress and, last, what came of it. This page loads the whole engine; what needs one part alone, as a thread that
// decodes images does, imports that part.

// A device to compute on: native TensorFlow, or the portable engine.

export { type Backend, openBackend } from './devices/backend.ts'
export { infoOf } from './devices/engine.ts'
export type { Ops } from './devices/ops.ts'

// Checkpoints: any format and layout, seen by canonical names; a pre-trained model and those fine-tuned from it.

export { openTensorFile } from './formats/open.ts'
export { type TensorToWrite, writeSafetensors } from './formats/safetensors-writer.ts'
export { requireNoAdapter } from './layouts/adapter.ts'
export { canonical } from './layouts/index.ts'
export { openCheckpoint } from './weights/checkpoint.ts'
export { loadCheckpoint, openStore } from './weights/device.ts'
export { groupsOf } from './weights/merge.ts'
export { openParents } from './weights/parents.ts'

// Runs: what one would take, a whole one, and its parts: tasks, and the problem a method sees.

export type { ImageHost } from './datasets/prepared.ts'
export type { FeatureCache } from './formats/feature-cache.ts'
export { batchOf } from './learning/batch.ts'
export { objectiveNamed } from './learning/objective.ts'
export { createPace } from './learning/pace.ts'
export { clipProblem, measure, type TaskSetup } from './problems/clip-problem.ts'
export { unkept } from './problems/linear-features.ts'
export { microBatchFor } from './problems/micro-batch.ts'
export { checkRun } from './runs/check.ts'
export { type OpenProblem, openProblem } from './runs/open-problem.ts'
export { run } from './runs/run.ts'
export { closeTasks, openTasks, readTasks } from './runs/tasks.ts'

// Fine-tuning: what one would take, and a whole one.

export { checkTuning } from './tuning/check.ts'
export { tune } from './tuning/tune.ts'

// Models outside of a run.

export { disentanglementOf } from './evaluation/disentanglement.ts'
export { openMix } from './evaluation/mix/mix.ts'

// Heads: read from any format, and made by a text tower from names.

export { givenBy } from './architecture/settle.ts'
export { readHeadAs } from './heads/head-file.ts'
export { zeroShotHead } from './heads/zero-shot.ts'
export { loadTextTower } from './models/text/text-tower.ts'
export { createTokenizer } from './models/text/tokenizer.ts'
export { type Head, logitScale } from './problems/head.ts'
