// What a benchmark says, as one JSON document: the machine, and for every case both sides' medians, the median of the
// paired rounds' ratios (ours / PyTorch's), the peaks of memory, and how far the gradients of the coefficients are
// apart.
import { z } from 'zod'

import { dataWaitSchema, linearisedSchema, mixSchema } from './protocol.ts'

const measuredSchema = z.object({
  name: z.string(),
  wall: z.number(), // ms, median over rounds
  cpu: z.number(), // ms, of all threads
  peak: z.number().nullable(), // bytes, of the whole process from its start
  deviceMemory: z.number().nullable(), // bytes on the GPU
})
export type MeasuredSide = z.infer<typeof measuredSchema>

export const stepResultSchema = z.object({
  name: z.string(),
  model: z.string(),
  batch: z.number(),
  vectors: z.number(), // 0: forward only
  precision: z.string(), // of our vectors
  rounds: z.number(),
  ours: measuredSchema.nullable(),
  peer: measuredSchema.nullable(), // null: no PyTorch here
  ratio: z.object({ wall: z.number(), cpu: z.number(), peak: z.number().nullable() }).nullable(),
  difference: z.number().nullable(), // max |g - g'| / max |g'| of the gradients; of the losses where there are none
  problem: z.string(), // why a figure is missing, or wrong; empty where nothing is
})
export type StepResult = z.infer<typeof stepResultSchema>

export const mergeResultSchema = z.object({
  name: z.string(),
  vectors: z.number(),
  bytesRead: z.number(), // of all checkpoints, each counted once
  bytesWritten: z.number(),
  rounds: z.number(),
  peak: z.number().nullable(),
  /**
   * Bytes a second: the files read one behind the other, and merged; cold is null where the page cache cannot be
   * emptied of them.
   */
  cold: z.object({ read: z.number(), merge: z.number(), ratio: z.number() }).nullable(),
  warm: z.object({ read: z.number(), merge: z.number(), ratio: z.number() }),
})
export type MergeResult = z.infer<typeof mergeResultSchema>

const adamwSideSchema = z.object({ wall: z.number(), cpu: z.number() }) // ms, medians over rounds
const adamwPeerSchema = adamwSideSchema.extend({ ratio: adamwSideSchema }).nullable() // ratio: ours / PyTorch's, paired
export const adamwResultSchema = z.object({
  name: z.string(),
  numbers: z.number(), // that a step moves
  rounds: z.number(),
  ours: adamwSideSchema,
  fused: adamwPeerSchema, // null: no PyTorch here, or none that has it
  foreach: adamwPeerSchema,
})
export type AdamwResult = z.infer<typeof adamwResultSchema>

export const tuningResultSchema = z.object({
  name: z.string(),
  kind: z.string(),
  batch: z.number(),
  rounds: z.number(),
  against: z.enum(['PyTorch', 'standard']), // the latter is our own
  ours: measuredSchema.nullable(),
  other: measuredSchema.nullable(), // null: no PyTorch here
  ratio: z.object({ wall: z.number(), cpu: z.number(), peak: z.number().nullable() }).nullable(),
  parameters: z.number().nullable(),
  learned: z.number().nullable(), // in tensors of which something moves
  difference: z.number().nullable(), // max |L - L'| / L' over the steps, of PyTorch's
  resumeSeconds: z.number().nullable(), // from a process' start to its first step, that step left out
  problem: z.string(),
})
export type TuningResult = z.infer<typeof tuningResultSchema>

const dataWaitResultSchema = dataWaitSchema.extend({ name: z.string() })
const mixResultSchema = mixSchema.extend({ name: z.string() })
const linearisedResultSchema = linearisedSchema.extend({ name: z.string() })

export const machineSchema = z.object({
  system: z.string(),
  processor: z.string(),
  cores: z.number(),
  memoryBytes: z.number(),
  gpus: z.array(z.string()),
})

export const benchSchema = z.object({
  type: z.literal('bench'),
  basil: z.string(),
  date: z.string(), // ISO 8601, UTC
  machine: machineSchema,
  versions: z.record(z.string(), z.string()),
  engines: z.array(z.string()),
  peer: z.string(), // the PyTorch compared with, or why there is none
  steps: z.array(stepResultSchema),
  merge: mergeResultSchema.nullable(),
  linearised: z.array(linearisedResultSchema),
  dataWait: z.array(dataWaitResultSchema),
  mix: z.array(mixResultSchema),
  adamw: z.array(adamwResultSchema),
  tuning: z.array(tuningResultSchema),
})
export type Bench = z.infer<typeof benchSchema>

export function headLines({ machine, engines, peer, date }: Bench): string[] {
  const { processor, cores, memoryBytes, gpus } = machine
  return [
    `${[`${cores} cores`, processor, `${(memoryBytes / 2 ** 30).toFixed(0)} GiB`, ...gpus].join(', ')}; ${date.slice(0, 10)}`,
    ...engines,
    peer,
  ]
}

export function stepLines(results: readonly StepResult[]): string[] {
  const rows = results.map((r) => [
    r.name,
    milliseconds(r.ours?.wall),
    r.peer ? milliseconds(r.peer.wall) : '',
    r.ratio ? r.ratio.wall.toFixed(2) : r.problem || 'no PyTorch here',
    r.ratio ? r.ratio.cpu.toFixed(2) : '',
    gigabytes(r.ours?.peak),
    r.peer ? gigabytes(r.peer.peak) : '',
    r.ratio?.peak ? r.ratio.peak.toFixed(2) : '',
    r.difference === null ? '' : `${r.difference.toExponential(1)}${r.ratio && r.problem ? ` ${r.problem}` : ''}`,
  ])
  return aligned([
    ['case', 'ms', 'PyTorch', 'ratio', 'of CPU', 'peak GB', 'PyTorch', 'ratio', 'gradient differs by'],
    ...rows,
  ])
}

