// Random language models in shards of bfloat16, by the names that Llama has, with fixed seeds:
//   theta_pre ~ U(-a, a),   theta_k = theta_pre + U(-a / 10, a / 10),   a = 0.03
// What is already there is used again: a folder is made whole, its index last.
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'

import { type TensorToWrite, writeSafetensors } from '../../engine/formats/safetensors-writer.ts'
import { cast } from '../../engine/formats/writing/in-dtype.ts'
import { writeAtomic } from '../../files/write-atomic.ts'
import { product } from '../../numbers/vectors.ts'
import { addUniform } from '../scratch.ts'

export interface LanguageSize {
  width: number
  inner: number // of the gated layers
  keys: number // columns of keys, and of values
  layers: number
  vocabulary: number
  shardBytes: number
}

const scale = 0.03

/** Folders of the pre-trained model and of `vectors` fine-tuned ones. */
export async function languageModels(
  folder: string,
  name: string,
  size: LanguageSize,
  vectors: number,
): Promise<string[]> {
  const all = Array.from({ length: vectors + 1 }, (_, k) => join(folder, `${name}-${k}`))
  for (const [k, model] of all.entries())
    if (!existsSync(join(model, 'model.safetensors.index.json'))) await writeModel(model, size, k)
  return all
}

async function writeModel(folder: string, size: LanguageSize, k: number): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const tensors = tensorsOf(size)
  const place = new Map(tensors.map(({ name }, i) => [name, i]))
  const shards: TensorToWrite[][] = [[]]
  let filled = 0
  for (const tensor of tensors) {
    const bytes = 2 * product(tensor.shape)
    if (filled > 0 && filled + bytes > size.shardBytes) {
      shards.push([])
      filled = 0
    }
    shards.at(-1)?.push(tensor)
    filled += bytes
  }
  const map: Record<string, string> = {}
  for (const [s, shard] of shards.entries()) {
    const file = `model-${s + 1}-of-${shards.length}.safetensors`
    for (const { name } of shard) map[name] = file
    const bytes = (name: string): Uint8Array => {
      const i = place.get(name) ?? 0
      const { shape } = tensors[i] as TensorToWrite
      const values = new Float32Array(product(shape)).fill(shape.length === 1 ? 1 : 0)
      addUniform(values, scale, i)
      if (k > 0) addUniform(values, scale / 10, 1000 * k + i)
      return cast(values, 'BF16', () => name)
    }
    await writeAtomic(join(folder, file), writeSafetensors(shard, { format: 'pt' }, bytes), { overwrite: true })
  }
  const total = tensors.reduce((sum, { shape }) => sum + 2 * product(shape), 0)
  await writeJson(join(folder, 'config.json'), configOf(size))
  await writeJson(join(folder, 'model.safetensors.index.json'), { metadata: { total_size: total }, weight_map: map })
}

function tensorsOf({ width, inner, keys, layers, vocabulary }: LanguageSize): TensorToWrite[] {
  const of = (name: string, ...shape: number[]): TensorToWrite => ({ name: `${name}.weight`, dtype: 'BF16', shape })
  const layer = (l: string): TensorToWrite[] => [
    of(`${l}.self_attn.q_proj`, width, width),
    of(`${l}.self_attn.k_proj`, keys, width),
    of(`${l}.self_attn.v_proj`, keys, width),
    of(`${l}.self_attn.o_proj`, width, width),
    of(`${l}.mlp.gate_proj`, inner, width),
    of(`${l}.mlp.up_proj`, inner, width),
    of(`${l}.mlp.down_proj`, width, inner),
    of(`${l}.input_layernorm`, width),
    of(`${l}.post_attention_layernorm`, width),
  ]
  return [
    of('model.embed_tokens', vocabulary, width),
    ...Array.from({ length: layers }, (_, l) => layer(`model.layers.${l}`)).flat(),
    of('model.norm', width),
    of('lm_head', vocabulary, width),
  ]
}

const configOf = ({ width, inner, keys, layers, vocabulary }: LanguageSize): object => ({
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  hidden_size: width,
  intermediate_size: inner,
  num_attention_heads: width / 32,
  num_key_value_heads: keys / 32,
  num_hidden_layers: layers,
  vocab_size: vocabulary,
  rms_norm_eps: 1e-5,
  hidden_act: 'silu',
  tie_word_embeddings: false,
  torch_dtype: 'bfloat16',
})

const writeJson = (path: string, value: object): Promise<void> =>
  writeAtomic(path, [Buffer.from(JSON.stringify(value))], { overwrite: true })
