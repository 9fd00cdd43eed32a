// What the kept pictures show: a history with runs that learned, a study of two arms, an evaluation of two models and a
// data set, all of it the same on every machine and every day.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import sharp from 'sharp'

import type { EvaluationReport, TaskResult } from '../../src-main/contract/api/evaluations.ts'
import { type RunId, sha256 } from '../../src-main/contract/branded.ts'
import type { EpochRecord } from '../../src-main/contract/run/run.ts'
import { studySchema } from '../../src-main/contract/run/study.ts'
import { writeSafetensors } from '../../src-main/engine/formats/safetensors-writer.ts'
import { addData } from '../../src-main/history/data-sets.ts'
import { putEpoch } from '../../src-main/history/epochs.ts'
import { createEvaluation, putReport } from '../../src-main/history/evaluations.ts'
import { putEvaluation } from '../../src-main/history/run-evaluations.ts'
import { countIterations, createRun, endRun, putOpened } from '../../src-main/history/runs.ts'
import { endStage, putStage } from '../../src-main/history/stages.ts'
import type { History } from '../../src-main/history/statement.ts'
import { createStudy, putStudyRun, putStudyState } from '../../src-main/history/studies.ts'
import { recipeOf } from '../../src-main/workbench/export/recipe.ts'
import { now, resumeAt, stage, toyConfig } from '../history/rows.ts'
import { toyFile } from '../workbench/toy-run.ts'

const engine = { name: 'toy', kind: 'wasm' as const, threads: 1, simd: '', reason: '', versions: { toy: '1' } }
const blocks = ['conv1.weight', 'resblocks.0.attn.weight', 'resblocks.1.attn.weight', 'proj']
const tasks = ['cars', 'dtd']
const wave = (n: number): number => Math.sin(12.9898 * n + 78.233) // as good as random, and the same everywhere

/** Every task has images to select on, so that coefficients can be moved. */
const configOf = (name: string, seed: number, how: Parameters<typeof toyConfig>[0] = { iterations: 1 }) =>
  toyConfig({
    ...{ name, seed, ...how },
    tasks: tasks.map((task) => ({
      ...{ name: task, data: `${task}.data#train`, validation: `${task}.data#val` },
      ...{ test: `${task}.data#test`, head: `${task}.data#head` },
    })),
  })

const scores = (accuracy: number) =>
  tasks.map((task, i) => ({ task, loss: 1 - accuracy, accuracy: accuracy - 0.1 * i, relativeAccuracy: accuracy / 0.9 }))

function begun(history: History, config: ReturnType<typeof configOf>): RunId {
  const run = createRun(history, config, now)
  const file = (role: 'pretrained' | 'vector', of: string, n: number) => ({
    ...{ role, file: `/models/${of}.safetensors`, name: `${of}.safetensors`, bytes: 1000 + n },
    sha256: sha256(`${n}`.repeat(64)),
  })
  const parents = [file('pretrained', 'base', 1), file('vector', 'cars', 2), file('vector', 'dtd', 3)]
  const images = tasks.map((task) => ({ task, classes: 10, training: 200, validation: 100, test: 100 }))
  putOpened(history, run, { type: 'opened', engine, blocks, parents, parameters: 12_345, images })
  return run
}

/** Of a start and an iteration with six epochs each; the more it gains, the further its coefficients go. */
function putLearned(history: History, name: string, seed: number, gain: number): RunId {
  const run = begun(history, configOf(name, seed))
  for (const number of [0, 1]) {
    putStage(history, run, { ...stage(number), epochsPlanned: 5 })
    const all = Array.from({ length: 6 }, (_, n) => learnedEpoch(number, n, seed, gain))
    for (const one of all) putEpoch(history, run, one, resumeAt(one), one.epoch)
    const coefficients = all.at(-1)?.coefficients ?? []
    const losses = all.flatMap((one) => one.losses)
    endStage(history, run, { stage: number, accepted: true, best: 10, still: 1, metric: 0.2, coefficients, losses })
    countIterations(history, run)
  }
  const measured = [
    ['pretrained', null, 0.48],
    ['iteration', 1, 0.5 + gain],
    ['finetuned', null, 0.9],
  ] as const
  for (const split of ['validation', 'test'] as const)
    for (const [model, at, accuracy] of measured)
      putEvaluation(history, run, { split, model, stage: at, tasks: scores(accuracy) })
  endRun(history, run, 'done', now, null, 12.5)
  return run
}

