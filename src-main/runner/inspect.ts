// What a file is, said without using it: format, layout, architecture, tensors, values that are not finite, content hash.
import type { Inspection } from '../contract/recipe.ts'
import { isFloating, toFloat32 } from '../engine/formats/dtype.ts'
import { openTensorFile } from '../engine/formats/index.ts'
import type { TensorFile } from '../engine/formats/tensor-file.ts'
import { recognise, towerParameters } from '../engine/models/clip-names.ts'
import { hashFile, openSource } from '../files/source.ts'

const piece = 4 * 2 ** 20 // bytes looked at in one go: a tensor may be as large as the memory

/** Throws file-missing, file-damaged or format-unknown. */
export async function inspect(path: string): Promise<Inspection> {
  const source = await openSource(path)
  try {
    const file = await openTensorFile(source)
    const tower = recognise(file)
    const { sha256, bytes } = await hashFile(source.path)
    const isData = [...file.tensors.keys()].some((name) => /^(images|labels|head)\./.test(name))
    return {
      file: source.path,
      bytes,
      sha256,
      format: file.format,
      layout: tower ? 'open_clip image tower' : isData ? 'tensor file' : 'unknown',
      architecture: tower ? { ...tower } : null,
      role: isData ? 'data' : tower ? roleOf(file) : 'unknown',
      tensors: [...file.tensors.values()].map(({ name, dtype, shape }) => ({ name, dtype, shape })),
      blocks: tower ? towerParameters(tower).size : [...file.tensors.values()].filter((t) => isFloating(t.dtype)).length,
      nonFinite: await countNotFinite(file),
      metadata: { ...file.metadata },
    }
  } finally {
    await source.close()
  }
}

/** What the file says of itself, or what its name says in the field's conventions; else nothing is claimed. */
function roleOf(file: TensorFile): Inspection['role'] {
  if (file.metadata['basil.recipe']) return 'merged'
  const told = `${file.metadata.role ?? ''} ${file.source.name}`.toLowerCase()
  if (/pre-?trained|zero-?shot/.test(told)) return 'pretrained'
  return /fine-?tuned/.test(told) ? 'finetuned' : 'unknown'
}

async function countNotFinite(file: TensorFile): Promise<number> {
  let count = 0
  for (const { name, dtype, bytes } of file.tensors.values()) {
    if (!isFloating(dtype)) continue
    for (let at = 0; at < bytes; at += piece) {
      const values = toFloat32(await file.readRange(name, at, Math.min(piece, bytes - at)), dtype)
      for (const value of values) if (!Number.isFinite(value)) count++
    }
  }
  return count
}
