// From a configuration as written to one with nothing left open: defaults filled in, paths absolute, stages spelled out.
import { z } from 'zod'

import { configSchema, type ResolvedConfig, type RunConfig, type StageSettings } from './config.ts'
import { BasilError } from './errors.ts'

export interface ConfigIssue {
  field: string
  message: string
}

const defaults = { epochs: 10, learningRate: 0.01, weightDecay: 0.1, clipNorm: 1, patience: null, iterations: 3 }

/** Every problem of a configuration, each with its field ("tasks[0].data"); none when it is sound. */
export function configIssues(config: unknown): ConfigIssue[] {
  const parsed = configSchema.safeParse(config)
  if (parsed.success) return []
  return parsed.error.issues.map((issue) => {
    const unknown = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined
    return unknown === undefined
      ? { field: fieldName(issue.path), message: issue.message }
      : { field: fieldName([...issue.path, unknown]), message: 'there is no such field' }
  })
}

/** absolute turns a path of the configuration into an absolute one. Throws config-invalid naming the first wrong field. */
export function resolveConfig(config: unknown, absolute: (path: string) => string): ResolvedConfig {
  const parsed = configSchema.safeParse(config)
  if (!parsed.success) {
    const issues = configIssues(config)
    throw new BasilError({
      code: 'config-invalid',
      what: 'The configuration is not valid',
      where: issues.map((i) => i.field).join(', '),
      why: issues.map((i) => `${i.field}: ${i.message}`).join('; '),
      next: 'correct the field; "basil schema" prints what is allowed',
    })
  }
  const c = parsed.data
  const vectors = (c.start?.method === 'checkpoint' ? [c.start.checkpoint ?? ''] : c.vectors).map(absolute)
  const references = c.vectors.map(absolute)
  const own = stage(c.method, c, c.method === 'dv-basi' ? 0.1 : 0)
  return {
    name: c.name ?? `${c.method} on ${c.tasks.map((t) => t.name).join(', ')}`.slice(0, 200),
    method: c.method,
    pretrained: absolute(c.pretrained),
    vectors,
    tasks: c.tasks.map((t, i) => ({
      name: t.name,
      data: absolute(t.data),
      head: absolute(t.head),
      validation: t.validation ? absolute(t.validation) : null,
      test: t.test ? absolute(t.test) : null,
      finetuned: t.finetuned ? absolute(t.finetuned) : referenceOf(t.name, i, references, c.tasks.length),
    })),
    objective: c.objective,
    blocks: c.blocks,
    select: c.select ?? (c.tasks.every((t) => t.validation) ? 'validation-loss' : 'training-loss'),
    linearised: c.linearised,
    batch: c.batch,
    seed: c.seed,
    activation: c.activation,
    microBatch: c.microBatch,
    vectorPrecision: c.vectorPrecision,
    testEach: c.testEach,
    start: c.start
      ? stage(c.start.method, { ...c, steps: undefined, epochs: undefined, initialCoefficient: undefined, ...given(c.start) }, 0)
      : own,
    iterations: c.method === 'dv-basi' ? (c.iterations ?? defaults.iterations) : 0,
    iteration: c.method === 'dv-basi' ? own : null,
  }
}

/** The configuration's JSON Schema (draft 2020-12), for editors and scripts. */
export function configJsonSchema(): object {
  return z.toJSONSchema(configSchema, { io: 'input' })
}

type Written = Pick<RunConfig, 'steps' | 'epochs' | 'initialCoefficient' | 'learningRate' | 'weightDecay' | 'clipNorm' | 'patience'>

function stage(method: StageSettings['method'], c: Written, initialCoefficient: number): StageSettings {
  return {
    method,
    steps: c.steps ?? null,
    epochs: c.epochs ?? (c.steps === undefined ? defaults.epochs : null),
    initialCoefficient: c.initialCoefficient ?? initialCoefficient,
    learningRate: c.learningRate ?? defaults.learningRate,
    weightDecay: c.weightDecay ?? defaults.weightDecay,
    clipNorm: c.clipNorm === undefined ? defaults.clipNorm : c.clipNorm,
    patience: c.patience ?? defaults.patience,
  }
}

/** Without the fields that were left out, so that they do not hide what they inherit. */
function given<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as Partial<T>
}

function referenceOf(task: string, place: number, vectors: string[], tasks: number): string | null {
  const named = vectors.filter((v) => (v.split(/[/\\]/).pop() ?? '').toLowerCase().includes(task.toLowerCase()))
  if (named.length === 1) return named[0] ?? null
  return vectors.length === tasks ? (vectors[place] ?? null) : null
}

function fieldName(path: PropertyKey[]): string {
  return path.map((p, i) => (typeof p === 'number' ? `[${p}]` : i ? `.${String(p)}` : String(p))).join('') || 'configuration'
}
