// A study: one configuration, what is varied of it, and seeds. Its runs are ordinary runs of the history, one after the
// other; their table is computed from the stored rows. Arms are named variants (a control, another method); a sweep
// makes arms of a field's values. An arm of several parts (a target at a time, a model at a time) is one row of the
// table, the mean over its parts.
import { z } from 'zod'

import { BasilError } from '../errors.ts'
import { iterates, methodCard, methodNames } from '../methods/lookup.ts'
import { configSchema, type RunConfig } from './config.ts'
import { listed } from './in-words.ts'
import { configIssues, resolveConfig } from './resolve.ts'

const figure = z.number().min(0).max(200)
/** What a paper printed for an arm, in %: shown beside, never counted. */
const printedSchema = z.strictObject({
  accuracy: figure.optional(),
  relativeAccuracy: figure.optional(),
  control: figure.optional(),
})
export type Printed = z.infer<typeof printedSchema>

/**
 * Fields of the configuration replaced, those of its start as "start.epochs"; null takes a field away where null is no
 * value of it.
 */
const changeSchema = z.record(z.string(), z.unknown())
const armSchema = z.strictObject({
  label: z.string().min(1).max(120),
  part: z.string().max(80).default(''),
  change: changeSchema.default({}),
  paper: printedSchema.optional(),
})
export type Arm = z.input<typeof armSchema>

const value = z.union([z.string(), z.number(), z.boolean(), z.null()])
const range = z.strictObject({ from: z.number(), to: z.number(), log: z.boolean().default(false) })
const sweepSchema = z.strictObject({
  /** "learningRate" or "start.epochs" to its values, or to a range that random values are drawn from. */
  fields: z.record(z.string(), z.union([z.array(value).min(1), range])),
  how: z.enum(['grid', 'list', 'random']).default('grid'), // list: the n-th values of all fields together
  samples: z.number().int().min(1).max(500).default(10), // of random
})
type Sweep = z.infer<typeof sweepSchema>

const seed = z
  .number()
  .int()
  .min(0)
  .max(2 ** 32 - 1)

export const studySchema = z.strictObject({
  name: z.string().min(1).max(200),
  config: configSchema,
  change: changeSchema.default({}), // of every arm, before its own
  arms: z.array(armSchema).max(500).default([]), // none: the configuration as it is
  sweep: sweepSchema.optional(),
  seeds: z.array(seed).min(1).max(100).default([0]),
})
export type StudyDefinition = z.infer<typeof studySchema>

export interface PlannedRun {
  arm: string
  part: string
  seed: number
  config: RunConfig
}

const mostRuns = 10_000 // a cluster takes as many; one machine is at them for weeks

/** Whether somebody wrote it as a study: it names a configuration, and what is varied of it. */
export function isMeantAsStudy(found: unknown): boolean {
  const has = (field: string): boolean => typeof found === 'object' && found !== null && Object.hasOwn(found, field)
  return has('config') && (has('seeds') || has('arms') || has('sweep'))
}

/** Throws config-invalid. */
export function parseStudy(definition: unknown): StudyDefinition {
  const parsed = studySchema.safeParse(definition)
  if (parsed.success) return parsed.data
  const issues = parsed.error.issues.map(({ path, message }) => ({ field: path.join('.') || 'study', message }))
  throw invalid(
    issues.map(({ field }) => field).join(', '),
    issues.map(({ field, message }) => `${field}: ${message}`).join('; '),
    'correct the field',
  )
}

/**
 * Every run of a study, seed by seed, so that each arm has one before any has two. draw(i) gives the i-th of the
 * numbers in [0, 1) that random sweeps need. Throws config-invalid naming arm and field.
 */
export function plannedRuns(definition: StudyDefinition, draw: (i: number) => number): PlannedRun[] {
  const { name, seeds } = definition
  const base = changed(definition.config, definition.change)
  const arms = definition.arms.length
    ? definition.arms
    : [{ label: definition.sweep ? '' : (base.name ?? base.method), part: '', change: {} }]
  if (new Set(seeds).size !== seeds.length) throw invalid('seeds', 'a seed is there twice', 'give every seed once')
  const swept: Change[] = definition.sweep ? changesOf(definition.sweep, draw) : [{ label: '', change: {} }]
  const all = arms.flatMap((arm) =>
    swept.map((sweep) => ({
      arm: [arm.label, sweep.label].filter(Boolean).join(', '),
      part: arm.part,
      config: changed(changed(base, arm.change), sweep.change),
    })),
  )
  const full = ({ arm, part }: { arm: string; part: string }): string => (part ? `${arm}, ${part}` : arm)
  const twice = all.find((one, i) => all.findIndex((other) => full(other) === full(one)) !== i)
  if (twice)
    throw invalid(full(twice), 'two arms have this name', 'give every arm, or every part of it, a name of its own')
  if (all.length * seeds.length > mostRuns)
    throw invalid(
      name,
      `it has ${all.length * seeds.length} runs; ${mostRuns} is the most`,
      'take fewer values or seeds',
    )
  for (const one of all)
    for (const { field, message } of configIssues(one.config))
      throw invalid(full(one), `${field}: ${message}`, 'correct what the arm changes')
  return seeds.flatMap((seed) =>
    all.map((one) => ({
      ...one,
      seed,
      config: { ...one.config, seed, name: `${name}: ${full(one)}, seed ${seed}`.slice(0, 200) },
    })),
  )
}

