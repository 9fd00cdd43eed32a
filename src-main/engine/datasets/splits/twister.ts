// Mersenne Twister MT19937 (Matsumoto & Nishimura, 1998), seeded as torch.Generator().manual_seed(seed) seeds it, and
// the permutation that torch.randperm draws with it on a CPU: for i from 0 on, the i-th changes places with one of
// itself and those behind it. It is here for the splits that others have drawn with PyTorch; every draw of Basil's own
// is random.ts'.
import { swap } from '../../../numbers/vectors.ts'

const words = 624
const middle = 397

/** Numbers of 32 bits, one a call. Of the seed the lower 32 bits count, as in torch. */
export function twister(seed: number): () => number {
  const state = new Uint32Array(words)
  let last = seed >>> 0
  for (let j = 0; j < words; j++) {
    state[j] = last
    last = (Math.imul(1812433253, last ^ (last >>> 30)) + j + 1) >>> 0
  }
  let next = words
  return () => {
    if (next === words) {
      twist(state)
      next = 0
    }
    let y = wordAt(state, next++)
    y ^= y >>> 11
    y ^= (y << 7) & 0x9d2c5680
    y ^= (y << 15) & 0xefc60000
    return (y ^ (y >>> 18)) >>> 0
  }
}

function twist(state: Uint32Array): void {
  for (let k = 0; k < words; k++) {
    const y = (wordAt(state, k) & 0x80000000) | (wordAt(state, (k + 1) % words) & 0x7fffffff)
    state[k] = wordAt(state, (k + middle) % words) ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0)
  }
}

function wordAt(state: Uint32Array, k: number): number {
  return state[k] as number
}

const most = Math.floor((2 ** 32 - 1) / 20) // from here on torch permutes in another way

/** torch.randperm(n, generator=torch.Generator().manual_seed(seed)), for n < 214,748,364. */
export function torchPermutation(n: number, seed: number): Uint32Array {
  if (!(Number.isInteger(n) && n >= 0 && n < most)) throw new RangeError(`a permutation of ${n}`)
  const draw = twister(seed)
  const order = new Uint32Array(n)
  for (let i = 0; i < n; i++) order[i] = i
  for (let i = 0; i < n - 1; i++) {
    const z = i + (draw() % (n - i))
    swap(order, i, z)
  }
  return order
}
