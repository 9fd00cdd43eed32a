// A parameter or weight that differs from tensor to tensor, as data in a recipe:
//   0.3                                            one for all
//   {"gradient": [0, 0.5, 1]}                      over the depth of the layers, linear between the points
//   [{"filter": "mlp", "value": 0.7}, {"value": {"gradient": [0, 1]}}]   by the names of tensors, the first that fits
//   [{"layers": [0, 8], "value": 0.7}, {"layers": [8, 16], "value": 0.3}]   by the layers, each from ... to below ...
// A filter is a part of a tensor's name; without one a value is for every tensor. Words and switches of a gradient are
// those of the nearest point below. Where nothing fits, the parameter's own default holds. Layer l of L lies at
// l / (L - 1), and within layers that are named at its place among them; what stands before or behind the layers, as
// embeddings and heads do, lies at 0, and counts as layer -1 and as layer L.
import { z } from 'zod'

const scalar = z.union([z.number(), z.string(), z.boolean()])
const gradient = z.strictObject({ gradient: z.array(scalar).min(1) })
const plain = z.union([scalar, gradient])
const filtered = z
  .array(
    z.strictObject({
      filter: z.string().min(1).optional(),
      layers: z.tuple([z.number().int(), z.number().int()]).optional(),
      value: plain,
    }),
  )
  .min(1)

export type Scalar = z.infer<typeof scalar>
type Plain = z.infer<typeof plain>

/** What differs from tensor to tensor; anything else is one value for all. */
const differing = z.union([gradient, filtered])
type Differing = z.infer<typeof differing>
export const weightSchema = z.union([z.number(), differing])
export type Weight = z.infer<typeof weightSchema>

const asDiffering = (value: unknown): Differing | undefined =>
  typeof value === 'object' ? differing.safeParse(value).data : undefined

export const differs = (values: readonly unknown[]): boolean => values.some((value) => asDiffering(value) !== undefined)

/** Every value that it may take somewhere: of a gradient its points, between which all others lie. */
export function valuesIn(value: unknown): unknown[] {
  const found = asDiffering(value)
  if (found === undefined) return [value]
  const of = (one: Plain): unknown[] => (typeof one === 'object' ? one.gradient : [one])
  return Array.isArray(found) ? found.flatMap((one) => of(one.value)) : of(found)
}

/** Where a tensor stands among a model's layers. */
export interface Place {
  depth: number // 0 to 1
  layer: number // -1: before them, `layers`: behind them
  layers: number
}

/** Of a tensor where it stands; undefined where no filter fits. */
export function valueAt(value: unknown, tensor: string, place: Place): unknown {
  const found = asDiffering(value)
  if (found === undefined) return value
  if (!Array.isArray(found)) return alongGradient(found.gradient, place.depth)
  const fits = found.find(
    ({ filter, layers: [from, to] = [-1, Number.POSITIVE_INFINITY] }) =>
      (filter === undefined || tensor.includes(filter)) && place.layer >= from && place.layer < to,
  )
  if (fits === undefined) return undefined
  if (typeof fits.value !== 'object') return fits.value
  return alongGradient(fits.value.gradient, fits.layers ? depthAmong(place, fits.layers) : place.depth)
}

function depthAmong({ layer, layers }: Place, [from, to]: readonly [number, number]): number {
  const [first, last] = [Math.max(from, 0), Math.min(to, layers) - 1]
  if (layer < first || layer > last) return 0
  return last === first ? 1 : (layer - first) / (last - first)
}

/** Those of a tensor; what no filter of theirs fits is left to defaults. */
export function parametersAt(
  parameters: Readonly<Record<string, unknown>>,
  tensor: string,
  place: Place,
): Record<string, unknown> {
  const found = Object.entries(parameters).map(([name, value]) => [name, valueAt(value, tensor, place)])
  return Object.fromEntries(found.filter(([, value]) => value !== undefined))
}

function alongGradient(points: readonly Scalar[], depth: number): Scalar {
  const at = depth * (points.length - 1)
  const below = Math.min(Math.trunc(at), points.length - 1)
  const [one, next] = [points[below] as Scalar, points[Math.min(below + 1, points.length - 1)] as Scalar]
  if (typeof one !== 'number' || typeof next !== 'number') return one
  return one + (at - below) * (next - one)
}

/** Of every tensor, by the number that its name has after a word for layers: "model.layers.3.mlp" is 3. */
export function placesOf(tensors: Iterable<string>): (tensor: string) => Place {
  const last = new Map<string, number>() // layer, by what stands before the number
  for (const tensor of tensors) {
    const found = layerOf(tensor)
    if (found) last.set(found.stack, Math.max(last.get(found.stack) ?? 0, found.layer))
  }
  const longest = Math.max(-1, ...last.values()) + 1
  return (tensor) => {
    const found = layerOf(tensor)
    if (!found) return { depth: 0, layer: isBefore(tensor) ? -1 : longest, layers: longest }
    const most = last.get(found.stack) ?? 0
    return { depth: most === 0 ? 1 : found.layer / most, layer: found.layer, layers: most + 1 }
  }
}

/** Of a tensor of no layer. */
export const isBefore = (tensor: string): boolean =>
  /embed|(^|\.)(wte|wpe|conv1|ln_pre)\./.test(tensor) && !/embed_out/.test(tensor)

export function layerOf(tensor: string): { stack: string; layer: number } | undefined {
  const found = /^((?:.*?\.)?(?:layers?|blocks?|resblocks|h|encoder|decoder|stages))\.(\d+)\./.exec(tensor)
  return found?.[1] === undefined ? undefined : { stack: found[1], layer: Number(found[2]) }
}
