// Hugging Face's CLIP: CLIPModel, CLIPVisionModelWithProjection, CLIPVisionModel (it has no visual_projection) and
// their text halves. One table gives both directions. q, k and v are three tensors there, so a layer has 16 and not 12
// (its blocks are counted by open_clip's all the same), and both projections are Linear weights, (embed, width):
// turned. Since transformers 5.6 CLIPVisionModel and CLIPTextModel are bare: no "vision_model." or "text_model." stands
// before their names, as none ever did in clip.vision_model.state_dict(). Both forms are read; the one with it is
// written, which every version loads. Older versions kept an int64 embeddings.position_ids; it is no weight, has no
// canonical name, and keeps CLIPModel's.
import type { TensorFile } from '../formats/tensor-file.ts'
import { type Layout, placesOf } from './layout.ts'
import { isPossible, type View } from './view.ts'

/** {i}: a layer's number; {p}: weight or bias. Several of theirs stand under each other in ours. */
interface Pair {
  ours: string
  theirs: readonly string[]
  turned?: boolean
}

const pair = (ours: string, ...theirs: string[]): Pair => ({ ours, theirs })

const layer = (ours: string, theirs: string): Pair[] => {
  const [mine, its] = [`${ours}transformer.resblocks.{i}.`, `${theirs}.encoder.layers.{i}.`]
  return [
    pair(`${mine}ln_1.{p}`, `${its}layer_norm1.{p}`),
    pair(`${mine}attn.in_proj_{p}`, ...['q', 'k', 'v'].map((part) => `${its}self_attn.${part}_proj.{p}`)),
    pair(`${mine}attn.out_proj.{p}`, `${its}self_attn.out_proj.{p}`),
    pair(`${mine}ln_2.{p}`, `${its}layer_norm2.{p}`),
    pair(`${mine}mlp.c_fc.{p}`, `${its}mlp.fc1.{p}`),
    pair(`${mine}mlp.c_proj.{p}`, `${its}mlp.fc2.{p}`),
  ]
}

const table: readonly Pair[] = [
  pair('logit_scale', 'logit_scale'),
  { ...pair('text_projection', 'text_projection.weight'), turned: true },
  { ...pair('visual.proj', 'visual_projection.weight'), turned: true },
  pair('visual.class_embedding', 'vision_model.embeddings.class_embedding'),
  pair('visual.positional_embedding', 'vision_model.embeddings.position_embedding.weight'),
  pair('visual.conv1.weight', 'vision_model.embeddings.patch_embedding.weight'),
  pair('visual.ln_pre.{p}', 'vision_model.pre_layrnorm.{p}'), // spelt so there
  pair('visual.ln_post.{p}', 'vision_model.post_layernorm.{p}'),
  ...layer('visual.', 'vision_model'),
  pair('positional_embedding', 'text_model.embeddings.position_embedding.weight'),
  pair('token_embedding.weight', 'text_model.embeddings.token_embedding.weight'),
  pair('ln_final.{p}', 'text_model.final_layer_norm.{p}'),
  ...layer('', 'text_model'),
]

const patternOf = (template: string): RegExp =>
  new RegExp(
    `^${template.replaceAll('.', '\\.').replace('{i}', '(?<i>0|[1-9]\\d{0,4})').replace('{p}', '(?<p>weight|bias)')}$`,
  )
const patterns = table.map((row) => ({ row, ours: patternOf(row.ours), theirs: row.theirs.map(patternOf) }))

/** {i} and {p} of a name that fits, filled into other templates. */
const filled = (template: string, groups: Record<string, string> | undefined): string =>
  template.replace('{i}', groups?.i ?? '').replace('{p}', groups?.p ?? '')

/** Their names for one of ours, with how theirs are made of it; undefined where they have none. */
export function theirsOf(name: string): Map<string, View> | undefined {
  for (const { row, ours } of patterns) {
    const match = ours.exec(name)
    if (!match) continue
    const { theirs, turned } = row
    const viewAt = (index: number): View => ({
      of: [name],
      ...(theirs.length > 1 && { part: { index, count: theirs.length } }),
      turned,
    })
    return new Map(theirs.map((template, k) => [filled(template, match.groups), viewAt(k)]))
  }
  return undefined
}

