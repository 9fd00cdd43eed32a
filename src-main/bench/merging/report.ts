// What the benchmark of merges says, as one JSON document and as a table: seconds by the clock and of all processors,
// the peak of the largest process, and the medians of the paired rounds' ratios (ours / the peer's).
import { z } from 'zod'

import { aligned, gigabytes, machineSchema } from '../report.ts'

export const spentSchema = z.object({ wall: z.number(), cpu: z.number(), peak: z.number() })
export type Spent = z.infer<typeof spentSchema>

const resultSchema = z.object({
  name: z.string(),
  peer: z.string(),
  rounds: z.number(),
  bytes: z.number(), // of all models
  ours: spentSchema.nullable(),
  theirs: spentSchema.nullable(),
  ratio: spentSchema.nullable(),
  ofDisk: z.number().nullable(), // our rate over that of reading the files one behind the other
  load: z.number(), // of the machine in the last minute
  problem: z.string(),
})
export type MergingResult = z.infer<typeof resultSchema>

export const mergingSchema = z.object({
  type: z.literal('merging'),
  basil: z.string(),
  date: z.string(), // ISO 8601, UTC
  machine: machineSchema,
  peer: z.string(), // which, or why there is none
  results: z.array(resultSchema),
})
export type Merging = z.infer<typeof mergingSchema>

export function mergingLines({ machine, peer, results }: Merging): string[] {
  const seconds = (s: number | undefined): string => s?.toFixed(1) ?? '-'
  const two = (x: number | null | undefined): string => x?.toFixed(2) ?? '-'
  const rows = results.map((r) => [
    r.name,
    r.peer,
    ...[seconds(r.ours?.wall), seconds(r.theirs?.wall), two(r.ratio?.wall)],
    ...[seconds(r.ours?.cpu), seconds(r.theirs?.cpu), two(r.ratio?.cpu)],
    ...[gigabytes(r.ours?.peak), gigabytes(r.theirs?.peak), two(r.ratio?.peak)],
    ...[two(r.ofDisk), r.load.toFixed(1), r.problem],
  ])
  const three = (name: string): string[] => [name, 'peer', 'ratio']
  return [
    `${machine.cores} cores, ${machine.processor}; ${peer}`,
    ...aligned([
      ['case', 'against', ...three('wall s'), ...three('CPU s'), ...three('peak GB'), 'of disk', 'load', ''],
      ...rows,
    ]),
  ]
}
