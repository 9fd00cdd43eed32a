// The lines of Python that load an exported model, fitting its layout, container and architecture. A loader's own names
// are asked for one by one, so that a tensor that is missing or misshapen is an error and what stands beside the tower
// is none.
import type { Container, Description } from '../../contract/checkpoint.ts'
import { knownVision } from '../../contract/known-towers.ts'

interface ToLoad {
  file: string // its name
  container: Container
  written: Pick<Description, 'layout' | 'architecture'>
}

/** Python. Of an architecture whose forward pass nobody's library is known for: the tensors alone. */
export function loadingLines(model: ToLoad): string[] {
  const { layout, architecture } = model.written
  const isTower = typeof architecture?.width === 'number' && typeof architecture.heads === 'number'
  const lines = !isTower ? ownLines() : layout === 'huggingface' ? transformersLines(model) : openClipLines(model)
  return [...lines.imports, ...stateLines(model).imports, '', ...stateLines(model).code, ...lines.code]
}

interface Lines {
  imports: string[]
  code: string[]
}

const text = (value: string): string => JSON.stringify(value) // a Python literal too

function stateLines({ file, container }: ToLoad): Lines {
  return container === 'state_dict'
    ? { imports: ['import torch'], code: [`state = torch.load(${text(file)}, map_location="cpu", weights_only=True)`] }
    : { imports: ['from safetensors.torch import load_file'], code: [`state = load_file(${text(file)})`] }
}

const ownLines = (): Lines => ({
  imports: [],
  code: ["# load_state_dict(state) of the pre-trained model's own class takes it"],
})

const argumentsOf = (values: Record<string, unknown>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ')

const openClipNames: Record<string, string> = {
  'ViT-B/32': 'ViT-B-32',
  'ViT-B/16': 'ViT-B-16',
  'ViT-L/14': 'ViT-L-14',
  'ViT-L/14@336px': 'ViT-L-14-336',
  'ViT-H/14': 'ViT-H-14',
  'ViT-g/14': 'ViT-g-14',
  'ViT-bigG/14': 'ViT-bigG-14',
}

function openClipLines({ written: { layout, architecture } }: ToLoad): Lines {
  const a = architecture ?? { name: '' }
  const isPlain =
    a.layerNormEps === 1e-5 &&
    a.heads === knownVision({ width: Number(a.width), layers: Number(a.layers), mlp: Number(a.mlp) })?.heads
  const known = isPlain ? openClipNames[a.name] : undefined
  const prefix = layout === 'image encoder' ? 'model.' : ''
  const isQuick = a.activation === 'quick-gelu' ? 'True' : 'False'
  const sizes = {
    image_size: a.imageSize,
    patch_size: a.patchSize,
    width: a.width,
    layers: a.layers,
    head_width: Number(a.width) / Number(a.heads),
    ...(a.mlp !== 4 * Number(a.width) && { mlp_ratio: `${a.mlp} / ${a.width}` }),
    ...(a.layerNormEps !== 1e-5 && { norm_kwargs: `dict(eps=${a.layerNormEps})` }),
  }
  const vision = `dict(${argumentsOf(sizes)})`
  const made = known
    ? `model = open_clip.create_model(${text(known)}, force_quick_gelu=${isQuick})`
    : `model = open_clip.model.CLIP(embed_dim=${a.embed}, vision_cfg=${vision}, text_cfg=dict(), quick_gelu=${isQuick})`
  const isWhole = a.text === 'whole' && known
  const [part, before] = isWhole ? ['model', prefix] : ['model.visual', `${prefix}visual.`]
  return {
    imports: ['import open_clip'],
    code: [
      made,
      `${part}.load_state_dict({name: state[${before ? `${text(before)} + ` : ''}name] for name in ${part}.state_dict()})`,
      'features = model.eval().encode_image # images (n, 3, size, size), normalised as the pre-trained model has them',
    ],
  }
}

function transformersLines({ written: { architecture } }: ToLoad): Lines {
  const a = architecture ?? { name: '' }
  const kind = a.embed ? 'CLIPVisionModelWithProjection' : 'CLIPVisionModel'
  const sizes = {
    hidden_size: a.width,
    intermediate_size: a.mlp,
    num_hidden_layers: a.layers,
    num_attention_heads: a.heads,
    image_size: a.imageSize,
    patch_size: a.patchSize,
    ...(a.embed && { projection_dim: a.embed }),
    hidden_act: text(String(a.activation).replace('-', '_')),
    layer_norm_eps: a.layerNormEps,
  }
  return {
    imports: [`from transformers import CLIPVisionConfig, ${kind}`],
    code: [
      `config = CLIPVisionConfig(${argumentsOf(sizes)})`,
      `model = ${kind}(config).eval()`,
      a.embed
        ? 'model.load_state_dict({name: state[name] for name in model.state_dict()})'
        : 'model.load_state_dict({name: state["vision_model." + name.removeprefix("vision_model.")] for name in model.state_dict()}) # bare since 5.6',
      `features = lambda images: model(images).${a.embed ? 'image_embeds' : 'pooler_output'} # (n, 3, size, size), normalised as the pre-trained model has them`,
    ],
  }
}
