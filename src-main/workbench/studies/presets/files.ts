// The files of resources/presets: what each of the paper's tables needs (T1.json and so on), how a protocol learns
// (protocols.json: strict, paper, released code), the field's epochs and rates of negation, and what the paper printed,
// which stands beside and is never counted.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { z } from 'zod'

import { BasilError } from '../../../contract/errors.ts'
import type { Printed } from '../../../contract/run/study.ts'

const fields = z.record(z.string(), z.unknown())
const families = ['standard', 'linear', 'tau-jp'] as const
export type Family = (typeof families)[number]

const presetSchema = z.strictObject({
  name: z.string(),
  title: z.string(),
  kind: z.enum(['addition', 'negation', 'adaptation', 'refinement']),
  sets: z.array(z.string()).min(1),
  control: z.string().optional(), // the set that negation must keep
  arms: z
    .array(
      z.strictObject({
        label: z.string(),
        use: z.string(), // one of the protocol's methods
        models: z.enum(families),
        change: fields.default({}),
        paper: z.string().optional(), // its row in the paper's table
      }),
    )
    .min(1),
  sweep: fields.optional(),
  without: z.array(z.string()).default([]), // rows of the table that Basil does not offer, and why
})
export type Preset = z.infer<typeof presetSchema>

const protocolSchema = z.strictObject({
  words: z.string(),
  learn: z.string(), // the split coefficients are learned on, and the one that selects
  select: z.string(),
  shared: fields,
  methods: z.record(z.string(), fields),
  adaptation: fields.and(z.object({ labels: z.boolean() })), // of T4; labels: those of validation data select
  differs: z.array(z.string()), // from what its name says
})
export type Protocol = z.infer<typeof protocolSchema>

const rates = z.record(z.string(), z.strictObject({ epochs: z.number(), learningRate: z.number() }))
const negationSchema = z.strictObject({ batch: z.number(), patience: z.number(), atlas: rates, 'dv-basi': rates })

const figures = z.array(z.number())
const paperSchema = z.strictObject({
  source: z.string(),
  tables: z.record(
    z.string(),
    z.strictObject({
      title: z.string(),
      figures: z.array(z.enum(['finetuned', 'accuracy', 'relativeAccuracy', 'control'])), // what stands in each column
      rows: z.array(z.strictObject({ row: z.string(), models: z.record(z.string(), figures) })),
      mean: z.record(z.string(), figures).optional(), // as printed, of rows that are printed too
    }),
  ),
  remarks: z.array(z.string()),
})
export type PaperTables = z.infer<typeof paperSchema>

export interface Presets {
  presets: Preset[]
  protocols: Record<string, Protocol>
  negation: z.infer<typeof negationSchema>
  paper: PaperTables
}

const others = ['protocols.json', 'negation.json', 'paper-tables.json']

/** resources: the program's folder of that name. */
export function readPresets(resources: string): Presets {
  const folder = join(resources, 'presets')
  const read = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'))
  const names = readdirSync(folder).filter((name) => name.endsWith('.json') && !others.includes(name))
  return {
    presets: names.sort().map((name) => presetSchema.parse(read(name))),
    protocols: z.record(z.string(), protocolSchema).parse(read('protocols.json')),
    negation: negationSchema.parse(read('negation.json')),
    paper: paperSchema.parse(read('paper-tables.json')),
  }
}

/** Throws config-invalid naming those there are. */
export function named<T>(what: string, name: string, known: Record<string, T>): T {
  const found = Object.entries(known).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1]
  if (found !== undefined) return found
  throw new BasilError({
    code: 'config-invalid',
    what: `There is no such ${what}`,
    where: name,
    why: `Basil has ${Object.keys(known).join(', ')}`,
    next: 'choose one of them',
  })
}

/** "B/32" of "ViT-B-32", as the paper calls it. */
const sizeOf = (model: string): string => model.replace(/^ViT-/i, '').replace('-', '/')

/** A row of the paper's table for a model, its mean where no row is named; undefined where it has none. */
export function printedFor(
  { tables }: PaperTables,
  table: string,
  row: string | undefined,
  model: string,
): Printed | undefined {
  const found = tables[table]
  const values = (row === undefined ? found?.mean : found?.rows.find((one) => one.row === row)?.models)?.[sizeOf(model)]
  if (!found || !values) return undefined
  return Object.fromEntries(found.figures.flatMap((figure, i) => (figure === 'finetuned' ? [] : [[figure, values[i]]])))
}

/**
 * Means computed from the printed rows, beside the printed means: a row that is there twice counts once, as it stands
 * first.
 */
export function recomputed({
  tables,
}: PaperTables): { table: string; model: string; printed: number[]; ofRows: number[]; distinct: number[] }[] {
  return Object.entries(tables).flatMap(([table, { rows, mean = {} }]) =>
    Object.entries(mean).map(([model, printed]) => {
      const all = rows.map(({ models }) => models[model] ?? [])
      const once = rows
        .filter(({ row }, i) => rows.findIndex((other) => other.row === row) === i)
        .map(({ models }) => models[model] ?? [])
      return { table, model, printed, ofRows: meansOf(all), distinct: meansOf(once) }
    }),
  )
}

function meansOf(rows: readonly (readonly number[])[]): number[] {
  return (rows[0] ?? []).map((_, i) => rows.reduce((sum, row) => sum + (row[i] ?? Number.NaN), 0) / rows.length)
}
