// Adapters: what parameter-efficient fine-tuning (peft, diffusers, kohya's scripts) saves in place of a model, low-rank
// factors and the like that stand for a change of a base model's weights. Their names say so:
//   base_model.model.text_model.encoder.layers.0.self_attn.q_proj.lora_A.weight   (peft: LoRA, and with a magnitude
//   vector DoRA)
//   ....hada_w1_a, .lokr_w1, .ia3_l, .oft_R, .vera_lambda_b   (its other methods);   ....lora_down.weight,
//   .lora.down.weight   (others')
import { BasilError } from '../../contract/errors.ts'
import type { CanonicalFile } from './index.ts'

const own =
  /(^|\.)(lora_(A|B|embedding_[AB]|magnitude_vector|down|up|mid)|lora(_linear_layer)?\.(down|up)|hada_[tw][12](_[ab])?|lokr_[tw][12](_[ab])?|ia3_l|b?oft_[A-Za-z]+|vera_lambda_[bd]|prompt_embeddings)(\.|$)/
// peft's, before the names of a base model; other programs' modules may be called so too
const wrapped = 'base_model.model.'

/** The first tensor by which a file is an adapter, or a model with one in it; undefined for others. */
export function adapterTensor({
  original,
  architecture,
}: Pick<CanonicalFile, 'original' | 'architecture'>): string | undefined {
  const names = [...original.tensors.keys()]
  const found = names.find((name) => own.test(name))
  if (found !== undefined || architecture) return found
  return names.every((name) => name.startsWith(wrapped)) ? names[0] : undefined
}

/** Throws not-supported for an adapter, which is no model, and whose numbers are no weights. */
export function requireNoAdapter(file: CanonicalFile): void {
  const found = adapterTensor(file)
  if (found === undefined) return
  const { name } = file.original.source
  throw new BasilError({
    code: 'not-supported',
    what: `${name} is a PEFT adapter (LoRA or its like), not a model`,
    where: `${name}: ${found}`,
    why: `${found} stands for a change of a base model's weights, and is none of them`,
    next: "give a LoRA as one of the fine-tuned models, with its base as the pre-trained one; or merge it into its base model first: peft's PeftModel.from_pretrained(base, folder).merge_and_unload(), then save_pretrained",
  })
}
