// How many images at a time a card is fastest with, by trying: a layer's way there and back is timed at half, once,
// twice and four times what the rule says, and the fewest images are taken that cost at most 3 % more each than the
// best. Done once for a card, its driver and a tower's size, and kept, as the size shows in a run's last bits.
import { isOutOfMemory } from '../../contract/device-faults.ts'
import type { Backend } from '../devices/backend.ts'
import { disposeAll, type Tensor, type Tensor2D } from '../devices/tensor.ts'
import type { Architecture } from '../layouts/clip-names.ts'
import { disposeLayer, layerName, layerReverse, transformerLayer } from '../models/transformer-layer.ts'
import { heldShape } from '../weights/held.ts'
import { type MicroBatch, microBatchFor, microBatchOf } from './micro-batch.ts'

const worth = 1.03
const rounds = 3

/**
 * As `microBatchFor`, but by what was measured where the engine keeps measures of its card. now: milliseconds of a clock
 * that never goes back.
 */
export async function suitedMicroBatch(
  configured: number | 'auto',
  backend: Backend,
  architecture: Architecture,
  now = () => performance.now(),
): Promise<MicroBatch> {
  const rule = microBatchFor(configured, backend, architecture)
  const { measured } = backend
  if (configured !== 'auto' || !measured) return rule
  const { tokens, width, mlp, heads } = architecture
  const what = `micro-batch of ${tokens} tokens, width ${width}, mlp ${mlp}, ${heads} heads`
  const known = measured.get(what)
  if (known !== undefined) return microBatchOf(known)
  const { size, isWhole } = await fewestAmongFastest(rule.size, backend, architecture, now)
  if (isWhole) measured.keep(what, size) // else the card was full by then
  return microBatchOf(size)
}

async function fewestAmongFastest(
  rule: number,
  backend: Backend,
  architecture: Architecture,
  now: () => number,
): Promise<{ size: number; isWhole: boolean }> {
  const all = [...new Set([0.5, 1, 2, 4].map((times) => Math.max(1, Math.round(times * rule))))]
  // by what the card has, the same at every start: what is free now would let the answer change from run to run
  const sizes = all.filter((size, k) => k === 0 || tapeBytes(size, architecture) <= backend.deviceBytes() / 4)
  const tried: { size: number; each: number }[] = []
  for (const size of sizes) {
    await backend.tune?.({ ...architecture, rows: size * architecture.tokens })
    try {
      tried.push({ size, each: (await timed(size, backend, architecture, now)) / size })
    } catch (error) {
      if (!isOutOfMemory(error)) throw error
      break // nor will more fit
    }
  }
  const best = Math.min(...tried.map(({ each }) => each))
  const size = tried.find(({ each }) => each <= worth * best)?.size ?? rule
  return { size, isWhole: tried.length === sizes.length }
}

/** What a whole tower keeps of so many images on its way there, in float32. */
function tapeBytes(images: number, { tokens, width, mlp, layers }: Architecture): number {
  return 4 * images * tokens * layers * (6 * width + mlp)
}

/** Milliseconds of a layer's way there and back, with the waiting for its answer; the best of a few. */
async function timed(images: number, backend: Backend, architecture: Architecture, now: () => number): Promise<number> {
  const { ops } = backend
  const { tokens, width, mlp, heads } = architecture
  const shape = { images, tokens, heads }
  const made = new Map<string, Tensor>()
  const weights = (name: string): Tensor => {
    const found = made.get(name) ?? ops.keep(ops.zeros(shapeOf(name, width, mlp)))
    made.set(name, found)
    return found
  }
  const scope = ops.scope() // an engine that fails half-way leaves nothing
  const once = async (): Promise<void> => {
    const one = scope.run(() => {
      x ??= ops.keep(ops.zeros<Tensor2D>([images * tokens, width]))
      const { next, tape } = transformerLayer({ ops, architecture }, weights, 0, x, { shape })
      const before = layerReverse({ ops, architecture }, weights, 0, { x, kept: tape, shape }, next, () => undefined)
      disposeLayer(tape)
      const row = ops.takeRows(before, [0])
      disposeAll([next, before])
      return row
    })
    await ops.read(one)
    one.dispose()
  }
  let x: Tensor2D | undefined
  try {
    await once()
    let best = Number.POSITIVE_INFINITY
    for (let round = 0; round < rounds; round++) {
      const start = now()
      await once()
      best = Math.min(best, now() - start)
    }
    return best
  } finally {
    disposeAll([...(x ? [x] : []), ...made.values()])
    scope.dispose()
  }
}

/** Of a layer's parameter, as a tower holds it. */
function shapeOf(name: string, width: number, mlp: number): number[] {
  const shapes: Record<string, number[]> = {
    'attn.in_proj_weight': [3 * width, width],
    'attn.in_proj_bias': [3 * width],
    'attn.out_proj.weight': [width, width],
    'mlp.c_fc.weight': [mlp, width],
    'mlp.c_fc.bias': [mlp],
    'mlp.c_proj.weight': [width, mlp],
  }
  return heldShape(name, shapes[name.slice(layerName(0).length)] ?? [width])
}
