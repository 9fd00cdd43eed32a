// What the golden program (make.py) says of a fine-tuning, and what Basil does of the same configuration: its steps,
// its last look at validation data, and every tensor's move. States are in memory, files beside this.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { resolveTuning } from '../../../src-main/contract/tuning/config.ts'
import type { TuningLook, TuningStep } from '../../../src-main/contract/tuning/tuning.ts'
import type { Backend } from '../../../src-main/engine/devices/backend.ts'
import { toFloat32 } from '../../../src-main/engine/formats/dtype.ts'
import { openTensorFile } from '../../../src-main/engine/formats/open.ts'
import type { TensorFile } from '../../../src-main/engine/formats/tensor-file.ts'
import type { TuningStates } from '../../../src-main/engine/formats/tuning-states.ts'
import type { TunedModel } from '../../../src-main/engine/tuning/host.ts'
import { tune } from '../../../src-main/engine/tuning/tune.ts'
import { hashFile } from '../../../src-main/files/hash.ts'
import { openSource } from '../../../src-main/files/source.ts'
import { at } from '../../../src-main/numbers/vectors.ts'

const folder = import.meta.dirname

/** A tensor's move theta - theta_pre, or that of a part of it from element `first` on: eight elements, and two sums. */
export interface Piece {
  tensor: string
  part?: 'q' | 'v'
  first?: number
  sum: number
  norm: number
  at: number[]
  values: number[]
}

export interface Golden {
  config: { kind: string; threshold?: number }
  losses: number[]
  penalties: number[]
  norms: number[]
  rates: number[]
  images: number[]
  validation: Record<'before' | 'after', { loss: number; accuracy: number }>
  kept?: Record<string, number> // elements that may move in the end, by tensor, without "visual."
  scores?: Record<string, number>
  factors?: (Omit<Piece, 'tensor'> & { factor: string })[]
  moved: Piece[]
}

export const names = readdirSync(folder)
  .filter((file) => file.endsWith('.json') && file !== 'draws.json')
  .map((file) => file.replace('.json', ''))

export function goldenOf(name: string): Golden {
  return JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'))
}

/** Of every tensor of the file. */
type Moves = Map<string, Float64Array>

export interface Tuned {
  steps: TuningStep[]
  look: TuningLook | undefined // the last
  moves: Moves
  adapter: TunedModel['adapter']
  kept: Map<string, Float32Array> // the last state
}

export async function tuned(
  { config }: Golden,
  backend: Backend,
  change: Record<string, unknown> = {},
): Promise<Tuned> {
  const resolved = resolveTuning({ ...config, ...change }, (path) => join(folder, path))
  const kept: Tuned['kept'] = new Map()
  const work = tune(resolved, {
    backend,
    open: openSource,
    hash: hashFile,
    states: statesIn(kept),
    parents: [],
    stopping: () => false,
    signal: new AbortController().signal,
  })
  const steps: TuningStep[] = []
  let look: TuningLook | undefined
  for (;;) {
    const { done, value } = await work.next()
    if (!done) {
      if (value.type === 'step') steps.push(value)
      if (value.type === 'look') look = value
      continue
    }
    const moves = await movesOf(value.file)
    const { adapter } = value
    await value.close()
    return { steps, look, moves, adapter, kept }
  }
}

/** Of the last state its tensors; nothing is gone on from here. */
function statesIn(kept: Tuned['kept']): TuningStates {
  return {
    async keep(_kind, { tensors, bytes }) {
      kept.clear()
      for (const { name, dtype } of tensors) kept.set(name, toFloat32((await bytes(name)).slice(), dtype))
      return [...kept.values()].reduce((sum, { byteLength }) => sum + byteLength, 0)
    },
    open: async () => null,
    damaged: () => [],
  }
}

async function movesOf(file: TensorFile): Promise<Moves> {
  const source = await openSource(join(folder, 'pretrained.safetensors'))
  const before = await openTensorFile(source)
  const moves: Moves = new Map()
  for (const name of before.tensors.keys()) {
    const from = toFloat32(await before.read(name), 'F32')
    const to = toFloat32(await file.read(name), 'F32')
    moves.set(
      name,
      Float64Array.from(to, (value, i) => value - at(from, i)),
    )
  }
  await source.close()
  return moves
}
