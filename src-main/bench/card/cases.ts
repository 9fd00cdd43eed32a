// What one visit to a card measures, the most wanted first, so that a visit that breaks off has what matters; and the
// bars: at most so many times PyTorch's float32 step, by the clock, and of the device's memory.
import type { Products } from '../../contract/run/products.ts'
import { shapes } from '../cases.ts'
import type { Shape } from '../scratch.ts'

export type CardEngine = 'cuda' | 'webgpu'

/** One of those that step in turn. label: as the table has it, "cuda tf32". */
export interface SideSpec {
  label: string
  engine: CardEngine | 'torch'
  products: Products
}

export interface CardCase {
  name: string
  model: string
  shape: Shape
  batch: number
  vectors: number // 0: forward only
  precision: 'float32' | 'float16' // of our vectors
  linearised: boolean // an epoch of the linearised model, ours alone
  sides: readonly SideSpec[]
  weight: number // its part of the time
}

export interface Bar {
  case: string
  of: 'step' | 'memory'
  products: readonly Products[] // the best of these counts
  most: Record<CardEngine, number>
}

export const bars: readonly Bar[] = [
  { case: 'b32-batch128-vectors1', of: 'step', products: ['float32'], most: { webgpu: 1, cuda: 1.2 } },
  { case: 'b32-batch128-vectors8', of: 'step', products: ['float32'], most: { webgpu: 0.6, cuda: 0.7 } },
  { case: 'b32-batch32-vectors1', of: 'step', products: ['float32'], most: { webgpu: 0.9, cuda: 1.2 } },
  { case: 'b32-batch128-vectors8', of: 'memory', products: ['float32'], most: { webgpu: 0.6, cuda: 0.6 } },
  { case: 'b32-batch128-vectors1-products', of: 'step', products: ['tf32', 'bf16'], most: { webgpu: 0.6, cuda: 0.5 } },
]
/** Of a core, while the card works. */
export const mostOfHost = 0.2

const side = (engine: SideSpec['engine'], products: Products = 'float32'): SideSpec => ({
  label: products === 'float32' ? engine : `${engine} ${products}`,
  engine,
  products,
})
const plain = [side('cuda'), side('webgpu'), side('torch')]
const rounded = (['tf32', 'bf16'] as const).flatMap((kind) => [
  side('cuda', kind),
  side('webgpu', kind),
  side('torch', kind),
])

const rows: [keyof typeof shapes, batch: number, vectors: number, weight: number, more?: Partial<CardCase>][] = [
  ['b32', 128, 1, 2],
  ['b32', 128, 8, 3],
  ['b32', 32, 1, 1],
  ['b32', 128, 1, 3, { name: 'products', sides: [side('torch'), ...rounded] }],
  ['b32', 128, 8, 2, { precision: 'float16' }],
  ['b32', 32, 8, 2],
  ['b32', 32, 8, 2, { precision: 'float16' }],
  ['b32', 32, 0, 1],
  ['b32', 128, 0, 1],
  ['l14', 32, 1, 4],
  ['l14', 32, 8, 5, { precision: 'float16' }],
  ['b32', 32, 1, 2, { name: 'linearised', linearised: true, sides: [side('cuda'), side('webgpu')] }],
]

/** dry: the same protocol at a size that any machine has done in a moment. */
export function cardCases(dry: boolean): CardCase[] {
  return rows.map(([model, batch, vectors, weight, more]) => {
    const c: CardCase = {
      model: dry ? 'tiny' : model,
      shape: dry ? shapes.tiny : shapes[model],
      batch: dry ? Math.min(4, batch) : batch,
      vectors: dry ? Math.min(2, vectors) : vectors,
      precision: 'float32',
      linearised: false,
      sides: plain,
      weight,
      ...more,
      name: `${model}-batch${batch}-${vectors ? `vectors${vectors}` : 'forward'}${more?.name ? `-${more.name}` : ''}`,
    }
    return c.precision === 'float16' ? { ...c, name: `${c.name}-float16` } : c
  })
}
