// Hugging Face's CLIP: CLIPModel, CLIPVisionModelWithProjection, CLIPVisionModel (it has no visual_projection) and their text
// halves. One table gives both directions. q, k and v are three tensors there, so a layer has 16 and not 12 (its blocks are
// counted by open_clip's all the same), and both projections are Linear weights, (embed, width): turned.
// Older versions kept an int64 embeddings.position_ids; it is no weight, has no canonical name, and keeps its own.
import type { TensorFile } from '../formats/tensor-file.ts'
import { type Layout, prefixOf } from './layout.ts'
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
  new RegExp(`^${template.replaceAll('.', '\\.').replace('{i}', '(?<i>0|[1-9]\\d{0,4})').replace('{p}', '(?<p>weight|bias)')}$`)
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
    const viewAt = (index: number): View => ({ of: [name], ...(theirs.length > 1 && { part: { index, count: theirs.length } }), turned })
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
      return [filled(row.ours, match.groups), { of: row.theirs.map((template) => filled(template, match.groups)), turned: row.turned }]
    }
  return undefined
}

/** Views under our names, for a file whose names stand behind `prefix`; what does not fit together keeps its name. */
function fromHuggingFace(file: TensorFile, prefix: string): Map<string, View> {
  const views = new Map<string, View>()
  for (const full of file.tensors.keys()) {
    const name = full.startsWith(prefix) ? full.slice(prefix.length) : full
    const [ours, view] = (full.startsWith(prefix) && oursOf(name)) || [name, { of: [name] }]
    const behind = { ...view, of: view.of.map((part) => (full.startsWith(prefix) ? prefix + part : part)) }
    if (isPossible(file, behind)) views.set(ours, behind)
    else views.set(name, { of: [full] })
  }
  return views
}

const signs = ['vision_model.embeddings.class_embedding', 'text_model.embeddings.token_embedding.weight']

export const huggingFace: Layout = {
  name: 'huggingface',
  recognise(file) {
    const prefix = prefixOf(file, signs)
    if (prefix === undefined) return undefined
    return {
      views: fromHuggingFace(file, prefix),
      called: (name) => [...(theirsOf(name)?.keys() ?? [name])].map((part) => prefix + part).join(', '),
    }
  },
}
