// Which tensors of a model a LoRA of peft can hold, by their names and shapes: those of linear modules. A module is
// called by its tensor's name without ".weight"; of torch's nn.MultiheadAttention, whose q, k and v are one tensor
// (3 width, width), peft adapts "in_proj_weight" under the attention's own name. Its out_proj is left alone: peft
// (0.21.2) adds that one's B A twice, in forward and merge alike. transformers' Conv1D (GPT-2) has its weights turned,
// (in, out): fan_in_fan_out.
import type { TensorInfo } from '../../formats/tensor-file.ts'

export interface Target {
  module: string
  tensor: string
  turned: boolean
}

type Tensors = ReadonlyMap<string, TensorInfo>

const embedding =
  /(^|[._])(embeddings?|embed|embed_tokens|embed_in|tok_embeddings|embed_positions|wte|wpe|shared|relative_attention_bias)\.weight$/
const convolutions1D = /(^|\.)h\.\d+\.(attn\.(c_attn|q_attn|c_proj)|crossattention\.\w+|mlp\.(c_fc|c_proj))\.weight$/

/** Whether the model's linear modules are Conv1D: (width, 3 width) where Linear has (3 width, width). */
const isTurned = (tensors: Tensors): boolean =>
  [...tensors.values()].some(
    ({ name, shape: [rows = 0, columns = 0] }) => /\.attn\.c_attn\.weight$/.test(name) && columns === 3 * rows,
  )

/** Of each tensor what it is to a LoRA, or why it is nothing. wanted: modules by their names or ends; null: all. */
export function targetsOf(tensors: Tensors, wanted: readonly string[] | null): Map<string, Target | string> {
  const turned = isTurned(tensors)
  const isWanted = (module: string): boolean =>
    wanted === null || wanted.some((name) => module === name || module.endsWith(`.${name}`))
  return new Map(
    [...tensors.values()].map((info): [string, Target | string] => {
      const found = targetOf(info, tensors, turned)
      if (typeof found === 'string' || isWanted(found.module)) return [info.name, found]
      return [info.name, 'its module is not among those asked for']
    }),
  )
}

function targetOf({ name, shape }: TensorInfo, tensors: Tensors, turned: boolean): Target | string {
  if (shape.length < 2) return shape.length === 0 ? 'a single number' : 'of one dimension: a bias, or a scale'
  if (shape.length > 2) return 'a convolution'
  if (name.endsWith('.in_proj_weight')) return { module: parentOf(name), tensor: name, turned: false }
  if (!name.endsWith('.weight')) return 'no weight of a module of its own'
  if (embedding.test(name)) return 'an embedding'
  const module = parentOf(name)
  if (tensors.has(`${parentOf(module)}.in_proj_weight`)) return "an nn.MultiheadAttention's, whose B A peft adds twice"
  if (turned && !convolutions1D.test(name)) return 'not turned, as the other modules are: peft takes one kind at a time'
  return { module, tensor: name, turned }
}

/** What stands before the last dot. */
const parentOf = (name: string): string => name.slice(0, Math.max(0, name.lastIndexOf('.')))

/** What an adapter holds beside its factors, whole. */
export interface Whole {
  modules: string[] // modules_to_save
  tensors: Map<string, string> // by peft's name without the wrapping
  isBiased: boolean // some are of modules that have factors, as with bias: "all"
}

/**
 * Of tensors that differ and are no target, those that peft can take: a module's own, with all of that module, where no
 * module with factors is in it; and what stands beside the factors in a module.
 */
export function wholeOf(rest: readonly string[], tensors: Tensors, targets: readonly Target[]): Whole {
  const adapted = new Set(targets.map(({ module }) => module))
  const modules = new Set<string>()
  const found = new Map<string, string>()
  for (const name of rest) {
    const module = parentOf(name)
    const holder = [module, parentOf(module)].find((path) => adapted.has(path))
    if (holder !== undefined) found.set(besideFactors(name, module, holder), name)
    else if (module !== '' && ![...adapted].some((path) => path.startsWith(`${module}.`))) modules.add(module)
  }
  const isBiased = found.size > 0
  const outer = [...modules].filter((module) => ![...modules].some((other) => module.startsWith(`${other}.`)))
  for (const name of tensors.keys()) if (outer.some((module) => name.startsWith(`${module}.`))) found.set(name, name)
  return { modules: outer, tensors: found, isBiased }
}

/** "q_proj.base_layer.bias"; of an attention's out_proj "attn.base_layer.out_proj.base_layer.bias". */
function besideFactors(name: string, module: string, holder: string): string {
  const own = name.slice(module.length + 1)
  const path = module === holder ? '' : `${module.slice(holder.length + 1)}.base_layer.`
  return `${holder}.base_layer.${path}${own}`
}
