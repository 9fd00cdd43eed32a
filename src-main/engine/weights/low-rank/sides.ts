// Two models as a difference is taken of them for peft: under the names of one program, module for module. A CLIP model
// is seen as transformers' CLIPModel has it, whose q, k and v are linear modules of their own, unless another layout is
// asked for; any other model as its own file has it.
import type { WrittenLayout } from '../../../contract/checkpoint.ts'
import { isFloating } from '../../formats/dtype.ts'
import type { TensorFile, TensorInfo } from '../../formats/tensor-file.ts'
import { type CanonicalFile, inLayout } from '../../layouts/index.ts'

export interface Sides {
  base: CanonicalFile // under that program's names, which are no canonical ones
  tuned: CanonicalFile
}

/** Throws not-supported where a layout has no names for the models. */
export function sidesOf(base: CanonicalFile, tuned: CanonicalFile, layout: WrittenLayout | null): Sides {
  const seen = (to: WrittenLayout): Sides => ({ base: named(inLayout(base, to)), tuned: named(inLayout(tuned, to)) })
  if (layout) return seen(layout)
  const own = { base: named(base.original), tuned: named(tuned.original) }
  const isClip = !['unknown', 'tensors', 'resnet', 'timm'].includes(base.layout)
  const other = isClip ? seen('huggingface') : { base: named(base), tuned: named(tuned) }
  if (isClip && base.layout !== 'huggingface') return other
  return inBoth(other).length > inBoth(own).length ? other : own
}

/** Tensors with a fraction that both have in one shape. */
export function inBoth({ base, tuned }: Sides): TensorInfo[] {
  return [...base.tensors.values()].filter((info) => {
    const theirs = tuned.tensors.get(info.name)
    return theirs && isFloating(info.dtype) && isFloating(theirs.dtype) && theirs.shape.join() === info.shape.join()
  })
}

const named = (file: TensorFile): CanonicalFile => ({
  ...file,
  original: file,
  layout: 'unknown',
  architecture: null,
  parameters: new Map(),
  called: (name) => name,
})
