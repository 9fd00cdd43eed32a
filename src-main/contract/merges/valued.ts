// A parameter or weight that differs from tensor to tensor, as data in a recipe:
//   0.3                                            one for all
//   {"gradient": [0, 0.5, 1]}                      over the depth of the layers, linear between the points
//   [{"filter": "mlp", "value": 0.7}, {"value": {"gradient": [0, 1]}}]   by the names of tensors, the first that fits
// A filter is a part of a tensor's name; without one a value is for every tensor. Words and switches of a gradient are
// those of the nearest point below. Where nothing fits, the parameter's own default holds. Layer l of L lies at
// l / (L - 1); what stands before or behind the layers, as embeddings and heads do, at 0.
import { z } from 'zod'

const scalar = z.union([z.number(), z.string(), z.boolean()])
const gradient = z.strictObject({ gradient: z.array(scalar).min(1) })
const plain = z.union([scalar, gradient])
const filtered = z.array(z.strictObject({ filter: z.string().min(1).optional(), value: plain })).min(1)

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

/** Of a tensor at a depth of 0 to 1; undefined where no filter fits. */
export function valueAt(value: unknown, tensor: string, depth: number): unknown {
  const found = asDiffering(value)
  if (found === undefined) return value
  if (!Array.isArray(found)) return alongGradient(found.gradient, depth)
  const fits = found.find(({ filter }) => filter === undefined || tensor.includes(filter))
  if (fits === undefined) return undefined
  return typeof fits.value === 'object' ? alongGradient(fits.value.gradient, depth) : fits.value
}

/** Those of a tensor; what no filter of theirs fits is left to defaults. */
export function parametersAt(
  parameters: Readonly<Record<string, unknown>>,
  tensor: string,
  depth: number,
): Record<string, unknown> {
  const found = Object.entries(parameters).map(([name, value]) => [name, valueAt(value, tensor, depth)])
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
export function depthsOf(tensors: Iterable<string>): (tensor: string) => number {
  const last = new Map<string, number>() // layer, by what stands before the number
  for (const tensor of tensors) {
    const found = layerOf(tensor)
    if (found) last.set(found.stack, Math.max(last.get(found.stack) ?? 0, found.layer))
  }
  return (tensor) => {
    const found = layerOf(tensor)
    if (!found) return 0
    const most = last.get(found.stack) ?? 0
    return most === 0 ? 1 : found.layer / most
  }
}

function layerOf(tensor: string): { stack: string; layer: number } | undefined {
  const found = /^((?:.*?\.)?(?:layers?|blocks?|resblocks|h|encoder|decoder|stages))\.(\d+)\./.exec(tensor)
  return found?.[1] === undefined ? undefined : { stack: found[1], layer: Number(found[2]) }
}
