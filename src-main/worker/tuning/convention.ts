// Where a fine-tuned model goes: a file, or the field's folders, as task_vectors, tangent task arithmetic, aTLAS and
// DV-BASI read them:
//   OUT/MODEL/TASKVal/finetuned.pt, zeroshot.pt       state_dicts of an image encoder, linear_* of the tangent space
//   OUT/MODEL/head_TASKVal.pt                         {weight (classes, embed), times exp(logit_scale); bias}
//   OUT/MODEL/ft_accuracies.json, zeroshot_accuracies.json    {TASK: test, TASKVal: validation}, fractions
import { basename, extname, join } from 'node:path'

import type { Form } from '../../contract/checkpoint.ts'
import type { ResolvedTuning } from '../../contract/tuning/config.ts'
import type { Tune } from '../../contract/tuning/output.ts'
import { openTensorFile } from '../../engine/formats/open.ts'
import { canonical } from '../../engine/layouts/index.ts'
import { openSource } from '../../files/source.ts'
import { isLinear } from './record.ts'

export interface Place {
  file: string // of the model
  form: Form
  beside: { zeroshot: string; head: string; accuracies: string; pretrainedAccuracies: string; key: string } | null
}

/** key: the task's name in files of accuracies, less "Val". */
export async function folderOf(config: ResolvedTuning, { out, form, convention }: Tune['output']): Promise<Place> {
  if (!convention) return { file: out, form, beside: null }
  const folder = join(out, await modelName(config.pretrained))
  const key = config.task.name.replace(/\s+/g, '-')
  const prefix = isLinear(config) ? 'linear_' : ''
  return {
    file: join(folder, `${key}Val`, `${prefix}finetuned.pt`),
    form: { container: 'state_dict', layout: 'image encoder', dtype: 'float32' },
    beside: {
      zeroshot: join(folder, `${key}Val`, `${prefix}zeroshot.pt`),
      head: join(folder, `head_${key}Val.pt`),
      accuracies: join(folder, `${prefix}ft_accuracies.json`),
      pretrainedAccuracies: join(folder, `${prefix}zeroshot_accuracies.json`),
      key,
    },
  }
}

/** "ViT-B-32"; of a tower that nobody named, its file's name. */
async function modelName(pretrained: string): Promise<string> {
  const source = await openSource(pretrained)
  try {
    const name = canonical(await openTensorFile(source)).architecture?.name ?? ''
    const isNamed = /^[\w.-]+(\/\d+)?$/.test(name)
    return isNamed ? name.replace('/', '-') : basename(pretrained, extname(pretrained))
  } finally {
    await source.close()
  }
}
