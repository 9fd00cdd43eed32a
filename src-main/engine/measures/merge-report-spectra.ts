// Singular values of the matrices among some vectors, tau_t (m, n), one matrix of one vector in memory at a time:
//   effective rank  exp(-sum p log p), p = s / sum s                          (Roy and Vetterli, EUSIPCO 2007)
//   interference    |(U'U - I) S (V'V - I)|_1, elements' sizes added up        (Gargiulo et al., CVPR 2025)
// U (m, k), V (n, k), S (k) of the r = floor(min(m, n) / T) leading singular vectors of each, side by side: k = T r is at
// most min(m, n), whatever T, where the paper's measure of whole decompositions would take T^2 the room. By the Gram
// matrix of the shorter side in float64 (devices/double/singular.ts).
import type { MatrixReport, Skipped, SpectraChoice } from '../../contract/merges/report.ts'
import type { Progress } from '../../contract/run/run.ts'
import { at, axpy, element, sum } from '../../numbers/vectors.ts'
import type { DoubleDevice, Matrix } from '../devices/double/device.ts'
import { withDoubles } from '../devices/double/open.ts'
import { gram, multiply, viewOf, within } from '../devices/double/products.ts'
import { leadingOf, type Spectrum, spectrumOf } from '../devices/double/singular.ts'
import { type Checkpoint, readSlice } from '../weights/slices.ts'

const most = 3e11 // multiplications that nobody has to ask for: about a minute
const bytesWorth = 16 // multiplications in the time of a byte of the pass over all weights

interface TensorShape {
  name: string
  shape: readonly [number, number]
}
export type SpectraPlan = Map<string, TensorShape[] | Skipped>

/** Of which layers, in their order; the same each time. */
export function spectraPlan(
  layers: ReadonlyMap<string, readonly { name: string; shape: readonly number[] }[]>,
  vectors: number,
  choice: SpectraChoice,
): SpectraPlan {
  const matrices = new Map([...layers].map(([layer, tensors]) => [layer, tensors.flatMap(asMatrix)]))
  const works = new Map([...matrices].map(([layer, found]) => [layer, workOf(found, vectors)]))
  const affordable = [...works].filter(([, work]) => work > 0 && work <= most)
  const step = choice === 'all' ? 1 : Math.max(1, Math.ceil(sum(affordable.map(([, work]) => work)) / most))
  const taken = affordable.filter((_, i) => i % step === 0).map(([layer]) => layer)
  return new Map(
    [...matrices].map(([layer, found]): [string, TensorShape[] | Skipped] => {
      if (choice === 'none') return [layer, { skipped: 'singular values were not asked for' }]
      if (vectors === 0) return [layer, { skipped: 'no vector could be measured' }]
      if (found.length === 0) return [layer, { skipped: 'it has no matrix' }]
      if (choice === 'all' || taken.includes(layer)) return [layer, found]
      if ((works.get(layer) ?? 0) > most) return [layer, { skipped: 'too large to be computed unasked' }]
      return [layer, { skipped: `sampled: one layer of ${step} is computed unasked` }]
    }),
  )
}

function asMatrix({ name, shape }: { name: string; shape: readonly number[] }): TensorShape[] {
  const [rows = 0, columns = 0] = shape
  return shape.length === 2 && rows > 1 && columns > 1 ? [{ name, shape: [rows, columns] }] : []
}

/** Multiplications: s^2 (l + 3 s) of each, s the shorter side and l the longer. */
function workOf(matrices: readonly TensorShape[], vectors: number): number {
  return sum(
    matrices.map(({ shape }) => {
      const [s, l] = [Math.min(...shape), Math.max(...shape)]
      return vectors * s * s * (l + 3 * s)
    }),
  )
}

/** In the bytes that progress counts. */
export function spectraBytes(plan: SpectraPlan, vectors: number): number {
  const found = [...plan.values()].flatMap((layer) => ('skipped' in layer ? [] : layer))
  return Math.ceil(workOf(found, vectors) / bytesWorth)
}

