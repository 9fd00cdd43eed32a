// The model that a run's chosen tables stand for: parents and their effective coefficients
// (contract/run/coefficients.ts), for every way a run can have gone on from its start. Of random directions the start
// is one vector, computed when it is read, and each direction another:
//   theta_0 + sum_k lambda_k,b r_k,b,  r_k,b = |delta_0,b| R_k,b / |R_k,b|,  R_k,b ~ N(0, I), delta_0 = theta_0 -
//   theta_pre
// Learning, evaluation and export all ask here.

import { collapse, randomName } from '../../contract/run/coefficients.ts'
import type { ResolvedConfig } from '../../contract/run/config.ts'
import { normal } from '../../numbers/random.ts'
import { streamOf } from '../../numbers/streams.ts'
import { filled, type Table } from '../../numbers/table.ts'
import { product } from '../../numbers/vectors.ts'
import { derivedCheckpoint, tauSlice } from './derived.ts'
import type { Groups } from './merge.ts'
import type { WeightSet } from './parents.ts'
import { type Checkpoint, readSlice } from './slices.ts'

export type Control = ResolvedConfig['control']
type Sources = Pick<WeightSet, 'base' | 'vectors' | 'parameters'>

/** How a run goes on from its start. seed: of the random directions. */
export interface Course {
  control: Control
  seed: number
}

/**
 * chosen: the start's table (vectors x groups), then one row an iteration. `iterations`: how many directions a random
 * course has in all.
 */
export function lineageOf<P extends Sources>(
  parents: P,
  groups: Groups,
  chosen: readonly Table[],
  { control, seed }: Course,
  iterations = chosen.length - 1,
): { parents: P; coefficients: Table } {
  const [start, ...later] = chosen as [Table, ...Table[]]
  const rows = later.map(([row]) => row as Float64Array)
  if (control !== 'random' || iterations === 0) return { parents, coefficients: collapse(start, rows, control) }
  const random = Array.from({ length: iterations }, (_, k) => randomCheckpoint(parents, groups, start, seed, k + 1))
  const vectors = [startCheckpoint(parents, groups, start), ...random].map((vector) => ({ ...parents.base, ...vector }))
  const coefficients = [filled(1, groups.names.length, 1)[0] as Float64Array, ...rows]
  while (coefficients.length <= iterations) coefficients.push(new Float64Array(groups.names.length))
  return { parents: { ...parents, vectors }, coefficients }
}

/**
 * A linearised model's next expansion: theta = what `chosen` stands for is the base, and delta = theta - theta_pre the
 * only vector.
 */
export function movedTo<P extends Sources>(parents: P, groups: Groups, chosen: readonly Table[]): P {
  const { coefficients } = lineageOf(parents, groups, chosen, { control: 'none', seed: 0 })
  const here = startCheckpoint(parents, groups, coefficients)
  const base = { ...parents.base, ...here }
  const beyond = derivedCheckpoint(
    { base, parameters: parents.parameters },
    'difference vector',
    (name, first, count) => combinedSlice(parents, groups, coefficients, name, first, count),
  )
  return { ...parents, base, vectors: [{ ...parents.base, ...beyond }] }
}

/** theta_0 as a checkpoint: its difference from theta_pre in float64, rounded once. */
function startCheckpoint({ base, vectors, parameters }: Sources, groups: Groups, start: Table): Checkpoint {
  return derivedCheckpoint({ base, parameters }, 'start', (name, first, count) =>
    combinedSlice({ base, vectors, parameters }, groups, start, name, first, count),
  )
}

/** Elements of sum_t c_t tau_t of a parameter, in float64. */
export async function combinedSlice(
  { base, vectors }: Sources,
  groups: Groups,
  start: Table,
  name: string,
  first: number,
  count: number,
): Promise<Float64Array> {
  const column = groups.of.get(name) as number
  const still = await readSlice(base, name, first, count, new Float32Array(count))
  const sum = new Float64Array(count)
  for (const [t, vector] of vectors.entries()) {
    const c = start[t]?.[column] as number
    if (c === 0) continue
    const tau = await tauSlice(vector, still, name, first)
    for (let i = 0; i < count; i++) sum[i] = (sum[i] as number) + c * (tau[i] as number)
  }
  return sum
}

function randomCheckpoint(sources: Sources, groups: Groups, start: Table, seed: number, k: number): Checkpoint {
  const places = new Map([...sources.parameters.keys()].map((name, place) => [name, place]))
  const sizes = new Map([...sources.parameters].map(([name, shape]) => [name, product(shape)]))
  const stream = streamOf('directions', { stage: k })
  const draw = (name: string, i: number): number => normal(seed, stream, places.get(name) as number, i)
  const scales = new Map<string, number>() // |delta_0,b| / |R_b|, found when b is first read
  const scaleOf = async (name: string): Promise<number> => {
    const known = scales.get(name)
    if (known !== undefined) return known
    const n = sizes.get(name) as number
    let [delta, own] = [0, 0]
    for (let first = 0; first < n; first += slice)
      for (const v of await combinedSlice(sources, groups, start, name, first, Math.min(slice, n - first)))
        delta += v * v
    for (let i = 0; i < n; i++) own += draw(name, i) ** 2
    scales.set(name, Math.sqrt(delta / own))
    return Math.sqrt(delta / own)
  }
  return derivedCheckpoint(sources, randomName(k), async (name, first, count) => {
    const scale = await scaleOf(name)
    return Float64Array.from({ length: count }, (_, i) => scale * draw(name, first + i))
  })
}

const slice = 2 ** 17 // elements at a time
