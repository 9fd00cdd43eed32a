// Task Vector Bases (Zeng et al. 2025): M <= T vectors b_k = sum_t C_kt tau_t, of which the tasks' are put together,
// tau_t ~ sum_k D_tk b_k, D by least squares. Everything but the vectors themselves follows from K_ij = <tau_i, tau_j>
// over the whole model, so that memory holds slices of the vectors alone. C's rows (M x T) are
//   pca:         the leading eigenvectors of K: no M vectors leave less behind;
//   subset:      some of the tasks;
//   orthogonal:  random directions, orthonormal;
//   autoencoder: softmax(E_k), mixtures of tasks: E by Adam on |tau - D C tau|^2, its D the least squares' of each
// step. The M leading eigenvalues of K bound what any of them keeps: error >= sum_{k > M} values_k / sum_k values_k.
// The paper's autoencoder learns its decoder by steps too: that it is solved for here is our choice.
import type { z } from 'zod'

import { bases as card } from '../../../contract/merges/spectral/bases.ts'
import { adamwStep } from '../../../numbers/adamw.ts'
import { normal, permutation } from '../../../numbers/random.ts'
import { streamOf } from '../../../numbers/streams.ts'
import { filled, type Table } from '../../../numbers/table.ts'
import { at, axpy, dot, norm, product } from '../../../numbers/vectors.ts'
import { eigen } from '../../devices/double/eigen.ts'
import { withDoubles } from '../../devices/double/open.ts'
import { merge, partOf, type Sources } from '../merge.ts'

type Kind = z.output<(typeof card)['parameters']>['by']

export interface Bases {
  spectrum: Float64Array // of K, (T), largest first
  encoder: Table // C (M, T)
  decoder: Table // D (T, M)
  error: number // sum_t |tau_t - sum_k D_tk b_k|^2 / sum_t |tau_t|^2
  least: number // what any M vectors leave
}

export const bases = merge(card, {
  by: 'slice',
  of: 'all',
  inTurn: true,
  async prepare(sources, { bases: wanted, by, output, steps, seed }) {
    const { encoder, decoder } = await basesOf(await productsOf(sources), wanted, by, { steps, seed })
    const rows = output === 'bases' ? encoder : decoder.map((row) => mixed(row, encoder))
    return async ({ base, which, read }) => {
      const sums = rows.map(() => new Float64Array(base.length))
      for (const place of which.keys()) {
        const tau = await read(place)
        for (const [k, row] of rows.entries()) if (row[place]) axpy(at(row, place), tau, sums[k] as Float64Array)
      }
      return sums
    }
  },
})

/** sum_k row_k vectors_k */
function mixed(row: Float64Array, vectors: readonly Float64Array[]): Float64Array {
  const out = new Float64Array(vectors[0]?.length ?? 0)
  for (const [k, vector] of vectors.entries()) {
    const by = at(row, k)
    if (by !== 0) for (let i = 0; i < out.length; i++) out[i] = at(out, i) + by * at(vector, i)
  }
  return out
}

const slice = 2 ** 17 // elements read at a time
const atOnce = 8 * slice // of all vectors together, however many there are

/** K (T, T). */
export async function productsOf(sources: Sources): Promise<Table> {
  const all = sources.vectors.map((_, t) => t)
  const products = filled(all.length, all.length, 0)
  const most = Math.min(slice, Math.max(1, Math.floor(atOnce / all.length)))
  for (const [name, shape] of sources.parameters) {
    const size = product(shape)
    for (let first = 0; first < size; first += most) {
      const place = { name, first, count: Math.min(most, size - first) }
      const { vectors } = await partOf(sources, all, place, { ofModels: false, weights: [], isScaled: false })
      for (const [i, a] of vectors.entries())
        for (const [j, b] of vectors.slice(0, i + 1).entries()) {
          const row = products[i] as Float64Array
          row[j] = at(row, j) + dot(a, b)
        }
    }
  }
  for (const [i, row] of products.entries()) for (let j = 0; j < i; j++) (products[j] as Float64Array)[i] = at(row, j)
  return products
}

export async function basesOf(
  products: Table,
  wanted: number,
  by: Kind,
  { steps, seed }: { steps: number; seed: number },
): Promise<Bases> {
  const count = products.length
  const m = Math.min(wanted, count)
  const { values, vectors } = await eigenOf(products)
  const spectrum = values.map((v) => Math.max(0, v))
  const encoder = await {
    pca: () => vectors.slice(0, m),
    subset: () =>
      [...permutation(count, seed, streamOf('bases'), 0).subarray(0, m)]
        .sort((a, b) => a - b)
        .map((t) => unit(count, t)),
    orthogonal: () => orthonormal(m, count, seed),
    autoencoder: () => learned(products, m, steps, seed),
  }[by]()
  const decoder = await decoderOf(products, encoder)
  const total = spectrum.reduce((a, b) => a + b, 0)
  let kept = 0
  for (const [t, row] of decoder.entries()) kept += dot(mixed(row, encoder), products[t] as Float64Array)
  const share = (part: number): number => (total > 0 ? Math.max(0, part / total) : 0)
  return {
    spectrum,
    encoder,
    decoder,
    error: share(total - kept),
    least: share(spectrum.subarray(m).reduce((a, b) => a + b, 0)),
  }
}