function learnedEpoch(at: number, epoch: number, seed: number, gain: number): EpochRecord {
  const way = (at + epoch / 5) / 2 // of the whole
  const level = 0.5 + gain * Math.sqrt(way) + 0.01 * wave(seed + epoch + 7 * at)
  const row = (r: number) => blocks.map((_, b) => 0.3 + epoch * 0.08 * (1 + 0.4 * wave(seed + 4 * r + b)))
  return {
    ...{ stage: at, epoch, step: 2 * epoch, metric: 1 - level, best: true, seconds: epoch, remainingSeconds: null },
    losses: epoch === 0 ? [] : [1 - level, 0.98 - level],
    tasks: scores(level),
    coefficients: at === 0 ? tasks.map((_, r) => row(r)) : [row(3)],
  }
}

/** That knows how sure its coefficients are; some are not there. */
export function putUncertain(history: History): RunId {
  const seed = 5
  const alone = { method: 'variational' as const, start: undefined, iterations: undefined }
  const run = begun(history, configOf('Variational on cars and dtd', seed, alone))
  putStage(history, run, { ...stage(0), method: 'variational', epochsPlanned: 5 })
  const rows = (of: (k: number, b: number) => number) => tasks.map((_, k) => blocks.map((_, b) => of(k, b)))
  const inclusion = rows((k, b) => (wave(3 * k + b) > 0 ? 0.98 - 0.03 * b : 0.1 * (b + 1)))
  const mean = rows((k, b) => 0.5 + 0.4 * wave(k + 5 * b))
  const coefficients = rows((k, b) => {
    const there = inclusion[k]?.[b] ?? 0
    return there > 0.5 ? there * (mean[k]?.[b] ?? 0) : 0
  })
  const posterior = { mean, inclusion, deviation: rows((k, b) => 0.05 + 0.02 * b + 0.03 * k) }
  for (let n = 0; n < 6; n++) {
    const one = { ...learnedEpoch(0, n, seed, 0.2), coefficients, posterior }
    putEpoch(history, run, one, resumeAt(one), n)
  }
  endStage(history, run, { stage: 0, accepted: true, best: 10, still: 1, metric: 0.2, coefficients, losses: [0.4] })
  for (const [model, at, accuracy] of [['pretrained', null, 0.48] as const, ['start', 0, 0.68] as const])
    putEvaluation(history, run, { split: 'test', model, stage: at, tasks: scores(accuracy) })
  endRun(history, run, 'done', now, null, 9)
  return run
}

/** Two arms over three seeds, all of them done; gives the study and its first run. */
export function putStudied(history: History): { study: number; run: RunId } {
  const arms = [
    { label: 'DV-BASI', gain: 0.31 },
    { label: 'aTLAS alone', gain: 0.25 },
  ]
  const seeds = [1, 2, 3]
  const planned = arms.flatMap(({ label, gain }) =>
    seeds.map((seed) => ({ label, seed, gain: gain + 0.02 * wave(seed) })),
  )
  const runs = planned.map(({ label, seed, gain }) => putLearned(history, `${label}, seed ${seed}`, seed, gain))
  const definition = studySchema.parse({
    ...{ name: 'DV-BASI beside its start', config: toyFile, seeds },
    arms: arms.map(({ label }) => ({ label })),
  })
  const places = planned.map(({ label, seed }) => ({ arm: label, part: '', seed, config: configOf(label, seed) }))
  const study = createStudy(history, definition, places, now)
  for (const [place, run] of runs.entries()) putStudyRun(history, study, place, run)
  putStudyState(history, study, 'done')
  const [run] = runs
  if (run === undefined) throw new Error('a study without runs')
  return { study, run }
}

/** A file as Basil exports it, whose parents are nowhere; its path. */
export async function exportedAt(folder: string, history: History, run: RunId): Promise<string> {
  const head = { 'basil.recipe': JSON.stringify(recipeOf(history, run, null)) }
  const tensor = { name: 'w', dtype: 'F32', shape: [1] } as const
  const chunks: Uint8Array[] = []
  for await (const chunk of writeSafetensors([tensor], head, () => new Uint8Array(4))) chunks.push(chunk)
  const file = join(folder, 'cars-and-dtd.safetensors')
  writeFileSync(file, Buffer.concat(chunks))
  return file
}

const classes = ['ant', 'bee', 'cat', 'dog', 'emu', 'fox', 'gnu', 'hen']

