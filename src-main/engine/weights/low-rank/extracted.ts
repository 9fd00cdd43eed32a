// A LoRA taken out of a fine-tuned model, a tensor at a time: what each matrix's difference from the pre-trained
// model's is as B A (truncated.ts), with the error of the factors as they are written, and the norms of what no factor
// holds. A tensor and its factors are in memory, and nothing else.
import type { WrittenDtype } from '../../../contract/checkpoint.ts'
import { BasilError } from '../../../contract/errors.ts'
import type { ExtractedLayer, LoraRank } from '../../../contract/extraction.ts'
import { dot, norm, product } from '../../../numbers/vectors.ts'
import type { DoubleDevice, Matrix } from '../../devices/double/device.ts'
import { withDoubles } from '../../devices/double/open.ts'
import { multiplyInto, viewOf } from '../../devices/double/products.ts'
import { toFloat32 } from '../../formats/dtype.ts'
import { infoOf } from '../../formats/tensor-file.ts'
import { cast, dtypeOf } from '../../formats/writing/in-dtype.ts'
import { readParameter, readSlice } from '../slices.ts'
import type { Sides } from './sides.ts'
import type { Target } from './targets.ts'
import { transposed, truncated } from './truncated.ts'

/** A tensor that is to be written. */
interface Factor {
  name: string // as peft calls it
  shape: number[]
  bytes: Uint8Array
}

export interface ExtractedMatrix {
  layer: ExtractedLayer
  factors: Factor[]
}

const piece = 2 ** 18 // elements
const rounding = 2 ** -24 // of float32

/** Elements of theta - theta_pre and of theta, a piece at a time. */
async function* pieces(sides: Sides, name: string): AsyncGenerator<{ delta: Float64Array; tuned: Float32Array }> {
  const [base, tuned] = [
    { file: sides.base, prefix: '' },
    { file: sides.tuned, prefix: '' },
  ]
  const size = product(infoOf(sides.base.tensors, name, sides.base.source).shape)
  const [still, theirs] = [new Float32Array(piece), new Float32Array(piece)]
  for (let first = 0; first < size; first += piece) {
    const count = Math.min(piece, size - first)
    const b = await readSlice(base, name, first, count, still)
    const t = await readSlice(tuned, name, first, count, theirs)
    const delta = differences(t, b)
    if (!Number.isFinite(dot(delta, delta))) for (const side of [base, tuned]) await readParameter(side, name) // throws
    yield { delta, tuned: t }
  }
}

/** t - b; of what is not finite and the same, 0. */
function differences(t: Float32Array, b: Float32Array): Float64Array {
  const out = new Float64Array(t.length)
  for (let i = 0; i < out.length; i++) {
    const [v, w] = [t[i] as number, b[i] as number]
    out[i] = v === w ? 0 : v - w
  }
  return out
}

/** |theta - theta_pre| of one tensor. Throws tensor-not-finite. */
export async function movedBy(sides: Sides, name: string): Promise<number> {
  let squares = 0
  for await (const { delta } of pieces(sides, name)) squares += dot(delta, delta)
  return Math.sqrt(squares)
}

/** null: the two have the same. Throws tensor-not-finite, and not-finite where a factor is too large for its type. */
export async function extractedMatrix(
  sides: Sides,
  target: Target,
  { rank, dtype }: { rank: LoraRank; dtype: WrittenDtype },
): Promise<ExtractedMatrix | null> {
  const { shape } = infoOf(sides.base.tensors, target.tensor, sides.base.source)
  const [rows = 0, columns = 0] = shape
  if (8 * rows * columns > mostBytes) {
    if ((await movedBy(sides, target.tensor)) === 0) return null
    throw tooLarge(target.tensor, shape)
  }
  return withDoubles(async (device) => {
    const delta = device.matrix(rows, columns)
    const values = device.values(delta)
    let [first, squares] = [0, 0]
    for await (const { delta: part, tuned } of pieces(sides, target.tensor)) {
      values.set(part, first)
      first += part.length
      squares += dot(tuned, tuned)
    }
    const whole = norm(values)
    if (whole === 0) return null
    const found = truncated(device, delta, rank, rounding * Math.sqrt(squares))
    const factors = written(target, found, { rows, columns, dtype })
    subtract(device, delta, target, factors, dtype)
    const { module, tensor } = target
    return { layer: { module, tensor, shape, rank: found.rank, norm: whole, error: norm(values) / whole }, factors }
  })
}

const mostBytes = 3.2e9 // of a difference in float64: its factors want room in 4 GiB too

function tooLarge(tensor: string, shape: readonly number[]): BasilError {
  return new BasilError({
    code: 'not-supported',
    what: 'A matrix is too large to be factored',
    where: tensor,
    why: `[${shape}] in float64 is more than ${mostBytes / 1e9} GB`,
    next: 'name the modules to adapt, without it (--modules), and save it whole (--save-rest)',
    inWindow: 'name the modules to adapt, without it, and save it whole',
  })
}

/** lora_A (r, in) and lora_B (out, r); of a weight that lies turned the left factor is A's. */
function written(
  { module, turned }: Target,
  { rank, left, right }: ReturnType<typeof truncated>,
  { rows, columns, dtype }: { rows: number; columns: number; dtype: WrittenDtype },
): Factor[] {
  const factor = (which: 'A' | 'B', shape: number[], values: Float64Array): Factor => {
    const name = `base_model.model.${module}.lora_${which}.weight`
    return { name, shape, bytes: cast(values, dtypeOf[dtype], () => name) }
  }
  return turned
    ? [
        factor('A', [rank, rows], transposed(left, rows, rank)),
        factor('B', [columns, rank], transposed(right, rank, columns)),
      ]
    : [factor('A', [rank, columns], right), factor('B', [rows, rank], left)]
}

/** delta <- delta - B A, of the factors as they are written. */
function subtract(
  device: DoubleDevice,
  delta: Matrix,
  { turned }: Target,
  factors: readonly Factor[],
  dtype: WrittenDtype,
): void {
  const [a, b] = factors.map(({ shape: [rows = 0, columns = 0], bytes }) => {
    const values = new Float64Array(toFloat32(bytes, dtypeOf[dtype]))
    return turned
      ? device.matrix(columns, rows, transposed(values, rows, columns))
      : device.matrix(rows, columns, values)
  }) as [Matrix, Matrix]
  const [left, right] = turned ? [a, b] : [b, a]
  multiplyInto(device, 'subtract', viewOf(left), viewOf(right), viewOf(delta))
}
