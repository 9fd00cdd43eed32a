// A stored run's settings as a configuration that can be changed and started again; the way back from resolveConfig().
import type { ResolvedConfig, RunConfig, StageSettings } from '../../src-main/contract/config.ts'

/** Whether the run's files lie in this folder, so that a project opened there may read them. */
export function liesIn(config: ResolvedConfig, folder: string): boolean {
  return config.pretrained !== relative(config.pretrained, folder)
}

/** Paths inside the folder become relative to it; others stay as they are. */
export function configOfRun(config: ResolvedConfig, folder: string): RunConfig {
  const near = (path: string) => relative(path, folder)
  const nearOrNone = (path: string | null) => (path === null ? undefined : near(path))
  const fromCheckpoint = config.start.method === 'checkpoint'
  const own = config.iteration ?? config.start
  return {
    name: config.name,
    method: config.method,
    pretrained: near(config.pretrained),
    vectors: fromCheckpoint ? [] : config.vectors.map(near),
    tasks: config.tasks.map((t) => ({
      name: t.name,
      data: near(t.data),
      head: near(t.head),
      validation: nearOrNone(t.validation),
      test: nearOrNone(t.test),
      finetuned: nearOrNone(t.finetuned),
    })),
    objective: config.objective,
    blocks: config.blocks,
    select: config.select,
    linearised: config.linearised,
    batch: config.batch,
    seed: config.seed,
    activation: config.activation,
    microBatch: config.microBatch,
    vectorPrecision: config.vectorPrecision,
    testEach: config.testEach,
    ...settings(own),
    ...(config.method === 'dv-basi' && {
      iterations: config.iterations,
      start: {
        method: config.start.method === 'dv-basi' ? 'atlas' : config.start.method,
        ...(fromCheckpoint && { checkpoint: near(config.vectors[0] ?? '') }),
        ...settings(config.start),
      },
    }),
  }
}

function settings(stage: StageSettings) {
  const { steps, epochs, initialCoefficient, learningRate, weightDecay, clipNorm, patience } = stage
  const length = steps === null ? { epochs: epochs ?? undefined } : { steps }
  return { ...length, initialCoefficient, learningRate, weightDecay, clipNorm, patience }
}

function relative(path: string, folder: string): string {
  const end = folder.replace(/[/\\]$/, '').length
  const inside = path.startsWith(folder.slice(0, end)) && /[/\\]/.test(path[end] ?? '')
  return inside ? path.slice(end + 1) : path
}
