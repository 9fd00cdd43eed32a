// A folder as a person of the field has it: the sample's models and its head of mnist, beside data of that name.
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { openTensorFile } from '../../src-main/engine/formats/open.ts'
import { openSource } from '../../src-main/files/source.ts'
import { written } from '../engine/formats/bytes.ts'
import { mnistAt } from '../workbench/data/miniatures.ts'

export const sample = join(import.meta.dirname, '../../resources/sample')

/** Seven checkpoints in FOLDER/ViT-sample, of which MNISTVal and the head are called as the field calls them. */
export async function mine(folder: string): Promise<void> {
  const at = (...names: string[]) => join(folder, 'ViT-sample', ...names)
  mnistAt(join(folder, 'digits'))
  mkdirSync(at('MNISTVal'), { recursive: true })
  copyFileSync(join(sample, 'pretrained.safetensors'), at('zeroshot.safetensors'))
  copyFileSync(join(sample, 'finetuned-mnist.safetensors'), at('MNISTVal/finetuned.safetensors'))
  for (const name of ['fashion', 'digits', 'emoji', 'glyphs'])
    copyFileSync(join(sample, `finetuned-${name}.safetensors`), at(`finetuned-${name}.safetensors`))
  const source = await openSource(join(sample, 'tasks.safetensors'))
  const file = await openTensorFile(source)
  const head = { name: 'head.MNIST', dtype: 'F32' as const, shape: file.tensors.get('head.mnist')?.shape ?? [] }
  const bytes = await file.read('head.mnist')
  writeFileSync(at('head_MNISTVal.safetensors'), await written([{ ...head, bytes }]))
  await source.close()
}
