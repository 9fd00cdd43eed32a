// What the field's folders say of a checkpoint by its path alone; nothing is opened.
//   {model}/{DS}Val/{zeroshot,finetuned}.pt      aTLAS, tangent task arithmetic, DV-BASI: DS less its validation images
//   {model}/zeroshot.pt, {model}/{DS}/finetuned.pt   task vectors
//   linear_{zeroshot,finetuned}.pt               linearised models
//   head_{DS}.pt, head_{DS}Val.pt                classification heads
import { basename, dirname } from 'node:path'

import type { Role } from '../../../contract/checkpoint.ts'

export interface Convention {
  role: Role
  folder: string // of the model where it is one, else the head's own
  dataset: string | null
  isValidation: boolean // fine-tuned without the validation images
  linear: boolean
}

const model = /^(linear_)?(zeroshot|finetuned)\.[a-z]+$/i
const head = /^head_(.+?)(Val)?\.[a-z]+$/
const valued = /^(.+)Val$/
const silent =
  /^((linear_)?(zeroshot|finetuned)|(pytorch_|open_clip_(pytorch_)?|adapter_)?model|checkpoint|final|best|last|weights)\./i

export function conventionOf(path: string): Convention | null {
  const name = basename(path)
  const folder = dirname(path)
  const asHead = head.exec(name)
  if (asHead)
    return { role: 'head', folder, dataset: asHead[1] ?? null, isValidation: asHead[2] !== undefined, linear: false }
  const found = model.exec(name)
  if (!found) return null
  const linear = found[1] !== undefined
  const own = valued.exec(basename(folder))?.[1]
  if (found[2]?.toLowerCase() === 'finetuned')
    return {
      role: 'fine-tuned',
      folder: dirname(folder),
      dataset: own ?? basename(folder),
      isValidation: own !== undefined,
      linear,
    }
  return {
    role: 'pre-trained',
    folder: own === undefined ? folder : dirname(folder),
    dataset: null,
    isValidation: false,
    linear,
  }
}

/** The file's name, with its folder where the name alone says nothing. */
export function nameOf(path: string): string {
  const name = basename(path)
  return silent.test(name) ? `${basename(dirname(path))}/${name}` : name
}