/** Our name for one of theirs, with how ours is made of theirs. */
function oursOf(name: string): [string, View] | undefined {
  for (const { row, theirs } of patterns)
    for (const pattern of theirs) {
      const match = pattern.exec(name)
      if (!match) continue
      return [
        filled(row.ours, match.groups),
        { of: row.theirs.map((template) => filled(template, match.groups)), turned: row.turned },
      ]
    }
  return undefined
}

type Half = 'vision_model.' | 'text_model.'

/** A tower's first name, and what tells CLIP's from those of SigLIP, BLIP, OWL-ViT and others with names like it. */
const halves: Record<
  Half,
  { sign: string; isClip(shapeOf: (name: string) => readonly number[] | undefined): boolean }
> = {
  'vision_model.': {
    sign: 'embeddings.class_embedding',
    isClip: (shapeOf) =>
      shapeOf('embeddings.class_embedding')?.length === 1 &&
      !shapeOf('embeddings.patch_embedding.bias') &&
      !!shapeOf('pre_layrnorm.weight'),
  },
  'text_model.': {
    sign: 'embeddings.token_embedding.weight',
    isClip: (shapeOf) => !shapeOf('head.weight') && !!shapeOf('final_layer_norm.weight'),
  },
}
const isBare = (prefix: string, half: Half): boolean => prefix !== half && !prefix.endsWith(`.${half}`)
const bareNames = /^(embeddings|pre_layrnorm|encoder|post_layernorm|final_layer_norm)\./

/**
 * What stands in a file before the names of each tower, and before those beside the towers (projections, logit_scale).
 */
interface Places {
  towers: Map<Half, string>
  beside: string
}

/** Undefined for a file without a tower of CLIP's, with two of one kind, or with an image tower of another model. */
function placesIn(file: TensorFile): Places | undefined {
  const towers = new Map<Half, string>()
  for (const [half, { sign, isClip }] of Object.entries(halves) as [Half, (typeof halves)[Half]][]) {
    const [prefix, another] = placesOf(file, sign)
    if (another !== undefined) return undefined
    if (prefix !== undefined && isClip((name) => file.tensors.get(prefix + name)?.shape)) towers.set(half, prefix)
    else if (prefix !== undefined && half === 'vision_model.') return undefined
  }
  const [[half, prefix] = []] = towers
  if (half === undefined || prefix === undefined) return undefined
  const beside = isBare(prefix, half) ? prefix : prefix.slice(0, -half.length)
  const isOther =
    !towers.has('vision_model.') && [...file.tensors.keys()].some((name) => name.startsWith(`${beside}vision_model.`))
  return isOther ? undefined : { towers, beside }
}

/** CLIPModel's name for a tensor of the file: with "vision_model." or "text_model." where it is a tower's. */
function nameOf(full: string, { towers, beside }: Places): string {
  for (const [half, prefix] of towers) {
    const name = full.slice(prefix.length)
    if (full.startsWith(prefix) && (!isBare(prefix, half) || bareNames.test(name))) return half + name
  }
  return full.startsWith(beside) ? full.slice(beside.length) : full
}

/** The file's name for one of CLIPModel's. */
function fullOf(name: string, { towers, beside }: Places): string {
  for (const [half, prefix] of towers) if (name.startsWith(half)) return prefix + name.slice(half.length)
  return beside + name
}

/**
 * Views under our names; what does not fit together keeps CLIPModel's name, and what stands beside the model its own.
 */
function fromHuggingFace(file: TensorFile, places: Places): Map<string, View> {
  const views = new Map<string, View>()
  for (const full of file.tensors.keys()) {
    const name = nameOf(full, places)
    const found = fullOf(name, places) === full ? oursOf(name) : undefined
    const view = found && { ...found[1], of: found[1].of.map((part) => fullOf(part, places)) }
    if (found && view && isPossible(file, view)) views.set(found[0], view)
    else views.set(name, { of: [full] })
  }
  return views
}

export const huggingFace: Layout = {
  name: 'huggingface',
  recognise(file) {
    const places = placesIn(file)
    return (
      places && {
        views: fromHuggingFace(file, places),
        called: (name) => [...(theirsOf(name)?.keys() ?? [name])].map((part) => fullOf(part, places)).join(', '),
      }
    )
  },
}
