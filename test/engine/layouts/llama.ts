// Language models of a few kilobytes in folders as transformers keeps them, LlamaForCausalLM's names and shapes, each
// with a tokenizer of one letter a token. All move from one base by a little.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { type FloatingDtype, toFloat32 } from '../../../src-main/engine/formats/dtype.ts'
import { cast } from '../../../src-main/engine/formats/writing/in-dtype.ts'
import { written } from '../formats/bytes.ts'
import { moved } from '../measures/memory.ts'
import { type Full, filled, type Shapes } from './models.ts'

const [width, mlp] = [8, 16]

const shapesOf = (layers: number, rows: number): Shapes => [
  ['model.embed_tokens.weight', [rows, width]],
  ...Array.from({ length: layers }, (_, l): Shapes => {
    const at = `model.layers.${l}`
    return [
      [`${at}.input_layernorm.weight`, [width]],
      ...['q', 'k', 'v', 'o'].map((one): Shapes[number] => [`${at}.self_attn.${one}_proj.weight`, [width, width]]),
      [`${at}.post_attention_layernorm.weight`, [width]],
      [`${at}.mlp.gate_proj.weight`, [mlp, width]],
      [`${at}.mlp.up_proj.weight`, [mlp, width]],
      [`${at}.mlp.down_proj.weight`, [width, mlp]],
    ]
  }).flat(),
  ['model.norm.weight', [width]],
  ['lm_head.weight', [rows, width]],
]

interface Asked {
  seed: number
  layers?: number
  tokens?: string // one letter each, those in capitals added to the model's own
  rows?: number // of its embedding, if not as many as tokens
  dtype?: FloatingDtype
}

export function llama({ seed, layers = 2, tokens = 'abcdefgh', rows = tokens.length, dtype = 'F32' }: Asked): Full[] {
  const base = filled(shapesOf(layers, rows), 'F32', 1, true)
  const own = seed === 1 ? base : moved(base, seed, 0.2)
  if (dtype === 'F32') return own
  return own.map((tensor) => {
    const bytes = Uint8Array.from(cast(toFloat32(tensor.bytes, 'F32'), dtype, () => tensor.name))
    return { ...tensor, dtype, bytes }
  })
}

/** A folder with its weights, configuration and tokenizer. */
export async function writeLlama(folder: string, asked: Asked): Promise<void> {
  const { layers = 2, tokens = 'abcdefgh', rows = tokens.length, dtype = 'F32' } = asked
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'model.safetensors'), await written(llama(asked)))
  const put = (name: string, content: object): void => writeFileSync(join(folder, name), JSON.stringify(content))
  put('config.json', {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_size: width,
    intermediate_size: mlp,
    num_attention_heads: 2,
    num_key_value_heads: 2,
    num_hidden_layers: layers,
    vocab_size: rows,
    max_position_embeddings: 16,
    rms_norm_eps: 1e-6,
    tie_word_embeddings: false,
    bos_token_id: 0,
    eos_token_id: 1,
    torch_dtype: dtype === 'BF16' ? 'bfloat16' : 'float32',
  })
  put('tokenizer_config.json', { tokenizer_class: 'PreTrainedTokenizerFast' })
  put('tokenizer.json', tokenizer(tokens))
}

function tokenizer(tokens: string): object {
  const all = [...tokens].map((token, id) => ({ token, id }))
  const isAdded = ({ token }: { token: string }): boolean => /[A-Z]/.test(token)
  const plain = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true }
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: all.filter(isAdded).map(({ token, id }) => ({ id, content: token, ...plain })),
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: null,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(all.filter((one) => !isAdded(one)).map(({ token, id }) => [token, id])),
      merges: [],
    },
  }
}
