// A checkpoint written anew in another layout, type or container. Nothing is computed but the rounding of another type:
// from open_clip to Hugging Face and back, every bit is the same. What the file said of itself is kept; where it came
// from, and what stood beside it of how its towers are computed, is added.
import { basename } from 'node:path'

import type { Form } from '../contract/checkpoint.ts'
import type { Conversion, Told } from '../contract/engine-api.ts'
import type { Exported } from '../contract/run/recipe.ts'
import type { Progress } from '../contract/run/run.ts'
import { telling } from '../contract/wire/telling.ts'
import { ownMetadata } from '../engine/architecture/own.ts'
import { openTensorFile } from '../engine/formats/open.ts'
import type { TensorFile } from '../engine/formats/tensor-file.ts'
import { inDtype } from '../engine/formats/writing/in-dtype.ts'
import { type CanonicalFile, canonical, inLayout } from '../engine/layouts/index.ts'
import { towersOf } from '../engine/models/towers.ts'
import { hashCheckpoint, openSource } from '../files/source.ts'
import { requireFree } from '../files/write-atomic.ts'
import { writeModel } from '../files/written-model.ts'

/** Throws what reading and writing throw, and not-supported where the layout has no names for this architecture. */
export function convert(conversion: Conversion): AsyncGenerator<Told<Exported>> {
  return telling('The conversion', (tell) => work(conversion, tell))
}

async function work({ file, out, overwrite, form }: Conversion, tell: (progress: Progress) => void): Promise<Exported> {
  await requireFree(out, { overwrite })
  const source = await openSource(file)
  try {
    const opened = await openTensorFile(source)
    const seen = canonical(opened)
    const { view, left } = inForm(opened, seen, form)
    const { towers } = await towersOf(seen)
    const { sha256 } = await hashCheckpoint(file)
    const from = { name: basename(file), sha256, layout: form.layout, dtype: form.dtype, left }
    const metadata = { ...opened.metadata, ...ownMetadata(towers), 'basil.converted': JSON.stringify(from) }
    const total = [...view.tensors.values()].reduce((sum, { bytes }) => sum + bytes, 0)
    const written = (bytes: number): void =>
      tell({ type: 'progress', what: 'Writing', done: Math.min(bytes, total), total })
    return await writeModel(view, { out, overwrite, container: form.container, metadata, tell: written })
  } finally {
    await source.close()
  }
}

/** `left`: what has no place in the layout. */
function inForm(file: TensorFile, seen: CanonicalFile, { layout, dtype }: Form): { view: TensorFile; left: string[] } {
  if (layout === null) return { view: inDtype(file, dtype), left: [] }
  const laidOut = inLayout(seen, layout)
  return { view: inDtype(laidOut, dtype), left: laidOut.left }
}