/** The configuration with fields replaced. What it becomes is judged by the schema, like any other. */
function changed(config: RunConfig, change: Record<string, unknown>): RunConfig {
  const result = { ...config }
  for (const [name, replaced] of Object.entries(change)) {
    if (name === 'seed') throw invalid('seed', 'it is varied by the seeds of the study', 'list them as "seeds"')
    const inStart = /^start\.(.+)$/.exec(name)?.[1]
    const put = inStart ? { start: without({ ...result.start, [inStart]: replaced }) } : { [name]: replaced }
    Object.assign(result, put)
  }
  return without(result)
}

const nullable = ['clipNorm', 'patience', 'clamp', 'penaltyNorm', 'budget'] // null says something there

function without<T extends object>(fields: T): T {
  return Object.fromEntries(
    Object.entries(fields).filter(([name, v]) => v !== undefined && (v !== null || nullable.includes(name))),
  ) as T
}

type Change = Pick<Arm, 'label'> & { change: Record<string, unknown> }

function changesOf({ fields, how, samples }: Sweep, draw: (i: number) => number): Change[] {
  const entries = Object.entries(fields)
  const named = (values: readonly unknown[]): Change => ({
    label: entries.map(([name], i) => `${name} ${values[i]}`).join(', '),
    change: Object.fromEntries(entries.map(([name], i) => [name, values[i]])),
  })
  if (how === 'random') {
    const all = Array.from({ length: samples }, (_, s) =>
      named(entries.map(([, from], i) => drawn(from, draw(s * entries.length + i)))),
    )
    return [...new Map(all.map((one) => [one.label, one])).values()] // what is drawn twice is run once
  }
  const lists = entries.map(([name, values]): readonly unknown[] => {
    if (Array.isArray(values)) return values
    throw invalid(
      name,
      `it is a range, which "${how}" cannot walk`,
      'list its values, or draw them with "how": "random"',
    )
  })
  if (how === 'grid')
    return lists
      .reduce<unknown[][]>((rows, list) => rows.flatMap((row) => list.map((v) => [...row, v])), [[]])
      .map(named)
  const length = lists[0]?.length ?? 0
  if (lists.some((list) => list.length !== length))
    throw invalid('sweep', 'its lists have different lengths', 'give every field as many values')
  return Array.from({ length }, (_, n) => named(lists.map((list) => list[n])))
}

function drawn(from: Sweep['fields'][string], u: number): unknown {
  if (Array.isArray(from)) return from[Math.floor(u * from.length)]
  const { from: a, to: b, log } = from
  if (log && !(a > 0 && b > 0))
    throw invalid('sweep', 'a logarithmic range must be above 0', 'give from and to above 0')
  return Number((log ? a * (b / a) ** u : a + u * (b - a)).toPrecision(6))
}

/**
 * The controls that must stand beside an iterated method, each of its own budget: one coefficient for all blocks,
 * random directions, restarts with free coefficients, its start run as long as start and iterations together, a three
 * times larger rate, no decay. Empty for others.
 */
export function controlArms(config: RunConfig): Arm[] {
  if (!iterates(config.method) || !config.start) return []
  const long = longRun(config)
  return [
    { label: methodCard(config.method)?.title ?? config.method },
    { label: 'isotropic', change: { control: 'isotropic' } },
    { label: 'random direction', change: { control: 'random' } },
    // free coefficients begin where they are
    { label: 'restart only', change: { control: 'restart', initialCoefficient: null } },
    ...(long ? [long] : []),
    { label: 'larger rate', change: { learningRate: 3 * (config.learningRate ?? 0.01) } },
    { label: 'no decay', change: { weightDecay: 0 } },
  ]
}

/** A configuration with its controls as a study. Throws config-invalid, also where it has none. */
export function controlsOf(config: unknown): StudyDefinition {
  const [issue] = configIssues(config)
  if (issue) throw invalid(issue.field, issue.message, 'correct the configuration')
  const parsed = configSchema.parse(config)
  const arms = controlArms(parsed)
  if (!arms.length)
    throw invalid(
      'method',
      `${parsed.method} has no iterations to control`,
      `take a configuration of ${listed(methodNames('iteration'), 'or')}`,
    )
  return studySchema.parse({ name: `Controls of ${parsed.name ?? parsed.method}`.slice(0, 200), config, arms })
}

/** null where the start does not learn by steps, or where steps cannot be added to epochs. */
function longRun(config: RunConfig): Arm | null {
  const { start, iteration, iterations } = resolveConfig(config, (path) => path)
  if (!iteration || methodCard(start.method)?.learns.by !== 'gradient') return null
  const whole =
    start.steps !== null && iteration.steps !== null
      ? { steps: start.steps + iterations * iteration.steps, epochs: null }
      : start.epochs !== null && iteration.epochs !== null
        ? { steps: null, epochs: start.epochs + iterations * iteration.epochs }
        : null
  return (
    whole && { label: 'one long run', change: { ...start, start: null, iterations: null, control: 'none', ...whole } }
  )
}

function invalid(where: string, why: string, next: string): BasilError {
  return new BasilError({ code: 'config-invalid', what: 'The study is not valid', where, why, next })
}
