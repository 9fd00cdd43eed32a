// The merges of whole models that are measured against their peers: task arithmetic of image towers against mergekit's
// merge of plain checkpoints, TIES and DARE of sharded language models against mergekit, and spectral merges of image
// towers against the same mathematics by torch.linalg.
import { shapes } from '../cases.ts'
import type { Shape } from '../scratch.ts'
import type { LanguageSize } from './models.ts'

export interface MergingCase {
  name: string // what --only looks into
  models: { kind: 'towers'; model: string; shape: Shape } | { kind: 'language'; model: string; size: LanguageSize }
  vectors: number
  method: string
  /** Of ours. */
  options: readonly string[]
  peer: 'mergekit-pytorch' | 'mergekit-yaml' | 'torch.linalg'
  /** mergekit's name of the method, and what each model's parameters are there. */
  there: { method: string; parameters: Record<string, number> }
}

const towers = (model: 'b32' | 'tiny') => ({ kind: 'towers', model, shape: shapes[model] }) as const
const language = (model: 'llama' | 'tiny-llama') => ({ kind: 'language', model, size: sizes[model] }) as const

/** llama: a billion weights, 2 GB in bfloat16. */
const sizes = {
  llama: { width: 2048, inner: 5632, keys: 256, layers: 20, vocabulary: 32000, shardBytes: 5e8 },
  'tiny-llama': { width: 64, inner: 128, keys: 32, layers: 2, vocabulary: 320, shardBytes: 1e5 },
} satisfies Record<string, LanguageSize>

function casesOf(tower: 'b32' | 'tiny', llama: 'llama' | 'tiny-llama', vectors: number): MergingCase[] {
  const half = ['--preset', 'mergekit', '--set', 'density=0.5', '--coefficient', '1']
  return [
    ...(['ties', 'dare'] as const).map(
      (method): MergingCase => ({
        name: `${llama}-${method}`,
        models: language(llama),
        vectors: 2,
        method,
        options: half,
        peer: 'mergekit-yaml',
        there: { method: method === 'dare' ? 'dare_linear' : method, parameters: { weight: 1, density: 0.5 } },
      }),
    ),
    {
      name: `${tower}-task-arithmetic`,
      models: towers(tower),
      vectors,
      method: 'task-arithmetic',
      options: ['--coefficient', '0.3'],
      peer: 'mergekit-pytorch',
      there: { method: 'task_arithmetic', parameters: { weight: 0.3 } },
    },
    ...['tsv-m', 'iso-c', 'wudi-closed'].map(
      (method): MergingCase => ({
        name: `${tower}-${method}`,
        models: towers(tower),
        vectors,
        method,
        options: ['--coefficient', '1'],
        peer: 'torch.linalg',
        there: { method, parameters: {} },
      }),
    ),
  ]
}

/** Those whose name holds one of the comma-separated words of `only`; without it all but the tiny ones. */
export function mergingCases(only: string): MergingCase[] {
  const all = [...casesOf('b32', 'llama', 8), ...casesOf('tiny', 'tiny-llama', 2)]
  return all.filter(({ name }) =>
    only ? only.split(',').some((word) => name.startsWith(word)) : !name.startsWith('tiny'),
  )
}