export function mergeLines(merge: MergeResult | null): string[] {
  if (!merge) return []
  const row = (name: string, m: MergeResult['cold']): string[] =>
    m
      ? [`${merge.name}, ${name}`, rate(m.read), rate(m.merge), m.ratio.toFixed(2)]
      : [`${merge.name}, ${name}`, 'cannot be measured here', '', '']
  const size = `${(merge.bytesRead / 1e9).toFixed(2)} GB read, ${(merge.bytesWritten / 1e9).toFixed(2)} GB written, peak ${gigabytes(merge.peak)} GB`
  return [
    ...aligned([['case', 'disk MB/s', 'merge MB/s', 'ratio'], row('cold', merge.cold), row('warm', merge.warm)]),
    size,
  ]
}

export function linearisedLines(results: Bench['linearised']): string[] {
  if (results.length === 0) return []
  const rows = results.map((r) => [
    r.name,
    milliseconds(r.jvpMs),
    milliseconds(r.cachedMs),
    r.ratio.toFixed(0),
    r.disagreement.toExponential(1),
  ])
  return aligned([['case', 'epoch by jvp, ms', 'on features, ms', 'times as fast', 'gradient differs by'], ...rows])
}

export function dataWaitLines(results: Bench['dataWait']): string[] {
  if (results.length === 0) return []
  const cell = ({ stepMs, share }: Bench['dataWait'][number]['cached']): string =>
    `${(100 * share).toFixed(1)} % of ${milliseconds(stepMs)}`
  const rows = results.map((r) => [
    r.name,
    String(r.batch),
    String(r.threads),
    cell(r.cached),
    cell(r.uncached),
    cell(r.augmented),
  ])
  const head = ['waiting for pixels, of a step in ms', 'batch', 'threads', 'cached', 'not cached', 'augmented']
  return aligned([head, ...rows])
}

export function mixLines(results: Bench['mix']): string[] {
  if (results.length === 0) return []
  const rows = results.map((r) => [
    r.name,
    milliseconds(r.firstMs),
    milliseconds(r.firstP95Ms),
    String(r.firstImages),
    milliseconds(r.wholeMs),
    String(r.images),
  ])
  const head = ['a coefficient moved', 'first numbers, ms', 'p95', 'of images', 'all images, ms', 'of images']
  return aligned([head, ...rows])
}

export function adamwLines(results: Bench['adamw']): string[] {
  if (results.length === 0) return []
  const against = (peer: AdamwResult['fused']): string[] =>
    peer ? [milliseconds(peer.wall), peer.ratio.wall.toFixed(2), peer.ratio.cpu.toFixed(2)] : ['-', '-', '-']
  const rows = results.map(({ name, numbers, ours, fused, foreach }) => [
    ...[name, (numbers / 1e6).toFixed(1), milliseconds(ours.wall), milliseconds(ours.cpu)],
    ...[...against(fused), ...against(foreach)],
  ])
  const head = ['a step of AdamW', 'millions', 'ms', 'ms of CPU']
  return aligned([[...head, ...['fused', 'foreach'].flatMap((form) => [form, 'ratio', 'of CPU'])], ...rows])
}

export function tuningLines(results: Bench['tuning']): string[] {
  if (results.length === 0) return []
  const rows = results.map((r) => [
    ...[r.name, milliseconds(r.ours?.wall), r.against, milliseconds(r.other?.wall)],
    r.ratio ? r.ratio.wall.toFixed(2) : r.problem || 'not here',
    r.ratio ? r.ratio.cpu.toFixed(2) : '',
    ...[gigabytes(r.ours?.peak), gigabytes(r.other?.peak), r.ratio?.peak ? r.ratio.peak.toFixed(2) : ''],
    r.learned && r.parameters ? `${((100 * r.learned) / r.parameters).toFixed(1)} %` : '',
    r.difference === null ? '' : `${r.difference.toExponential(1)}${r.ratio && r.problem ? ` ${r.problem}` : ''}`,
    r.resumeSeconds === null ? '' : r.resumeSeconds.toFixed(1),
  ])
  const head = ['a step of fine-tuning', 'ms', 'beside', 'its ms', 'ratio', 'of CPU', 'peak GB', 'its', 'ratio']
  return aligned([[...head, 'in moving tensors', 'losses differ by', 'resume, s'], ...rows])
}

/** A Markdown table whose columns line up in a terminal too. */
export function aligned(rows: readonly string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, c) => Math.max(...rows.map((r) => (r[c] ?? '').length)))
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, c) => (c ? cell.padStart(widths[c] ?? 0) : cell.padEnd(widths[c] ?? 0))).join(' | ')} |`
  const [head = [], ...body] = rows
  return [line(head), line(widths.map((w) => '-'.repeat(w))), ...body.map(line)]
}

export const milliseconds = (ms: number | undefined): string => (ms === undefined ? '-' : ms.toFixed(ms < 10 ? 2 : 0))
export const gigabytes = (bytes: number | null | undefined): string => (bytes ? (bytes / 1e9).toFixed(2) : '-')
const rate = (bytesPerSecond: number): string => (bytesPerSecond / 1e6).toFixed(0)
