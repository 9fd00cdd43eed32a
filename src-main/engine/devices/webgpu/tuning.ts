// How products are cut on this card: by a table of what was measured (measuring.ts), and by a rule where it says
// nothing. A cut that splits over K shows in a product's last bits, so what is in the table is never measured again,
// and its hash is recorded with a run. Rows of activations, which a micro-batch decides, count by their power of two.
import { createHash } from 'node:crypto'

import { z } from 'zod'

import type { GpuLimits } from './device.ts'
import { type Cut, type Form, type Size, threadsOf, tiles, workgroupBytes } from './product-forms.ts'

const whole = z.number().int().positive()
const cutSchema = z.object({
  tile: z.object({ BM: whole, BN: whole, BK: whole, TM: whole, TN: whole }),
  split: whole,
})
/** Cuts by `keyOf`, on one card with one driver. */
export const tableSchema = z.object({ card: z.string(), cuts: z.record(z.string(), cutSchema) })
export type Table = z.infer<typeof tableSchema>

const places = 264 // workgroups at work at once: two for each of a large card's 132 processors
const mostSplits = 16
const shortest = 256 // of K in a part
const slabCost = 64 // what storing and adding up an element costs, in steps of k

/** What a tile reaches of the largest's speed, about. */
const speeds = [1, 0.95, 0.9, 0.9, 0.8, 0.75, 0.65, 0.5]

export class Tuning {
  readonly card: string
  readonly #cuts: Map<string, Cut>
  readonly #tiles: readonly { tile: Cut['tile']; speed: number }[]
  readonly #ruled = new Map<string, Cut>()

  constructor(card: string, limits: GpuLimits, table?: Table) {
    this.card = card
    this.#tiles = tiles
      .map((tile, i) => ({ tile, speed: speeds[i] as number }))
      .filter(
        ({ tile }) =>
          workgroupBytes(tile) <= limits.maxComputeWorkgroupStorageSize &&
          threadsOf(tile) <= limits.maxComputeInvocationsPerWorkgroup,
      )
    const fits = ({ tile }: Cut): boolean => this.#tiles.some((one) => same(one.tile, tile))
    const cuts = table?.card === card ? Object.entries(table.cuts) : []
    this.#cuts = new Map(cuts.filter(([, cut]) => fits(cut)))
  }

  cutFor(form: Form, size: Size, splittable: boolean): Cut {
    const key = keyOf(form, size, splittable)
    const measured = this.#cuts.get(key)
    if (measured) return { tile: measured.tile, split: partsOf(size.K, measured) }
    const exact = `${key} ${size.M} ${size.K}`
    const ruled = this.#ruled.get(exact) ?? this.candidates(size, splittable)[0]
    if (!ruled) throw new RangeError('no tile fits this card')
    this.#ruled.set(exact, ruled)
    return ruled
  }

  has(form: Form, size: Size, splittable: boolean): boolean {
    return this.#cuts.has(keyOf(form, size, splittable))
  }

  learn(form: Form, size: Size, splittable: boolean, cut: Cut): void {
    const key = keyOf(form, size, splittable)
    if (!this.#cuts.has(key)) this.#cuts.set(key, cut)
  }

  /** Every cut that may do, the likeliest first. */
  candidates({ M, N, K }: Size, splittable: boolean): Cut[] {
    const found = this.#tiles.flatMap(({ tile, speed }) => {
      const most = splittable ? Math.min(mostSplits, Math.floor(K / shortest)) : 1
      return splits(most).map((asked) => {
        const cut = { tile, split: partsOf(K, { tile, split: asked }) }
        const groups = Math.ceil(M / tile.BM) * Math.ceil(N / tile.BN) * cut.split
        const steps = K / cut.split + (cut.split > 1 ? slabCost : 0)
        return { cut, cost: (Math.ceil(groups / places) * tile.BM * tile.BN * steps) / speed }
      })
    })
    return found.toSorted((a, b) => a.cost - b.cost).map(({ cut }) => cut)
  }

  table(): Table {
    return { card: this.card, cuts: Object.fromEntries([...this.#cuts].toSorted(([a], [b]) => (a < b ? -1 : 1))) }
  }

  /** Of everything that shows in the bits. */
  hash(): string {
    return createHash('sha256').update(JSON.stringify(this.table())).digest('hex').slice(0, 12)
  }
}

/** 1, 2, 3, 4, 6, 8, 12, ... up to most. */
function splits(most: number): number[] {
  const found = [1]
  for (let n = 2; n <= most; n *= 2) found.push(n, ...(n * 1.5 <= most && n > 1 ? [n * 1.5] : []))
  return found
}

/** How many parts K falls into, each whole tiles long but the last. */
export function partsOf(K: number, { tile: { BK }, split }: Cut): number {
  return Math.max(1, Math.ceil(K / (Math.ceil(K / split / BK) * BK)))
}

function keyOf(form: Form, { M, N, K }: Size, splittable: boolean): string {
  const about = (rows: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, rows)))
  const size = form === 'tn' ? [M, N, about(K)] : [about(M), N, K]
  return `${form} ${size.join(' x ')}${splittable ? '' : ', whole'}`
}

function same(a: Cut['tile'], b: Cut['tile']): boolean {
  return a.BM === b.BM && a.BN === b.BN && a.BK === b.BK && a.TM === b.TM && a.TN === b.TN
}
