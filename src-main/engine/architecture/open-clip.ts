// The open_clip_config.json that open_clip writes beside its weights: {"model_cfg": {"embed_dim", "quick_gelu",
// "vision_cfg", "text_cfg"}}, or a bare model_cfg as its own model_configs have it. Defaults are those of CLIPVisionCfg
// and CLIPTextCfg (model.py). What would pool or mask in another way without another tensor is refused here, as nothing
// else could see it.
import { clipEndOfText } from '../../contract/known-towers.ts'
import type { Activation } from '../../contract/tower.ts'
import { type Kind, objectOf, type Read, readEndOfText, readEps, readHeads, type Statement } from './statement.ts'

const defaults = {
  vision: { layers: 12, width: 768, head_width: 64, mlp_ratio: 4, patch_size: 16, pool_type: 'tok' },
  text: { layers: 12, width: 512, heads: 8, mlp_ratio: 4, pool_type: 'argmax', eos_id: 2 },
}

/**
 * Undefined where this is no configuration of open_clip's, or its tower is another program's (timm, a ResNet, Hugging
 * Face's text models).
 */
export function openClipStatement(root: unknown, kind: Kind, from: string): Statement | undefined {
  const model = objectOf(objectOf(root)?.model_cfg ?? root)
  const section = objectOf(model?.[`${kind}_cfg`])
  if (!model || !section || section.timm_model_name || section.hf_model_name || Array.isArray(section.layers))
    return undefined
  const told: Record<string, unknown> = { ...defaults[kind], ...section }
  const wrong = kind === 'vision' ? strangeVision(told) : strangeText(told)
  // the tokenizer's end has the highest number
  const end = told.pool_type === 'argmax' ? { value: clipEndOfText } : readEndOfText('eos_id', told.eos_id)
  return {
    from,
    shape: {
      width: told.width,
      layers: told.layers,
      mlp: Math.trunc(Number(told.width) * Number(told.mlp_ratio)),
      ...(kind === 'vision' && { patchSize: told.patch_size }),
    },
    heads: kind === 'vision' ? headsOf(told) : readHeads('heads', told.heads),
    activation: activationOf(model, told),
    layerNormEps: epsilonOf(told),
    ...(kind === 'text' && { endOfText: end }),
    ...(wrong && { wrong }),
  }
}

/** width // head_width */
function headsOf({ width, head_width }: Record<string, unknown>): Read<number> {
  return readHeads('width / head_width', Math.floor(Number(width) / Number(head_width)))
}

function activationOf(
  { quick_gelu }: Record<string, unknown>,
  { act_kwargs }: Record<string, unknown>,
): Read<Activation> {
  if (act_kwargs && Object.keys(act_kwargs).length > 0)
    return { wrong: `act_kwargs is ${JSON.stringify(act_kwargs).slice(0, 60)}` }
  return { value: quick_gelu === true ? 'quick-gelu' : 'gelu' }
}

function epsilonOf({ norm_kwargs }: Record<string, unknown>): Read<number> {
  return readEps('norm_kwargs.eps', objectOf(norm_kwargs)?.eps ?? 1e-5)
}

function strangeVision({ pool_type, attentional_pool }: Record<string, unknown>): string | undefined {
  if (attentional_pool) return 'its features are pooled by attention'
  return pool_type === 'tok'
    ? undefined
    : `its features are pooled by ${JSON.stringify(pool_type)}, not taken from the class token`
}

function strangeText({ pool_type, no_causal_mask, embed_cls }: Record<string, unknown>): string | undefined {
  if (no_causal_mask) return 'its attention is not causal'
  if (embed_cls) return 'its texts are read at a token of their own'
  return pool_type === 'argmax' || pool_type === 'eos'
    ? undefined
    : `its texts are read by ${JSON.stringify(pool_type)}`
}
