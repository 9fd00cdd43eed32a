// What is measured: coefficient steps and forward passes at ViT-B/32's sizes and at a small ViT's, on every engine that
// is here.
import type { Shape } from './scratch.ts'

export type EngineKind = 'native' | 'webgpu' | 'wasm'

export interface StepCase {
  name: string // what --only looks into
  engine: EngineKind
  model: string
  shape: Shape
  batch: number
  vectors: number // 0: forward only
  precision: 'float32' | 'float16' // of our vectors
}

export const shapes = {
  b32: { imageSize: 224, patchSize: 32, width: 768, layers: 12, embed: 512 },
  l14: { imageSize: 224, patchSize: 14, width: 1024, layers: 24, embed: 768 },
  small: { imageSize: 56, patchSize: 8, width: 256, layers: 10, embed: 128 },
  sample: { imageSize: 32, patchSize: 8, width: 64, layers: 4, embed: 32 }, // its own files are measured
  // measured when asked for by name: it says nothing about speed
  tiny: { imageSize: 16, patchSize: 8, width: 64, layers: 2, embed: 32 },
} satisfies Record<string, Shape>

const engines = ['native', 'wasm'] as const

const steps: [keyof typeof shapes, number, number, StepCase['precision']?][] = [
  ['b32', 32, 0],
  ['b32', 32, 1],
  ['b32', 32, 8],
  ['b32', 32, 8, 'float16'],
  ['b32', 128, 1],
  ['b32', 128, 8],
  ['b32', 128, 8, 'float16'],
  ['small', 64, 1],
  ['tiny', 4, 2],
  ['tiny', 4, 2, 'float16'],
  ['tiny', 4, 0],
]

/** Those whose name holds one of the comma-separated words of `only`; without it all but the tiny ones. */
export function stepCases(only: string): StepCase[] {
  const all = engines.flatMap((engine) =>
    steps.map(([model, batch, vectors, precision = 'float32']): StepCase => {
      const name = `${engine}-${model}-batch${batch}-${vectors ? `vectors${vectors}` : 'forward'}${precision === 'float16' ? '-float16' : ''}`
      return { name, engine, model, shape: shapes[model], batch, vectors, precision }
    }),
  )
  return all.filter(({ name, model }) => (only ? isWanted(name, only) : model !== 'tiny'))
}

/** A linearised model's epochs; ViT-B/32's features take minutes, so they are computed when asked for by name. */
export function linearisedCases(only: string): StepCase[] {
  const all = oneVectorCases('linearised', [
    ['small', 16],
    ['b32', 8],
    ['tiny', 4],
  ])
  return all.filter(({ name, model }) => (only ? isWanted(name, only) : model === 'small'))
}

/** Steps on a data set's images. ViT-B/32's take minutes on wasm, so they are measured when asked for by name. */
export function dataWaitCases(only: string): StepCase[] {
  return oneVectorCases('data-wait', [
    ['b32', 32],
    ['tiny', 4],
  ]).filter(({ name }) => only !== '' && isWanted(name, only))
}

/** On every engine, of each model with one float32 vector. batches: images at a time, a model. */
function oneVectorCases(what: string, batches: [keyof typeof shapes, number][]): StepCase[] {
  return engines.flatMap((engine) =>
    batches.map(([model, batch]): StepCase => {
      const name = `${engine}-${model}-${what}`
      return { name, engine, model, shape: shapes[model], batch, vectors: 1, precision: 'float32' }
    }),
  )
}

/** A moved coefficient on the sample, and at other sizes when asked for by name; linearised: features at hand. */
export function mixCases(only: string): (StepCase & { linearised: boolean })[] {
  const all = oneVectorCases('mix', [
    ['sample', 0],
    ['b32', 64],
    ['tiny', 8],
  ]).flatMap((c) => [
    { ...c, vectors: 2, linearised: false },
    ...(c.model === 'b32' ? [] : [{ ...c, name: `${c.name}-linearised`, vectors: 2, linearised: true }]),
  ])
  return all.filter(({ name, model }) => (only ? isWanted(name, only) : model === 'sample'))
}

/** Steps of AdamW over a whole image tower, as fine-tuning takes them. */
export function adamwCases(only: string): StepCase[] {
  const all = oneVectorCases('adamw', [
    ['b32', 0],
    ['tiny', 0],
  ])
  return all.filter(({ name, model }) => (only ? isWanted(name, only) : model === 'b32'))
}

export type TuningCase = StepCase & { kind: 'standard' | 'linear' | 'talos' }

/** Steps of fine-tuning, of each kind that is held against another. */
export function tuningCases(only: string): TuningCase[] {
  const all = (['standard', 'linear', 'talos'] as const).flatMap((kind) =>
    oneVectorCases(`tune-${kind}`, [
      ['b32', 32],
      ['tiny', 4],
    ]).map((c): TuningCase => ({ ...c, vectors: 0, kind })),
  )
  return all.filter(({ name, model }) => (only ? isWanted(name, only) : model === 'b32'))
}

/** The checkpoints of the training-free merge. */
export function mergeCase(only: string): { name: string; model: string; shape: Shape; vectors: number } | null {
  const name = (['b32-merge', 'tiny-merge'] as const).find((name) => isWanted(name, only))
  if (name === 'b32-merge') return { name, model: 'b32', shape: shapes.b32, vectors: 8 }
  if (name === 'tiny-merge' && only) return { name, model: 'tiny', shape: shapes.tiny, vectors: 2 }
  return null
}

function isWanted(name: string, only: string): boolean {
  return only === '' || only.split(',').some((word) => name.includes(word))
}
