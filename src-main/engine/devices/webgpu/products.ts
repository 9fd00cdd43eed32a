// Products of matrices, with bias, activation and residual in the same pass. Sizes that are whole fours go in tiles,
// cut as the card's tuning says (tuning.ts); others one element a thread. A product that is split over K leaves parts,
// which are added up in their order: its bits follow from the cut alone.
import type { Ops } from '../ops.ts'
import type { Tensor, Tensor1D, Tensor2D } from '../tensor.ts'
import type { WebGpuDevice } from './device.ts'
import {
  activatedBy,
  biased,
  type Cut,
  type Epilogue,
  type Form,
  plain,
  reversedBy,
  type Size,
  withResidual,
} from './product-forms.ts'
import { sumInto } from './rows.ts'
import { plainProduct, tiledProduct } from './tiled-product.ts'
import type { Tuning } from './tuning.ts'

type Products = Pick<Ops, 'matmul' | 'linear' | 'linearActivated' | 'activatedGradient'>

export function products(device: WebGpuDevice, tuning: Tuning): Products {
  const multiply = (
    form: Form,
    a: Tensor2D,
    b: Tensor2D,
    epilogue = plain,
    beside: readonly Tensor[] = [],
  ): Tensor2D[] => {
    const size = sizeOf(form, a, b)
    const { M, N } = size
    const cut = tuning.cutFor(form, size, epilogue === plain)
    const out = device.output<Tensor2D>([cut.split * M, N])
    const more = Object.keys(epilogue.writes('f32')).map(() => device.output<Tensor2D>([M, N]))
    runProduct(device, form, size, cut, epilogue, [a, b, ...beside, out, ...more])
    if (cut.split === 1) return [out, ...more]
    const sum = sumInto<Tensor2D>(device, out, cut.split, [M, N])
    out.dispose()
    return [sum]
  }
  const one = (...given: Parameters<typeof multiply>): Tensor2D => multiply(...given)[0] as Tensor2D
  const two = (...given: Parameters<typeof multiply>): [Tensor2D, Tensor2D] =>
    multiply(...given) as [Tensor2D, Tensor2D]

  return {
    matmul: (a, b, transposeA = false, transposeB = false) => one(formOf(transposeA, transposeB), a, b),

    linear(x, weight, bias, turned = false, residual) {
      checkBias(bias, weight.shape[turned ? 1 : 0])
      if (!residual) return one(formOf(false, !turned), x, weight, biased, [bias])
      if (residual.size !== x.shape[0] * bias.size) throw new RangeError(`a residual [${residual.shape}] does not fit`)
      return one(formOf(false, !turned), x, weight, withResidual, [bias, residual])
    },

    linearActivated(x, weight, bias, kind) {
      checkBias(bias, weight.shape[0])
      const [wide, active] = two('nt', x, weight, activatedBy(kind), [bias])
      return { wide, active }
    },

    activatedGradient(dy, weight, wide, kind, turned = false) {
      const form = formOf(false, turned)
      const { M, N } = sizeOf(form, dy, weight)
      if (wide.size !== M * N) throw new RangeError(`wide [${wide.shape}] does not fit a product [${M},${N}]`)
      const [dwide, active] = two(form, dy, weight, reversedBy(kind), [wide])
      return { active, dwide }
    },
  }
}

/** tensors: A, B, those the epilogue reads, C of split * M rows, those the epilogue writes. */
export function runProduct(
  device: WebGpuDevice,
  form: Form,
  { M, N, K }: Size,
  { tile, split }: Cut,
  { key }: Epilogue,
  tensors: readonly Tensor[],
): void {
  if (!isTiled(form, { M, N, K })) {
    device.run(plainProduct(form, key), tensors, [Math.ceil(N / 16), Math.ceil(M / 16)], [M, N, K, K])
    return
  }
  const { BM, BN, BK, TM, TN } = tile
  const chunk = Math.ceil(K / split / BK) * BK
  const guarded = K % BK !== 0
  const code = tiledProduct(form, BM, BN, BK, TM, TN, guarded, key)
  device.run(code, tensors, [Math.ceil(N / BN), Math.ceil(M / BM), split], [M, N, K, chunk])
}

/** Whether rows of A, B and C begin at whole fours. */
export function isTiled(form: Form, { M, N, K }: Size): boolean {
  if (form === 'tt' || N % 4 !== 0) return false
  return form === 'tn' ? M % 4 === 0 : K % 4 === 0
}

function formOf(transposeA: boolean, transposeB: boolean): Form {
  if (transposeA) return transposeB ? 'tt' : 'tn'
  return transposeB ? 'nt' : 'nn'
}

function sizeOf(form: Form, a: Tensor2D, b: Tensor2D): Size {
  const [turnedA, turnedB] = [form === 'tn' || form === 'tt', form === 'nt' || form === 'tt']
  const [K, M] = turnedA ? a.shape : [a.shape[1], a.shape[0]]
  const [N, inner] = turnedB ? b.shape : [b.shape[1], b.shape[0]]
  if (K !== inner) throw new RangeError(`inner sizes of a product differ: ${K} and ${inner}`)
  return { M, N, K }
}

function checkBias(bias: Tensor1D, outputs: number): void {
  if (bias.size !== outputs) throw new RangeError(`a bias of ${bias.size} for ${outputs} outputs`)
}
