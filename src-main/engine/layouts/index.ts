// Layouts: the names and shapes that different programs give the same weights, all seen under open_clip's, the
// canonical ones. A view is a TensorFile made of another TensorFile; nothing is copied until it is read. To add a
// layout: a file with what recognises it and the canonical name of each of its tensors, and a line in this list, in
// front of those it could be taken for.
import type { LayoutName, WrittenLayout } from '../../contract/checkpoint.ts'
import { BasilError } from '../../contract/errors.ts'
import { isFloating } from '../formats/dtype.ts'
import { infoOf, type TensorFile, type TensorInfo } from '../formats/tensor-file.ts'
import { architectureOf, type Named } from './architecture.ts'
import { linearised, tensorList } from './by-position.ts'
import { encoderParameters, recognise } from './clip-names.ts'
import { huggingFace, theirsOf } from './huggingface.ts'
import { expansion, type Layout, type Recognised } from './layout.ts'
import { openClipLayouts } from './open-clip.ts'
import { type View, viewed } from './view.ts'

const layouts: readonly Layout[] = [linearised, tensorList, huggingFace, ...openClipLayouts]

/** A file's weights under canonical names, in block order; what is not known keeps its name and stands behind. */
export interface CanonicalFile extends TensorFile {
  original: TensorFile
  layout: LayoutName
  architecture: Named | null
  /**
   * What a merge may combine, by name with its shape: floating tensors without BatchNorm's statistics and a linearised
   * model's expansion point.
   */
  parameters: Map<string, number[]>
  /** What the original calls a canonical tensor, also one that it lacks: for messages. */
  called(name: string): string
}

/** A canonical file's weights as a program expects them; `left`: canonical tensors that have no place there. */
export interface LaidOutFile extends TensorFile {
  left: string[]
}

export function canonical(file: TensorFile): CanonicalFile {
  const found = recognised(file)
  const view = found ? inBlockOrder(viewed(file, found.views)) : file
  const parameters = new Map<string, number[]>()
  for (const info of view.tensors.values()) if (isParameter(info)) parameters.set(info.name, info.shape)
  return {
    ...view,
    original: file,
    layout: found?.layout ?? (isData(file) ? 'tensors' : 'unknown'),
    architecture: found ? architectureOf(view.tensors) : null,
    parameters,
    called: (name) => found?.views.get(name)?.of.join(', ') ?? found?.called(name) ?? name,
  }
}

/** The first layout that has a place for every tensor of the file. */
function recognised(file: TensorFile): (Recognised & { layout: LayoutName }) | undefined {
  for (const layout of layouts) {
    const found = layout.recognise(file)
    if (found && placedBy(found) === file.tensors.size) return { ...found, layout: layout.name }
  }
  return undefined
}

/** How many of the file's tensors have a place. */
function placedBy({ views }: Recognised): number {
  const placed = new Set<string>()
  for (const { of } of views.values()) for (const name of of) placed.add(name)
  return placed.size
}

function inBlockOrder(view: TensorFile): TensorFile {
  const tower = recognise(view.tensors)
  if (!tower) return view
  const first = [...encoderParameters(tower, { context: 0, width: 0, vocabulary: 0 }).keys()].filter((name) =>
    view.tensors.has(name),
  )
  const tensors = new Map<string, TensorInfo>()
  // a name keeps its first place
  for (const name of [...first, ...view.tensors.keys()]) tensors.set(name, infoOf(view.tensors, name, view.source))
  return { ...view, tensors }
}

/** Images, labels or nothing but heads: a classifier's own "head.weight" stands beside other weights. */
function isData(file: TensorFile): boolean {
  const names = [...file.tensors.keys()]
  return names.some((name) => /^(images|labels)\./.test(name)) || names.every((name) => name.startsWith('head.'))
}

/** What BatchNorm saw in training: belongs to one model, is never averaged. */
export const isStatistic = (name: string): boolean => /(^|\.)(running_mean|running_var|num_batches_tracked)$/.test(name)

const isParameter = ({ name, dtype }: TensorInfo): boolean =>
  isFloating(dtype) && !isStatistic(name) && !name.startsWith(expansion)

/**
 * Throws not-supported where the layout has no names for this model: what is written in a layout is all of it in that
 * layout.
 */
export function inLayout(file: TensorFile, layout: WrittenLayout): LaidOutFile {
  requireNames(file, layout)
  const views = new Map<string, View>()
  const left: string[] = []
  for (const name of file.tensors.keys()) {
    const theirs = placeOf(name, layout)
    if (theirs) for (const [to, view] of theirs) views.set(to, view)
    else left.push(name)
  }
  return { ...viewed(file, views), left }
}

/** Undefined for what belongs to another layout alone. */
function placeOf(name: string, layout: WrittenLayout): ReadonlyMap<string, View> | undefined {
  if (name.startsWith(expansion) || (layout !== 'huggingface' && isPositionIds(name))) return undefined
  if (layout === 'huggingface') return theirsOf(name) ?? new Map([[name, { of: [name] }]])
  return new Map([[layout === 'image encoder' ? `model.${name}` : name, { of: [name] }]])
}

/** 0, 1, 2, ...: kept by older versions of Hugging Face's models, and made anew by the others. */
export const isPositionIds = (name: string): boolean => /_model\.embeddings\.position_ids$/.test(name)

/**
 * A canonical view has open_clip's names, and is refused by the same signs as any file: by nothing that is a CLIP
 * model, or by a part that is not.
 */
function requireNames(file: TensorFile, layout: WrittenLayout): void {
  const names = [...file.tensors.keys()]
  const strange = names.find((name) => isStrange(name, layout))
  const known = recognised(file) && (layout !== 'huggingface' || names.some((name) => theirsOf(name)))
  if (known && strange === undefined) return
  const program = layout === 'huggingface' ? "Hugging Face's CLIPModel" : "open_clip's CLIP"
  throw new BasilError({
    code: 'not-supported',
    what: `The layout ${layout} has no names for this model`,
    where: known ? `${file.source.name}: ${strange}` : file.source.name,
    why: known ? `${program} has no tensor like it` : 'its tensors have not the names of a CLIP model that Basil knows',
    next: 'keep the layout that the file has; its type and container can be changed all the same',
  })
}

/** A tower's tensor, by its name, that the layout would have to carry under another program's. */
function isStrange(name: string, layout: WrittenLayout): boolean {
  if (layout === 'huggingface') return /^(visual|text|transformer)\./.test(name) && !theirsOf(name)
  return /^(vision_model|text_model)\./.test(name) && !isPositionIds(name)
}