/** Of two models on one task; gives its number. */
export async function putMeasured(history: History): Promise<number> {
  const models = ['merged.safetensors', 'pretrained.safetensors']
  const request = { models: models.map((name) => ({ name })), tasks: [{ name: 'animals' }], split: 'validation' }
  const evaluation = createEvaluation(history, request as never, now)
  const pictures = await Promise.all([0, 1, 2, 3].map(patches))
  const results = [0.86, 0.62].map((level) => resultOf(level, pictures))
  const task: EvaluationReport['tasks'][number] = {
    ...{ name: 'animals', data: 'animals#val', head: 'animals#head', classes, images: null, results },
    reference: { accuracy: 0.93, how: 'measured', from: 'finetuned.safetensors' },
    mcnemar: { onlyFirst: 118, onlySecond: 21, statistic: 66.3, p: 3.9e-16 },
  }
  putReport(history, evaluation, {
    split: 'validation',
    models: models.map((name, m) => ({
      ...{ name, file: `/models/${name}`, sha256: null, run: null, iteration: null, linearised: false },
      ...{ architecture: 'ViT-B-32', accuracy: results[m]?.accuracy ?? 0 },
      relativeAccuracy: results[m]?.relativeAccuracy ?? null,
    })),
    tasks: [task],
  })
  return evaluation
}

/** Of one model at five lambdas, on images that have two groups; gives its number. */
export function putSwept(history: History): number {
  const lambdas = [0, 0.25, 0.5, 0.75, 1]
  const names = lambdas.map((lambda) => `merged.safetensors at ${lambda}`)
  const request = { models: names.map((name) => ({ name })), tasks: [{ name: 'animals' }], split: 'validation' }
  const evaluation = createEvaluation(history, request as never, now)
  const results = lambdas.map((lambda): TaskResult => {
    const result = resultOf(0.62 + 0.5 * lambda * (1.2 - lambda), [])
    const gap = (by: number) => ({ gap: 0.04 + by * lambda * lambda, class: 0 })
    return { ...result, fairness: { groups: groupsOf(result), parity: gap(0.1), odds: gap(0.16) } }
  })
  putReport(history, evaluation, {
    split: 'validation',
    models: lambdas.map((lambda, m) => ({
      ...{ name: names[m] ?? '', file: '/models/merged.safetensors', sha256: null, run: null, iteration: null, lambda },
      ...{ linearised: false, architecture: 'ViT-B-32', accuracy: results[m]?.accuracy ?? 0, relativeAccuracy: null },
    })),
    tasks: [
      {
        ...{ name: 'animals', data: 'animals#val', head: 'animals#head', classes, images: null, results },
        ...{ reference: null, mcnemar: null },
      },
    ],
  })
  return evaluation
}

const groupsOf = ({ images, correct }: TaskResult) => [
  { group: 'indoors', images: images / 2, correct: Math.ceil(correct / 2) },
  { group: 'outdoors', images: images / 2, correct: Math.floor(correct / 2) },
]

function resultOf(level: number, pictures: readonly string[]): TaskResult {
  const each = 50 // images of a class
  const right = classes.map((_, i) => Math.round(each * Math.min(1, level + 0.1 * wave(i))))
  const confusion = right.flatMap((correct, i): TaskResult['confusion'] => {
    const [next, far] = [(i + 1) % classes.length, (i + 3) % classes.length]
    const third = Math.floor((each - correct) / 3)
    return [
      [i, i, correct],
      [i, next, each - correct - third],
      ...(third > 0 ? ([[i, far, third]] as TaskResult['confusion']) : []),
    ]
  })
  const images = each * classes.length
  const correct = right.reduce((a, b) => a + b, 0)
  const accuracy = correct / images
  const bins = Array.from({ length: 10 }, (_, i) => {
    const count = Math.round(4 + i * i)
    return {
      from: i / 10,
      to: (i + 1) / 10,
      images: count,
      correct: Math.round((count * (i + 1)) / 12),
      confidence: (i + 0.5) / 10,
    }
  })
  return {
    ...{ images, correct, loss: 0.4, accuracy, interval: [accuracy - 0.034, accuracy + 0.031] },
    ...{ macroAccuracy: accuracy, relativeAccuracy: accuracy / 0.93, confusion, fairness: null },
    classes: right.map((one, i) => ({
      ...{ images: each, correct: one },
      predicted: confusion.reduce((sum, [, to, n]) => (to === i ? sum + n : sum), 0),
    })),
    calibration: { error: 0.047, bins },
    mistakes: pictures.map((picture, i) => ({
      ...{ image: `animals/${i}.png`, label: i, predicted: i + 1, confidence: 0.98 - 0.03 * i, picture },
    })),
  }
}

/** A JPEG of a few colours, in base64. */
async function patches(seed: number): Promise<string> {
  const pixels = Uint8Array.from({ length: 4 * 4 * 3 }, (_, i) => Math.round(128 + 110 * wave(seed * 100 + i)))
  const picture = sharp(pixels, { raw: { width: 4, height: 4, channels: 3 } }).resize(112, 112, { kernel: 'nearest' })
  return (await picture.jpeg().toBuffer()).toString('base64')
}

/** A folder of images, to be read when Basil starts; its number. */
export function putData(history: History, folder: string): number {
  return addData(history, [folder], now)[0] ?? 0
}