/** base null: the vectors are the models themselves. Progress goes on from `done`. */
export async function* spectraOf(
  plan: SpectraPlan,
  base: Checkpoint | null,
  vectors: readonly Checkpoint[],
  { done, total }: { done: number; total: number },
): AsyncGenerator<Progress, Map<string, MatrixReport[] | Skipped>> {
  const reports = new Map<string, MatrixReport[] | Skipped>()
  let now = done
  for (const [layer, tensors] of plan) {
    if ('skipped' in tensors) {
      reports.set(layer, tensors)
      continue
    }
    const found: MatrixReport[] = []
    for (const tensor of tensors) {
      yield { type: 'progress', what: tensor.name, done: now, total }
      found.push(await ofMatrix(tensor, base, vectors))
      now += workOf([tensor], vectors.length) / bytesWorth
    }
    reports.set(layer, found)
  }
  return reports
}

async function ofMatrix(
  { name, shape }: TensorShape,
  base: Checkpoint | null,
  vectors: readonly Checkpoint[],
): Promise<MatrixReport> {
  const count = shape[0] * shape[1]
  const inFull = ({ file }: Checkpoint): Checkpoint => ({ file, prefix: '' })
  const [still, theirs] = [new Float32Array(count), new Float32Array(count)]
  if (base) await readSlice(inFull(base), name, 0, count, still)
  const read = async (t: number, into: () => Float64Array): Promise<void> => {
    await readSlice(inFull(at(vectors, t)), name, 0, count, theirs)
    const values = into()
    values.set(theirs)
    axpy(-1, still, values) // 0 where there is no base
  }
  return withDoubles(async (device) => {
    const { ranks, leading } = await decomposed(device, shape, vectors.length, read)
    const called = (base ?? at(vectors, 0)).file.called(name)
    return { tensor: called, shape: [...shape], ranks, interference: interferenceOf(device, leading) }
  })
}

interface Leading {
  left: Matrix // (k, m)
  right: Matrix // (k, n)
  singular: Float64Array // (k)
}

/** One vector after the other. */
async function decomposed(
  device: DoubleDevice,
  [m, n]: readonly [number, number],
  vectors: number,
  read: (t: number, into: () => Float64Array) => Promise<void>,
): Promise<{ ranks: number[]; leading: Leading | Skipped }> {
  const r = vectors > 1 ? Math.floor(Math.min(m, n) / vectors) : 0
  const [left, right] = [device.matrix(r * vectors, m), device.matrix(r * vectors, n)]
  const singular = new Float64Array(r * vectors)
  const ranks: number[] = []
  for (let t = 0; t < vectors; t++) {
    const end = device.mark()
    try {
      const tau = device.matrix(m, n)
      await read(t, () => device.values(tau))
      const of = spectrumOf(device, tau, r)
      ranks.push(effectiveRank(of))
      const to = { left: within(viewOf(left), t * r, 0, r, m), right: within(viewOf(right), t * r, 0, r, n) }
      if (r > 0) singular.set(leadingOf(device, tau, of, to), t * r)
    } finally {
      end()
    }
  }
  if (vectors === 1) return { ranks, leading: { skipped: 'there is one model' } }
  return {
    ranks,
    leading: r > 0 ? { left, right, singular } : { skipped: 'more models than the matrix has directions' },
  }
}

/** 0 of a vector that is 0. */
function effectiveRank({ singular, rank }: Pick<Spectrum, 'singular' | 'rank'>): number {
  const kept = singular.subarray(0, rank)
  const total = sum(kept)
  if (total === 0) return 0
  return Math.exp(-sum(kept.map((s) => (s / total) * Math.log(s / total))))
}

function interferenceOf(device: DoubleDevice, leading: Leading | Skipped): MatrixReport['interference'] {
  if ('skipped' in leading) return leading
  const { left, right, singular } = leading
  const [u, v] = [withoutUnit(device, left), withoutUnit(device, right)]
  const values = device.values(v)
  const k = singular.length
  for (let i = 0; i < k; i++)
    for (let j = 0; j < k; j++) values[i * k + j] = at(singular, i) * element(values, i * k + j)
  const value = device.values(multiply(device, u, v)).reduce((total, x) => total + Math.abs(x), 0)
  const whole = sum(singular)
  return { value, relative: whole > 0 ? value / whole : 0 }
}

/** X X' - I. */
function withoutUnit(device: DoubleDevice, x: Matrix): Matrix {
  const square = gram(device, x)
  const values = device.values(square)
  for (let i = 0; i < square.rows; i++) values[i * square.rows + i] = element(values, i * square.rows + i) - 1
  return square
}