/** |tau_t - sum_k D_tk b_k| of each vector: |e' tau|^2 = e' K e, e what is lacking of it. */
export function errorsOf(products: Table, { encoder, decoder }: Bases): Float64Array {
  return Float64Array.from(decoder, (row, t) => {
    const lacking = mixed(row, encoder).map((v, i) => (i === t ? 1 : 0) - v)
    return Math.sqrt(Math.max(0, dot(mixed(lacking, products), lacking)))
  })
}

const unit = (n: number, at: number): Float64Array => Float64Array.from({ length: n }, (_, i) => (i === at ? 1 : 0))

async function eigenOf(symmetric: Table): Promise<{ values: Float64Array; vectors: Table }> {
  return withDoubles((device) => {
    const n = symmetric.length
    const flat = symmetric.flatMap((row) => [...row])
    const { values, vectors } = eigen(device, device.matrix(n, n, flat))
    const rows = device.values(vectors)
    return {
      values,
      vectors: Array.from({ length: n }, (_, i) => Float64Array.from(rows.subarray(i * n, (i + 1) * n))),
    }
  })
}

/** m random orthonormal rows of n, by Gram and Schmidt, twice. */
function orthonormal(m: number, n: number, seed: number): Table {
  const rows: Float64Array[] = []
  for (let k = 0; k < m; k++) {
    const row = Float64Array.from({ length: n }, (_, i) => normal(seed, streamOf('bases'), k + 1, i))
    for (let again = 0; again < 2; again++)
      for (const other of rows) {
        const along = dot(other, row)
        for (let i = 0; i < n; i++) row[i] = at(row, i) - along * at(other, i)
      }
    const length = norm(row)
    rows.push(row.map((v) => v / length))
  }
  return rows
}

/** D = K C' (C K C')^+, (T, M). */
async function decoderOf(products: Table, encoder: Table): Promise<Table> {
  const along = products.map((row) => Float64Array.from(encoder, (c) => dot(c, row))) // K C'
  const small = encoder.map((c) =>
    Float64Array.from(encoder, (_, k) =>
      dot(
        c,
        Float64Array.from(along, (a) => at(a, k)),
      ),
    ),
  )
  const { values, vectors } = await eigenOf(small)
  const cut = 1e-12 * (values[0] ?? 0)
  return along.map((row) => {
    const out = new Float64Array(row.length)
    for (const [k, z] of vectors.entries()) {
      if (!(at(values, k) > cut)) continue
      const by = dot(z, row) / at(values, k)
      for (let i = 0; i < out.length; i++) out[i] = at(out, i) + by * at(z, i)
    }
    return out
  })
}

/** Mixtures of tasks, from near-uniform ones that differ at random. */
async function learned(products: Table, m: number, steps: number, seed: number): Promise<Table> {
  const count = products.length
  const logits = Array.from({ length: m }, (_, k) =>
    Float64Array.from({ length: count }, (_, i) => normal(seed, streamOf('bases'), k + 1, i)),
  )
  const total = products.reduce((sum, row, t) => sum + at(row, t), 0) || 1
  const moments = { first: filled(m, count, 0), second: filled(m, count, 0), step: 0 }
  for (let step = 0; step < steps; step++) {
    const encoder = logits.map(softmax)
    const decoder = await decoderOf(products, encoder)
    // R = I - D C; of |R tau|^2 by C at D solved for: -2 D' R K
    const rest = decoder.map((row, t) => mixed(row, encoder).map((v, i) => (i === t ? 1 : 0) - v))
    const left = rest.map((row) => mixed(row, products)) // R K
    const gradient = encoder.map((c, k) => {
      const byC = Float64Array.from(c, (_, i) => {
        let sum = 0
        for (const [t, row] of decoder.entries()) sum -= (2 * at(row, k) * (left[t]?.[i] as number)) / total
        return sum
      })
      const mean = dot(byC, c)
      return c.map((v, i) => v * (at(byC, i) - mean))
    })
    adamwStep({ learningRate: 0.05, weightDecay: 0, clipNorm: null }, logits, gradient, moments)
  }
  return logits.map(softmax)
}

function softmax(logits: Float64Array): Float64Array {
  const most = Math.max(...logits)
  const powers = logits.map((v) => Math.exp(v - most))
  const total = powers.reduce((a, b) => a + b, 0)
  return powers.map((v) => v / total)
}
