// Rows for tests of the history: a folder, a run, and epochs of any number.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { onTestFinished } from 'vitest'

import type { SplitManifest } from '../../src-main/contract/data/manifest.ts'
import type { EpochRecord, ResumeState, StageRecord } from '../../src-main/contract/run/run.ts'
import { openHistory, readHistory } from '../../src-main/history/open.ts'
import type { History } from '../../src-main/history/statement.ts'

export { toyConfig } from '../workbench/toy-run.ts'

export function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'basil-history-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

export async function opened(
  home: string,
  ...options: Parameters<typeof openHistory> extends [string, ...infer Rest] ? Rest : never
): Promise<History> {
  const history = await openHistory(home, ...options)
  onTestFinished(() => history.close())
  return history
}

export async function read(home: string): Promise<History> {
  const history = await readHistory(home)
  onTestFinished(() => history.close())
  return history
}

export const now = new Date('2026-11-22T08:00:00Z')

export const stage = (number: number): StageRecord => ({
  stage: number,
  kind: number ? 'iteration' : 'start',
  method: 'toy',
  vectors: number ? ['difference vector'] : ['cars', 'dtd'],
  epochsPlanned: 3,
  stepsPerEpoch: 2,
})

export function epoch(stage: number, number: number, best = true): EpochRecord {
  const losses = number ? [1 / number, 1 / (number + 0.5)] : []
  const tasks = [{ task: 'cars', loss: 0.5, accuracy: 0.25, relativeAccuracy: null }]
  return {
    stage,
    epoch: number,
    step: 2 * number,
    losses,
    metric: 1 / (number + 1),
    best,
    tasks,
    coefficients: table(number),
    seconds: number,
    remainingSeconds: null,
  }
}

/** Of ten images of a tensor file. */
export function manifest(change: Partial<SplitManifest>): SplitManifest {
  const [indices, names, pixels] = ['1', '2', '3'].map((digit) => digit.repeat(64)) as [string, string, string]
  const facts = {
    images: '/d.safetensors#a',
    source: 'tensor file',
    of: 'a',
    drawn: '',
    available: 10,
    count: 10,
    perClass: [5, 5],
  }
  const told = { classes: null, indices, names, pixels, skipped: [], skippedCount: 0, cached: false }
  return { task: 'a', split: 'training', ...facts, ...told, ...change }
}

export function resumeAt({ stage, epoch, step }: EpochRecord): ResumeState {
  const best = { step, metric: 0.1 + 0.2, coefficients: table(epoch) }
  return {
    stage,
    epoch,
    step,
    coefficients: table(epoch),
    firstMoment: table(-epoch),
    secondMoment: table(epoch / 3),
    losses: [0.1, -0, 5e-324],
    still: 1 / 3,
    best,
    sinceBest: 0,
    completed: Array.from({ length: stage }, (_, i) => (i ? [[i, -0]] : table(i))),
    microBatch: 8,
  }
}

export const table = (n: number): number[][] => [
  [n / 7, -0, 1e-300],
  [Math.PI * n, Number.MAX_VALUE, -n],
]
