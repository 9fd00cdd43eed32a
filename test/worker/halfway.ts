// Small models of any architecture on disk, and what halfway between two of them is: base + 0.5 (tuned - base), written
// as basil merge writes it.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, expect } from 'vitest'

import { type Form, formSchema } from '../../src-main/contract/checkpoint.ts'
import type { Exported } from '../../src-main/contract/run/recipe.ts'
import { type Dtype, dtypes, type FloatingDtype, toFloat32 } from '../../src-main/engine/formats/dtype.ts'
import { openTensorFile } from '../../src-main/engine/formats/open.ts'
import { cast } from '../../src-main/engine/formats/writing/in-dtype.ts'
import { openSource } from '../../src-main/files/source.ts'
import { rebuild } from '../../src-main/worker/rebuild.ts'
import { written } from '../engine/formats/bytes.ts'
import { halfwayOf } from './recipes.ts'

export const folder = mkdtempSync(join(tmpdir(), 'basil-merge-'))
afterAll(() => rmSync(folder, { recursive: true }))

export type Given = Record<string, { dtype: Dtype; shape: number[]; bytes: Uint8Array }>

export const tensor = (dtype: FloatingDtype, ...values: number[]): Given[string] => ({
  dtype,
  shape: [values.length],
  bytes: cast(Float64Array.from(values), dtype, () => ''),
})
export const raw = (dtype: Dtype, ...bytes: number[]): Given[string] => ({
  dtype,
  shape: [bytes.length / dtypes[dtype]],
  bytes: Uint8Array.from(bytes),
})

export async function saved(name: string, given: Given): Promise<string> {
  const path = join(folder, `${name}.safetensors`)
  writeFileSync(path, await written(Object.entries(given).map(([name, t]) => ({ name, ...t }))))
  return path
}

/** base + 0.5 (tuned - base). */
export async function merged(
  base: Given,
  tuned: Given,
  form: Partial<Form> = {},
): Promise<{ out: string; exported: Exported }> {
  const recipe = await halfwayOf(await saved('base', base), await saved('tuned', tuned))
  const out = join(folder, 'merged.safetensors')
  rmSync(out, { force: true })
  return { out, exported: await rebuild({ recipe, out, overwrite: false, form: formSchema.parse(form) }) }
}

export async function contentOf(path: string): Promise<Given> {
  const source = await openSource(path)
  try {
    const file = await openTensorFile(source)
    const found: Given = {}
    for (const { name, dtype, shape } of file.tensors.values())
      found[name] = { dtype, shape, bytes: await file.read(name) }
    return found
  } finally {
    await source.close()
  }
}

export const numbers = ({ dtype, bytes }: Given[string] = raw('U8')): number[] => [...toFloat32(bytes, dtype)]
export const refused = async (
  base: Given,
  tuned: Given,
): Promise<{ code: string; what: string; where: string; why: string; next: string }> => {
  const record = await merged(base, tuned).then(
    () => expect.fail('it was merged'),
    (error) => error.record,
  )
  expect(existsSync(join(folder, 'merged.safetensors'))).toBe(false)
  return record
}
