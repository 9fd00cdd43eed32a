// The config.json that transformers writes beside CLIP: CLIPModel's with a section for each tower, a vision or text
// model's flat. What is not there has the default of CLIPVisionConfig and CLIPTextConfig, which are those of ViT-B/32:
// 4.41 leaves out every value of a section that is the default, 5.24 writes them all. Of old files,
// "vision_config_dict" beside "vision_config" counts, with all its defaults (configuration_clip.py,
// CLIPConfig.__init__).
import type { Activation } from '../../contract/tower.ts'
import { type Kind, objectOf, readActivation, readEndOfText, readEps, readHeads, type Statement } from './statement.ts'

const common = { num_hidden_layers: 12, hidden_act: 'quick_gelu', layer_norm_eps: 1e-5 }
const defaults = {
  vision: { ...common, hidden_size: 768, intermediate_size: 3072, num_attention_heads: 12, patch_size: 32 },
  text: { ...common, hidden_size: 512, intermediate_size: 2048, num_attention_heads: 8, eos_token_id: 49407 },
}

const activationNames: Record<string, Activation> = { quick_gelu: 'quick-gelu', gelu: 'gelu', gelu_python: 'gelu' }

/** Undefined where this is no configuration of CLIP, or not of such a tower. */
export function transformersStatement(root: unknown, kind: Kind, from: string): Statement | undefined {
  const section = sectionOf(objectOf(root) ?? {}, kind)
  if (!section) return undefined
  const told: Record<string, unknown> = { ...defaults[kind], ...section }
  return {
    from,
    shape: {
      width: told.hidden_size,
      layers: told.num_hidden_layers,
      mlp: told.intermediate_size,
      ...(kind === 'vision' && { patchSize: told.patch_size }),
    },
    heads: readHeads('num_attention_heads', told.num_attention_heads),
    activation: readActivation('hidden_act', told.hidden_act, activationNames),
    layerNormEps: readEps('layer_norm_eps', told.layer_norm_eps),
    ...(kind === 'text' && { endOfText: readEndOfText('eos_token_id', told.eos_token_id) }),
  }
}

function sectionOf(root: Record<string, unknown>, kind: Kind): Record<string, unknown> | undefined {
  if (root.model_type === `clip_${kind}_model`) return root
  const own = objectOf(root[`${kind}_config`])
  if (root.model_type !== 'clip') return own?.model_type === `clip_${kind}_model` ? own : undefined
  const old = objectOf(root[`${kind}_config_dict`])
  return { ...own, ...(old && { ...defaults[kind], ...old }) }
}
