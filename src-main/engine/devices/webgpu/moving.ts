// Sums of tensors, their inner products, and AdamW, which writes over what it is given where nobody else has it.
import { at } from '../../../numbers/vectors.ts'
import { adamwNumbers, checkMoving, checkPair, checkSum, disposeUnless, inOrder } from '../moving.ts'
import type { Ops } from '../ops.ts'
import type { Tensor } from '../tensor.ts'
import type { WebGpuDevice } from './device.ts'
import { flatIndex, flatMain } from './functions.ts'
import { family, kernel, type Word } from './kernel.ts'
import { flat } from './rows.ts'
import { own } from './tensors.ts'
import { dotOf } from './vectors.ts'

const together = 4 // tensors a pass

const combining = family((count: number) => {
  const names = Array.from({ length: count }, (_, k) => `x${k}`)
  const terms = names.slice(1).map((name, k) => `sum = fma(vec4f(p.c[0].${'yzw'[k]}), ${name}[i], sum);`)
  return kernel({
    name: 'combine',
    words: { c: 'array<vec4f, 1>', count: 'u32' },
    reads: Object.fromEntries(names.map((name) => [name, 'array<vec4f>'])),
    writes: { out: 'array<vec4f>' },
    code: `
// out = sum over k of c_k x_k, four elements a thread
${flatMain} {
  ${flatIndex('p.count')}
  var sum = p.c[0].x * x0[i];
  ${terms.join(' ')}
  out[i] = sum;
}`,
  })
})

const numbers = ['scale', 'beta1', 'fresh1', 'beta2', 'fresh2', 'size', 'least', 'decay', 'rate']
const words: Record<string, Word> = {
  ...Object.fromEntries(numbers.map((name) => [name, 'f32' as const])),
  count: 'u32',
}

const stepping = family((isMasked: boolean, isMoved: boolean) =>
  kernel({
    name: 'adamw',
    words,
    reads: {
      gradient: 'array<vec4f>',
      ...(isMasked && { mask: 'array<vec4f>' }),
      ...(isMoved && { origin: 'array<vec4f>' }),
    },
    writes: { x: 'array<vec4u>', m: 'array<vec4f>', v: 'array<vec4f>' },
    code: `
// g = scale gradient,   m <- b1 m + (1 - b1) g,   v <- b2 v + (1 - b2) g^2
// x <- x - (eta w (origin + x) + eta m / (sqrt(v) size + least)),   where the mask is not 0
// size = (1 - b1^t) / sqrt(1 - b2^t), least = (1 - b1^t) epsilon; x as bits, which a choice keeps
${flatMain} {
  ${flatIndex('p.count')}
  let g = p.scale * gradient[i];
  let mean = p.beta1 * m[i] + p.fresh1 * g;
  let square = p.beta2 * v[i] + p.fresh2 * g * g;
  m[i] = mean;
  v[i] = square;
  let way = mean / (sqrt(square) * p.size + p.least);
  let bits = x[i];
  let present = bitcast<vec4f>(bits);
  let decayed = p.decay * ${isMoved ? '(origin[i] + present)' : 'present'};
  let next = bitcast<vec4u>(present - (decayed + p.rate * way));
  x[i] = ${isMasked ? 'select(bits, next, mask[i] != vec4f())' : 'next'};
}`,
  }),
)

export function moving(device: WebGpuDevice): Pick<Ops, 'combine' | 'dot' | 'adamw'> {
  const { keep } = device.tensors.lifetimes

  /** x, or its numbers once more where a clone shares them. */
  const alone = (x: Tensor): Tensor => {
    if (own(x).held.users === 1) return keep(x)
    const copy = device.kept<Tensor>(x.shape)
    device.copy(x, copy)
    return copy
  }

  return {
    combine<T extends Tensor>(tensors: readonly T[], coefficients: readonly number[]): T {
      const { shape, size } = checkSum(tensors, coefficients)
      const fours = Math.ceil(size / 4)
      const terms = tensors.map((x, k) => ({ x, c: at(coefficients, k) }))
      for (;;) {
        const some = terms.splice(0, together)
        const out = device.output<T>(shape)
        const c = Array.from({ length: together }, (_, k) => some[k]?.c ?? 0)
        device.run(combining(some.length), [...some.map(({ x }) => x), out], flat(fours), [...c, fours])
        if (some[0] && !tensors.includes(some[0].x)) some[0].x.dispose() // the sum so far
        if (terms.length === 0) return out
        terms.unshift({ x: out, c: 1 })
      }
    },

    dot(x, y) {
      checkPair(x, y)
      return dotOf(device, x, y)
    },

    adamw(present, gradient, step, beside = {}) {
      checkMoving(present, gradient, beside)
      const { mask, origin } = beside
      const given = inOrder(adamwNumbers(step))
      const reads = [gradient, mask, origin].flatMap((x) => (x ? [x] : []))
      const next = { value: alone(present.value), mean: alone(present.mean), square: alone(present.square) }
      const fours = Math.ceil(next.value.size / 4)
      const code = stepping(mask !== undefined, origin !== undefined)
      device.run(code, [...reads, next.value, next.mean, next.square], flat(fours), [...given, fours])
      disposeUnless(present, next)
      return next
    },
  }
}
