// A product's form and size, the tiles it may be computed in, and what is done to its sums before they are stored.
//   nt: C = A B', A (M, K), B (N, K).   nn: C = A B, B (K, N).   tn: C = A' B, A (K, M).   tt: both turned.
import type { Activation } from '../ops.ts'
import { activationOf, type Lane } from './functions.ts'

export type Form = 'nt' | 'nn' | 'tn' | 'tt'

export interface Size {
  M: number
  N: number
  K: number
}

/**
 * BM x BN of C a workgroup, TM x TN of it a thread, K taken BK at a time. Threads come in groups of 4 x 8, so that
 * BM / (4 TM) x BN / (8 TN) groups make a workgroup.
 */
export interface Tile {
  BM: number
  BN: number
  BK: number
  TM: number
  TN: number
}

/** How a product is cut: in tiles, and over K in `split` parts, which are added up in their order. */
export interface Cut {
  tile: Tile
  split: number
}

export const tiles: readonly Tile[] = [
  { BM: 128, BN: 128, BK: 16, TM: 8, TN: 8 },
  { BM: 128, BN: 128, BK: 8, TM: 8, TN: 8 },
  { BM: 64, BN: 128, BK: 16, TM: 8, TN: 8 },
  { BM: 128, BN: 64, BK: 16, TM: 8, TN: 8 },
  { BM: 128, BN: 64, BK: 16, TM: 8, TN: 4 },
  { BM: 64, BN: 64, BK: 16, TM: 4, TN: 8 },
  { BM: 64, BN: 64, BK: 16, TM: 4, TN: 4 },
  { BM: 32, BN: 64, BK: 32, TM: 4, TN: 4 },
]

export function threadsOf({ BM, BN, TM, TN }: Tile): number {
  return (BM / TM) * (BN / TN)
}

/** vec4f from one k to the next, of A's part of a tile and of B's: one more where it is turned on the way, for the banks. */
export function strides(form: Form, { BM, BN }: Tile): { ofA: number; ofB: number } {
  return { ofA: BM / 4 + (form === 'tn' ? 0 : 1), ofB: BN / 4 + (form === 'nt' ? 1 : 0) }
}

export function workgroupBytes({ BM, BN, BK }: Tile): number {
  return 16 * BK * (BM / 4 + 1 + BN / 4 + 1)
}

/**
 * What becomes of a sum v of row `row` and column `c` (of four where T is vec4f; `at` is its place in C) before it is
 * stored, from tensors read beside A and B; and a second output, if there is one.
 */
export interface Epilogue {
  key: string
  reads(T: Lane): Record<string, string>
  writes(T: Lane): Record<string, string>
  functions(T: Lane): string
  code: string
}

const none = (): Record<string, string> => ({})

export const plain: Epilogue = { key: 'plain', reads: none, writes: none, functions: () => '', code: '' }

export const biased: Epilogue = {
  ...plain,
  key: 'bias',
  reads: (T) => ({ bias: `array<${T}>` }),
  code: 'v += bias[c];',
}

export const withResidual: Epilogue = {
  ...plain,
  key: 'bias, residual',
  reads: (T) => ({ bias: `array<${T}>`, residual: `array<${T}>` }),
  code: 'v += bias[c]; v += residual[at];',
}

/** C = wide, and the activation of it. */
export function activatedBy(kind: Activation): Epilogue {
  return {
    key: `bias, ${kind}`,
    reads: (T) => ({ bias: `array<${T}>` }),
    writes: (T) => ({ activated: `array<${T}>` }),
    functions: (T) => activationOf(kind, T),
    code: 'v += bias[c]; activated[at] = activate(v);',
  }
}

/** C = v f'(wide), and the activation of wide again. */
export function reversedBy(kind: Activation): Epilogue {
  return {
    key: `back through ${kind}`,
    reads: (T) => ({ wide: `array<${T}>` }),
    writes: (T) => ({ activated: `array<${T}>` }),
    functions: (T) => activationOf(kind, T),
    code: 'let w = wide[at]; activated[at] = activate(w); v *= slope(w);',
  }
}

export const epilogues: readonly Epilogue[] = [
  plain,
  biased,
  withResidual,
  activatedBy('quick-gelu'),
  activatedBy('gelu'),
  reversedBy('quick-gelu'),
  reversedBy('gelu'),
]
