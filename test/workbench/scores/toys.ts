// Three tiny models for searches by scores: a pre-trained one of zeros, and two that each moved one element of two.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { written } from '../../engine/formats/bytes.ts'

const scorer = join(import.meta.dirname, 'toy-scorer.mjs')

/** The command for scores; record: a file that gets a line for each model. */
export const commandOf = (what: string, record = ''): string =>
  `"${process.execPath}" "${scorer}" ${what} {model} ${record && `"${record}"`}`

const values = { base: [0, 0], one: [1, 0], two: [0, 1] }

export async function writeToys(folder: string): Promise<void> {
  for (const [name, numbers] of Object.entries(values)) {
    const bytes = new Uint8Array(Float32Array.from(numbers).buffer)
    const tensors = ['layers.0.attn.weight', 'layers.1.mlp.weight'].map((tensor) => ({
      name: tensor,
      dtype: 'F32' as const,
      shape: [2],
      bytes,
    }))
    writeFileSync(join(folder, `${name}.safetensors`), await written(tensors))
  }
}
