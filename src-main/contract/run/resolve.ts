// From a configuration as written to one with nothing left open: defaults filled in, paths absolute, stages spelled
// out.
import { z } from 'zod'

import { BasilError } from '../errors.ts'
import { mergeCard, type Step } from '../merges/step.ts'
import { iterates, methodCard, reads } from '../methods/lookup.ts'
import { configSchema, type ResolvedConfig, type RunConfig } from './config.ts'
import { ownModel, pooled } from './pool.ts'
import type { StageSettings } from './stage.ts'

export interface ConfigIssue {
  field: string
  message: string
}

const iterations = 3
const common = {
  epochs: 10,
  initialCoefficient: 0,
  learningRate: 0.01,
  weightDecay: 0.1,
  clipNorm: 1,
  patience: null,
  clamp: null,
  penaltyNorm: null,
  penaltyStrength: 0.5,
  combine: 'sum',
  schedule: 'none',
  budget: null,
  klWeight: 1,
  priorDeviation: 1,
  priorInclusion: 0.1,
  gate: 1,
} as const
const stageFields = Object.keys(common) as (keyof typeof common)[]

/** What a method's own paper starts from, where that is something else. */
function ownOf(method: string): Partial<Omit<StageSettings, 'method' | 'steps'>> {
  const said = methodCard(method)?.reads ?? {}
  return given(Object.fromEntries(stageFields.map((key) => [key, said[key]?.value])))
}

/** What the empty fields of a method stand for. */
export function methodDefaults(method: string): Record<string, unknown> {
  const trim = methodCard(method)?.reads.trim?.value
  return { ...common, iterations, ...ownOf(method), ...(trim !== undefined && { trim }) }
}

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

/**
 * absolute turns a path of the configuration into an absolute one. Throws config-invalid naming the first wrong field.
 */
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
      inWindow: 'correct the field',
    })
  }
  const c = parsed.data
  const vectors = reads(c.start?.method ?? '', 'checkpoint')
    ? [absolute(c.start?.checkpoint ?? '')]
    : pooled(c, absolute)
  const own = c.tasks.map((_, i) => ownModel(c, i))
  // free coefficients go on from where they are
  const main = stage(
    c.method,
    c.control === 'restart' ? { initialCoefficient: 0, ...given(c) } : ownCoefficient(mergeOf(c), c),
  )
  const isIterated = iterates(c.method)
  const asked = mergeOf(c.start ?? c)
  const startMethod = c.start?.method ?? c.method
  return {
    name: c.name ?? `${c.method} on ${c.tasks.map((t) => t.name).join(', ')}`.slice(0, 200),
    method: c.method,
    pretrained: absolute(c.pretrained),
    vectors,
    tasks: c.tasks.map((t, i) => ({
      name: t.name,
      aim: t.aim,
      data: absolute(t.data),
      head: absolute(t.head),
      validation: t.validation ? absolute(t.validation) : null,
      test: t.test ? absolute(t.test) : null,
      finetuned: own[i] ? absolute(own[i]) : null,
    })),
    objective: c.objective,
    ufm: c.ufm,
    blocks: c.blocks,
    select: c.select ?? (c.tasks.every((t) => t.validation) ? 'validation-loss' : 'training-loss'),
    linearised: c.linearised,
    expansion: c.expansion,
    batch: c.batch,
    seed: c.seed,
    activation: c.activation ?? null,
    attentionHeads: c.attentionHeads ?? null,
    layerNormEps: c.layerNormEps ?? null,
    tower: null,
    microBatch: c.microBatch,
    vectorPrecision: c.vectorPrecision,
    products: c.products,
    augment: c.augment,
    onUnreadable: c.onUnreadable,
    keep: c.keep,
    trim: c.trim ?? methodCard(startMethod)?.reads.trim?.value ?? null,
    parts: c.parts,
    merge: asked,
    control: c.control,
    testEach: c.testEach,
    start: c.start
      ? stage(c.start.method, ownCoefficient(asked, c.start), {
          ...c,
          steps: undefined,
          epochs: undefined,
          initialCoefficient: undefined,
        })
      : main,
    iterations: isIterated ? (c.iterations ?? iterations) : 0,
    iteration: isIterated ? main : null,
  }
}

/** The merge without training that is asked for, as a recipe has it. */
function mergeOf({ merge, set = {}, weights }: Pick<RunConfig, 'merge' | 'set' | 'weights'>): Step | null {
  return merge === undefined ? null : { method: merge, parameters: set, ...(weights && { weights }) }
}

/** A merge's coefficient is its own where nobody says. */
function ownCoefficient<W extends Written>(merge: Step | null, written: W): W {
  if (!merge || written.initialCoefficient !== undefined) return written
  return { ...written, initialCoefficient: mergeCard(merge.method).coefficient }
}

/** The configuration's JSON Schema (draft 2020-12), for editors and scripts. */
export function configJsonSchema(): object {
  return z.toJSONSchema(configSchema, { io: 'input' })
}

type Written = Partial<Pick<RunConfig, 'steps' | keyof typeof common>>

/** What is written counts first, then the method's own, then what the start of a run inherits from the rest of it. */
function stage(method: StageSettings['method'], written: Written, inherited: Written = {}): StageSettings {
  const all = { ...common, ...given(pick(inherited)), ...ownOf(method), ...given(pick(written)) }
  return {
    method,
    ...all,
    steps: written.steps ?? null,
    epochs: written.epochs ?? (written.steps === undefined ? all.epochs : null),
  }
}

function pick(written: Written): Partial<typeof common> {
  return Object.fromEntries(stageFields.map((key) => [key, written[key]]))
}

/** Without the fields that were left out, so that they do not hide what they inherit. */
function given<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as Partial<T>
}

function fieldName(path: PropertyKey[]): string {
  return (
    path.map((p, i) => (typeof p === 'number' ? `[${p}]` : i ? `.${String(p)}` : String(p))).join('') || 'configuration'
  )
}
