// PAVE (An et al., 2025) makes of each fine-tuned matrix W (out, in), with its task's input moments C (in, in),
//   W' = [W C_e]_r C_e^-1,   C_e = C + eps mean(diag C) I,   tau = W' - W_pre
// [.]_r the best approximation of rank r. It is a projection from the left, [W C_e]_r = U_r U_r' W C_e, so that nothing
// is inverted: W' = U_r U_r' W. Ranks: the singular values of all layers of a model, each over its layer's largest, in
// one list, of which the largest share stays, of each layer one at least. What has no moments stays as it is.
import { pave as card } from '../../../contract/merges/statistics/pave.ts'
import { at, product } from '../../../numbers/vectors.ts'
import type { DoubleDevice, Matrix } from '../../devices/double/device.ts'
import { withDoubles } from '../../devices/double/open.ts'
import { gram, multiply, turned, viewOf } from '../../devices/double/products.ts'
import { leadingInto, spectrum } from '../../devices/double/singular.ts'
import { merge, type Part, partOf, type Sources } from '../merge.ts'
import { rowsOf } from '../spectral/covers.ts'
import { ofPart, readMoments, statisticsOf } from './given.ts'

interface Purifying {
  share: number
  ridge: number
}

export const pave = merge(card, {
  by: 'tensor',
  of: 'alone',
  collects: ({ images, seed }) => ({ what: 'inputs', of: 'own', images, seed }),
  prepare(sources, parameters) {
    const all = statisticsOf(sources, card.title)
    const known = new Map<number, Promise<Map<string, number>>>()
    const ranksOf = (t: number): Promise<Map<string, number>> => {
      const found = known.get(t) ?? ranks(sources, all, t, parameters)
      known.set(t, found)
      return found
    }
    return async (part) => {
      const rank = (await ranksOf(at(part.which, 0))).get(part.name)
      const tau = part.vectors[0] as Float64Array
      if (rank === undefined) return [tau]
      const theta = tau.map((v, i) => v + at(part.base, i))
      const kept = await withDoubles((device) =>
        projected(device, { ...part, vectors: [theta] }, all, rank, parameters),
      )
      return [kept.map((v, i) => v - at(part.base, i))]
    }
  },
})

type Statistics = ReturnType<typeof statisticsOf>

/** Of model t by parameter. */
async function ranks(sources: Sources, all: Statistics, t: number, { share, ridge }: Purifying) {
  const values: { name: string; size: number }[] = []
  for (const [name, shape] of sources.parameters) {
    const place = { name, first: 0, count: product(shape) }
    const { file, prefix } = at(all, t)
    if (shape.length !== 2 || !file.tensors.has(prefix + name)) continue
    const part = await partOf(sources, [t], place, { ofModels: true, weights: [], isScaled: false })
    const singular = await withDoubles(async (device) => {
      const x = await brought(device, part, all, ridge)
      const side = x.rows <= x.columns ? viewOf(x) : turned(viewOf(x))
      return spectrum(device, gram(device, side), Math.max(x.rows, x.columns), 0).singular
    })
    for (const s of singular) values.push({ name, size: at(singular, 0) > 0 ? s / at(singular, 0) : 0 })
  }
  const found = new Map(values.map(({ name }) => [name, 0]))
  const kept = values.sort((a, b) => b.size - a.size).slice(0, Math.floor(share * values.length))
  for (const { name } of kept) found.set(name, (found.get(name) ?? 0) + 1)
  return new Map([...found].map(([name, rank]) => [name, Math.max(1, rank)]))
}

/** W C_e, (out, in); the part holds the model itself. */
async function brought(device: DoubleDevice, part: Part, all: Statistics, ridge: number): Promise<Matrix> {
  const { shape, name, vectors } = part
  const [m = 0, n = 0] = shape
  const [moments] = ofPart(all, part) ?? []
  const c = await readMoments(device, moments as Statistics[number], name, n)
  const values = device.values(c)
  let trace = 0
  for (let i = 0; i < n; i++) trace += at(values, i * n + i)
  for (let i = 0; i < n; i++) values[i * n + i] = at(values, i * n + i) + (trace > 0 ? (ridge * trace) / n : 1)
  return multiply(device, device.matrix(m, n, vectors[0]), c)
}

/** U_r U_r' W */
async function projected(
  device: DoubleDevice,
  part: Part,
  all: Statistics,
  rank: number,
  { ridge }: Purifying,
): Promise<Float64Array> {
  const [m = 0, n = 0] = part.shape
  const x = await brought(device, part, all, ridge)
  const [left, right] = [device.matrix(rank, m), device.matrix(rank, n)]
  leadingInto(device, x, rowsOf({ left, right }, 0, rank))
  const w = device.matrix(m, n, part.vectors[0])
  const inside = multiply(device, left, w)
  return Float64Array.from(device.values(multiply(device, turned(viewOf(left)), inside)))
}
