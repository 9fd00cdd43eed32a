// A linearised model with precomputed features (linear-features.ts) as a problem, without a tensor: with c = (1, c_1,1,
// ...),
//   z = c F  (embed),   d loss / d c = F dz,   loss and dz by the frozen head.
// F (1 + vectors * groups, embed) of each image; float32 tables, sums in float64 on the host. An epoch costs what
// reading the tables costs. Images are taken in order and one at a time, so nothing depends on threads.
import { setImmediate } from 'node:timers/promises'

import { filled, type Table } from '../../numbers/table.ts'
import type { LabelledImages } from '../datasets/images.ts'
import type { Measured, Problem, Split } from '../learning/problem.ts'
import { measuredOf, type TaskSetup } from './clip-problem.ts'
import { applyHead, type Head, type HeadResult } from './head.ts'
import { add, noneOf } from './judge.ts'
import type { Features } from './linear-features.ts'

const together = 64 * 2 ** 20 // bytes of tables at hand at a time, where they are read when they are used

/** features: of each task, in the tasks' order, by split. The features stay the caller's. */
export function cachedProblem(
  place: TaskSetup,
  features: readonly Partial<Record<Split, Features>>[],
  groups: readonly string[],
  vectors: readonly string[],
): Problem {
  /** Over the named images of each task; gradient, where given, takes d loss / d c, (1 + vectors * groups). */
  const pass = async (
    split: Split,
    coefficients: Table,
    chosen: (task: number, count: number) => ArrayLike<number>,
    gradient?: Float64Array,
  ): Promise<Measured> => {
    const c = Float64Array.from([1, ...coefficients.flatMap((row) => [...row])])
    const step = Math.ceil(together / (4 * c.length * (place.tasks[0]?.head.embed ?? 1))) // images
    const counts = new Map<number, number>()
    const sums = noneOf(place.tasks.map(({ head }) => head))
    for (const [t, { head, sign = 1, splits }] of place.tasks.entries()) {
      const [images, tables] = [splits[split], features[t]?.[split]]
      if (!images || !tables) continue
      const indices = Array.from(chosen(t, images.count))
      counts.set(t, indices.length)
      for (let at = 0; at < indices.length; at += step) {
        await setImmediate()
        place.signal.throwIfAborted()
        const some = indices.slice(at, at + step)
        const found = onTables(place, head, images, some, await tables.of(some), c, sign / indices.length, gradient)
        add(sums, t, found.loss, found.correct, found.predicted)
      }
    }
    return measuredOf(place.tasks, sums, counts)
  }
  return {
    groups,
    vectors,
    trainingCounts: place.tasks.map((t) => t.splits.training?.count ?? 0),
    evaluate: (coefficients, split) =>
      pass(split, coefficients, (_, count) => Int32Array.from({ length: count }, (_v, i) => i)),
    lossAndGradient: async (coefficients, batch) => {
      const gradient = new Float64Array(1 + vectors.length * groups.length)
      const measured = await pass('training', coefficients, (task) => batch[task] as Int32Array, gradient)
      const table = filled(vectors.length, groups.length, 0)
      table.forEach((row, k) => {
        row.set(gradient.subarray(1 + k * groups.length, 1 + (k + 1) * groups.length))
      })
      return { ...measured, gradient: table }
    },
  }
}

/** Some images of a task, each with weight `weight`. */
function onTables(
  { objective }: TaskSetup,
  head: Head,
  { labels }: LabelledImages,
  indices: readonly number[],
  tables: readonly Float32Array[],
  c: Float64Array,
  weight: number,
  gradient?: Float64Array,
): HeadResult {
  const { embed } = head
  const features = new Float32Array(indices.length * embed)
  const slopes = gradient && new Float32Array(features.length)
  tables.forEach((table, n) => {
    features.set(combined(table, c, embed), n * embed)
  })
  const own = Int32Array.from(indices, (i) => labels[i] as number)
  const result = applyHead(
    head,
    gradient ? objective : (objective.judge ?? objective),
    features,
    0,
    own,
    weight,
    slopes,
  )
  if (gradient && slopes)
    tables.forEach((table, n) => {
      addProducts(table, slopes.subarray(n * embed, (n + 1) * embed), gradient)
    })
  return result
}

/** z = c F, four rows at a time: z is then read and written a quarter as often. */
export function combined(table: Float32Array, c: Float64Array, embed: number): Float64Array {
  const z = new Float64Array(embed)
  const whole = c.length - (c.length % 4)
  for (let r = 0; r < whole; r += 4) {
    const [c0, c1, c2, c3] = [c[r] as number, c[r + 1] as number, c[r + 2] as number, c[r + 3] as number]
    for (let e = 0, at = r * embed; e < embed; e++, at++) {
      const low = c0 * (table[at] as number) + c1 * (table[at + embed] as number)
      z[e] = (z[e] as number) + low + c2 * (table[at + 2 * embed] as number) + c3 * (table[at + 3 * embed] as number)
    }
  }
  for (let r = whole; r < c.length; r++)
    for (let e = 0; e < embed; e++) z[e] = (z[e] as number) + (c[r] as number) * (table[r * embed + e] as number)
  return z
}

/** gradient += F dz, four rows at a time. */
function addProducts(table: Float32Array, dz: Float32Array, gradient: Float64Array): void {
  const embed = dz.length
  const rows = gradient.length
  for (let r = 0; r < rows; r += 4) {
    // Rows beyond the last are the last again; their sums are dropped.
    const [a0, a1, a2, a3] = [r, r + 1, r + 2, r + 3].map((row) => Math.min(row, rows - 1) * embed) as [
      number,
      number,
      number,
      number,
    ]
    let [s0, s1, s2, s3] = [0, 0, 0, 0]
    for (let e = 0; e < embed; e++) {
      const d = dz[e] as number
      s0 += (table[a0 + e] as number) * d
      s1 += (table[a1 + e] as number) * d
      s2 += (table[a2 + e] as number) * d
      s3 += (table[a3 + e] as number) * d
    }
    const sums = [s0, s1, s2, s3]
    for (let row = r; row < Math.min(r + 4, rows); row++)
      gradient[row] = (gradient[row] as number) + (sums[row - r] as number)
  }
}
