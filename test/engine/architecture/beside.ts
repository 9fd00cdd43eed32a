// Small towers in folders of their own with configurations beside them, as both programs write them.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll } from 'vitest'

import { nothingSaid, type Said } from '../../../src-main/contract/tower.ts'
import { givenBy } from '../../../src-main/engine/architecture/settle.ts'
import { openCheckpoint } from '../../../src-main/engine/weights/checkpoint.ts'
import { openSource } from '../../../src-main/files/source.ts'
import { headerOnly, huggingFace, openClip, type Shapes, type Size } from '../layouts/models.ts'

const home = mkdtempSync(join(tmpdir(), 'basil-settle-'))
afterAll(() => rmSync(home, { recursive: true }))

export const text = { width: 32, layers: 2, context: 16, vocabulary: 49_408 }
export const size: Size = { width: 64, layers: 2, patch: 7, tokens: 17, embed: 32, text }
export const vision = {
  hidden_size: 64,
  num_hidden_layers: 2,
  intermediate_size: 256,
  num_attention_heads: 4,
  patch_size: 7,
}
const words = { hidden_size: 32, num_hidden_layers: 2, intermediate_size: 128, num_attention_heads: 2 }
export const clip = { model_type: 'clip', vision_config: vision, text_config: words }
export const visionCfg = { width: 64, layers: 2, head_width: 16, patch_size: 7 }
export const openClipConfig = {
  model_cfg: { embed_dim: 32, vision_cfg: visionCfg, text_cfg: { width: 32, layers: 2, heads: 2 } },
}

/** A folder of its own with a model of these shapes and files of this content beside it. */
export function model(shapes: Shapes, beside: Record<string, unknown> = {}, name = 'model.safetensors'): string {
  const folder = mkdtempSync(join(home, 'model-'))
  for (const [file, content] of Object.entries(beside)) {
    if (content === 'folder') mkdirSync(join(folder, file))
    else writeFileSync(join(folder, file), typeof content === 'string' ? content : JSON.stringify(content))
  }
  return headerOnly(join(folder, name), shapes)
}

export const opened = async (path: string, said: Partial<Said> = {}) => {
  const found = await openCheckpoint(path, openSource, undefined, { given: givenBy({ ...nothingSaid, ...said }) })
  await found.file.source.close()
  return found
}

export const tower = openClip(size, 'none')
export const whole = huggingFace(size, 'whole')
