// The document of a visit to a card, which grows by a case at a time, and its two tables: every side of every case, and
// the bars with what was reached.
import { z } from 'zod'

import { aligned, gigabytes, machineSchema, milliseconds } from '../report.ts'
import { type Bar, bars, type CardEngine, mostOfHost } from './cases.ts'
import { type CardSide, cardSideSchema } from './measure.ts'

const cardCaseSchema = z.object({ name: z.string(), seconds: z.number(), sides: z.array(cardSideSchema) })
export type CardCaseResult = z.infer<typeof cardCaseSchema>

export const cardBenchSchema = z.object({
  type: z.literal('bench-card'),
  basil: z.string(),
  date: z.string(), // ISO 8601, UTC
  dry: z.boolean(), // tiny sizes, wherever: the figures say nothing
  machine: machineSchema,
  peer: z.string(), // the PyTorch compared with, or why there is none
  seconds: z.number(), // the visit's time
  left: z.array(z.string()), // cases that were not begun
  cases: z.array(cardCaseSchema),
})
export type CardBench = z.infer<typeof cardBenchSchema>

interface Reached {
  bar: Bar
  engine: CardEngine
  most: number
  value: number | null // null: not measured
}

/** What was reached of each bar: of several kinds of products the best. */
export function reached(cases: readonly CardCaseResult[]): Reached[] {
  const engines: CardEngine[] = ['webgpu', 'cuda']
  return bars.flatMap((bar) => {
    const sides = cases.find(({ name }) => name === bar.case)?.sides ?? []
    return engines.map((engine) => {
      const labels = bar.products.map((kind) => (kind === 'float32' ? engine : `${engine} ${kind}`))
      const values = sides
        .filter(({ label, problem }) => labels.includes(label) && problem === '')
        .flatMap(({ ratio, memoryRatio }) => (bar.of === 'step' ? ratio : memoryRatio) ?? [])
      return { bar, engine, most: bar.most[engine], value: values.length ? Math.min(...values) : null }
    })
  })
}

export function cardLines(result: CardBench): string[] {
  const rows = result.cases.flatMap(({ name, sides }) => sides.map((side) => rowOf(name, side)))
  const head = ['case', 'side', 'ms', 'ratio', 'of a core', 'device GB', 'ratio', 'tensors GB', 'gradient differs by']
  return aligned([head, ...rows])
}

function rowOf(name: string, side: CardSide): string[] {
  const share = (value: number | null): string => (value === null ? '' : value.toFixed(2))
  return [
    name,
    side.label,
    milliseconds(side.wall ?? undefined),
    share(side.ratio),
    side.host === null
      ? ''
      : `${share(side.host)}${!side.label.startsWith('torch') && side.host > mostOfHost ? ' !' : ''}`,
    gigabytes(side.deviceBytes),
    share(side.memoryRatio),
    gigabytes(side.ownBytes),
    [side.difference?.toExponential(1), side.problem].filter(Boolean).join(' '),
  ]
}

export function barLines({ cases, dry }: CardBench): string[] {
  const rows = reached(cases).map(({ bar, engine, most, value }) => [
    bar.case,
    bar.of,
    engine,
    value === null ? 'not measured' : value.toFixed(2),
    `<= ${most.toFixed(1)}`,
    value === null ? '' : dry ? 'tiny sizes' : value <= most ? 'held' : 'missed',
  ])
  return aligned([['bar', 'of', 'engine', "of PyTorch's", 'at most', ''], ...rows])
}
