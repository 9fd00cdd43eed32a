// What a card is fastest with: the likeliest cuts of each product a tower is made of, timed by the clock from handing
// over to the answer, many at a time, best of a few. Done once for a card, its driver and a size, before a run, and
// kept; sizes already in the table are left as they are, so that a run's bits do not change under it.
import type { TowerSize } from '../engine.ts'
import type { Tensor2D } from '../tensor.ts'
import type { WebGpuDevice } from './device.ts'
import { type Cut, type Form, plain, type Size } from './product-forms.ts'
import { isTiled, runProduct } from './products.ts'
import { sumInto } from './rows.ts'
import type { Tuning } from './tuning.ts'

export interface Product {
  form: Form
  size: Size
  splittable: boolean // nothing is done to its sums but adding them up
}

const likely = 8 // cuts tried of each
const rounds = 3
const work = 2e11 // operations a round, at most 16 products

/** The products of a step of a tower, rows of activations at a time, as transformer-layer.ts asks for them. */
export function productsOf({ rows, width, mlp, patchSize }: TowerSize): Product[] {
  const pixels = 3 * patchSize * patchSize
  const forward = (form: Form, to: number, from: number): Product => ({
    form,
    size: { M: rows, N: to, K: from },
    splittable: false,
  })
  const back = (form: Form, M: number, N: number, K: number): Product => ({ form, size: { M, N, K }, splittable: true })
  return [
    forward('nt', 3 * width, width), // in_proj
    forward('nt', width, width), // out_proj
    forward('nt', mlp, width), // c_fc, and back through c_proj and the activation
    forward('nn', width, mlp), // c_proj, which is held turned
    back('nt', rows, width, pixels), // conv1
    back('nn', rows, width, 3 * width),
    back('nn', rows, width, width),
    back('nn', rows, width, mlp),
    back('tn', 3 * width, width, rows),
    back('tn', width, width, rows),
    back('tn', mlp, width, rows),
    back('tn', width, pixels, rows),
  ]
}

/** Whether anything was learned. */
export async function measureProducts(
  device: WebGpuDevice,
  tuning: Tuning,
  products: readonly Product[],
): Promise<boolean> {
  const unknown = products.filter(
    ({ form, size, splittable }) => isTiled(form, size) && !tuning.has(form, size, splittable),
  )
  for (const { form, size, splittable } of unknown) {
    let best: { cut: Cut; ms: number } | undefined
    for (const cut of tuning.candidates(size, splittable).slice(0, likely)) {
      const ms = await timed(device, form, size, cut)
      if (!best || ms < best.ms) best = { cut, ms }
    }
    if (best) tuning.learn(form, size, splittable, best.cut)
  }
  return unknown.length > 0
}

async function timed(device: WebGpuDevice, form: Form, { M, N, K }: Size, cut: Cut): Promise<number> {
  const a = device.output<Tensor2D>([M, K])
  const b = device.output<Tensor2D>([N, K])
  const out = device.output<Tensor2D>([cut.split * M, N])
  const times = Math.max(1, Math.min(16, Math.round(work / (2 * M * N * K))))
  const once = (): void => {
    runProduct(device, form, { M, N, K }, cut, plain, [a, b, out])
    if (cut.split > 1) sumInto<Tensor2D>(device, out, cut.split, [M, N]).dispose()
  }
  const few = device.output<Tensor2D>([1, 1])
  try {
    device.clear(a)
    device.clear(b)
    once()
    await device.read([few])
    let best = Number.POSITIVE_INFINITY
    for (let round = 0; round < rounds; round++) {
      const start = performance.now()
      for (let i = 0; i < times; i++) once()
      await device.read([few])
      best = Math.min(best, (performance.now() - start) / times)
    }
    return best
  } finally {
    for (const tensor of [a, b, out, few]) tensor.dispose()
  }
}
