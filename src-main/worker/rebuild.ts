// Any state a run ever had, rebuilt from its recipe and written in the form asked for: parents held against their
// recorded hashes, one tensor in memory at a time, written beside the target, read back and compared before it takes
// the target's name. The hashes are taken by a thread of their own meanwhile: with a fast disk they are half of the
// work.
import { type Form, type WrittenLayout, writtenLayouts } from '../contract/checkpoint.ts'
import { BasilError } from '../contract/errors.ts'
import { type ResolvedConfig, resolvedSchema } from '../contract/run/config.ts'
import { type Exported, type Recipe, recipeSchema } from '../contract/run/recipe.ts'
import { nothingSaid } from '../contract/tower.ts'
import { ownMetadata } from '../engine/architecture/own.ts'
import { type Dtype, isNarrow } from '../engine/formats/dtype.ts'
import { infoOf, type TensorFile } from '../engine/formats/tensor-file.ts'
import { dtypeOf, inDtype } from '../engine/formats/writing/in-dtype.ts'
import { inLayout } from '../engine/layouts/index.ts'
import { vectorsAfter } from '../engine/merging/vectors-after.ts'
import { towersOf } from '../engine/models/towers.ts'
import { useOf } from '../engine/weights/checkpoint.ts'
import { lineageOf } from '../engine/weights/lineage.ts'
import { areGroups, type Groups, groupsOf } from '../engine/weights/merge.ts'
import { mergedFile } from '../engine/weights/merged-file.ts'
import { openSet, type WeightSet } from '../engine/weights/parents.ts'
import { type Hashing, hashInThread } from '../files/hash-thread.ts'
import { openSource } from '../files/source.ts'
import { requireFree } from '../files/write-atomic.ts'
import { writeModel } from '../files/written-model.ts'
import { fromNumbers, type Table } from '../numbers/table.ts'

interface Rebuilding {
  recipe: Recipe
  out: string
  overwrite: boolean
  form: Form
}

export async function rebuild({ recipe, out, overwrite, form }: Rebuilding): Promise<Exported> {
  await requireFree(out, { overwrite })
  const hashing = hashInThread([recipe.pretrained, ...recipe.vectors].map((parent) => parent.file))
  try {
    return await merge({ recipe, out, overwrite, form }, () => requireUnchanged(recipe, hashing))
  } catch (error) {
    await requireUnchanged(recipe, hashing) // a parent that has changed explains whatever else went wrong
    throw error
  } finally {
    await hashing.stop()
  }
}

/** The file takes its name only after `unchanged` has not thrown. */
async function merge({ recipe, out, overwrite, form }: Rebuilding, unchanged: () => Promise<void>): Promise<Exported> {
  const opened = await openSet(
    recipe.pretrained.file,
    recipe.vectors.map((v) => v.file),
    openSource,
  )
  try {
    const parents = await vectorsAfter(opened, recipe.steps)
    const merged = mergedOf(parents, recipe, form.dtype === null ? 'own' : 'float32')
    const layout = form.layout ?? layoutOf(parents)
    const view = inDtype(layout ? inLayout(merged, layout) : merged, form.dtype)
    const rounded = roundedTo(parents, form)
    const { towers } = await towersOf(parents.base.file, useOf(settingsOf(recipe) ?? nothingSaid).given ?? {})
    const metadata = {
      ...metadataOf(recipe),
      ...ownMetadata(towers),
      ...(rounded.length > 0 && { 'basil.rounded': rounded.join(' ') }),
    }
    const exported = await writeModel(view, { out, overwrite, container: form.container, metadata, accept: unchanged })
    return { ...exported, rounded }
  } finally {
    await opened.close()
  }
}

/** The pre-trained model's own, where Basil writes that; null for a model of no known layout, which keeps its names. */
function layoutOf({ base }: WeightSet): WrittenLayout | null {
  const { layout } = base.file
  if (layout === 'unknown' || layout === 'tensors') return null
  return writtenLayouts.find((written) => written === layout) ?? 'open_clip'
}

/** Throws file-changed where a parent no longer has the recorded hash. */
export async function requireUnchanged({ pretrained, vectors }: Recipe, { hashes }: Hashing): Promise<void> {
  const found = await hashes
  for (const [i, parent] of [pretrained, ...vectors].entries())
    if (found[i] !== parent.sha256)
      throw new BasilError({
        code: 'file-changed',
        what: 'A parent has changed since the run',
        where: parent.file,
        why: `its SHA-256 is ${found[i]?.slice(0, 12)}, the recipe has ${parent.sha256.slice(0, 12)}`,
        next: 'put the old file back; the recipe cannot be followed with another',
      })
}

function mergedOf(parents: WeightSet, recipe: Recipe, types: 'float32' | 'own'): TensorFile {
  const { lineage, groups } = followed(parents, recipe)
  return mergedFile(lineage.parents, groups, lineage.coefficients, types)
}

/** Types narrower than float32 that merged numbers are rounded to. */
function roundedTo({ base, parameters, prefix }: WeightSet, { dtype }: Form): Dtype[] {
  const own = [...parameters.keys()].map((name) => infoOf(base.file.tensors, prefix + name, base.file.source).dtype)
  return (dtype === null ? [...new Set(own)] : [dtypeOf[dtype]]).filter(isNarrow)
}

/** What a recipe says to do with its parents, which are open. */
export function followed<P extends WeightSet>(
  parents: P,
  recipe: Recipe,
): { groups: Groups; lineage: { parents: P; coefficients: Table } } {
  const groups = groupsOf(parents, recipe.grouping)
  if (!areGroups(recipe.groups, groups))
    throw new BasilError({
      code: 'internal',
      what: 'The recipe does not fit its parents',
      where: recipe.name,
      why: 'its coefficient names are others',
      next: 'report this with the recipe',
    })
  const chosen = [fromNumbers(recipe.start), ...recipe.iterations.map((row) => [Float64Array.from(row)])]
  return {
    groups,
    lineage: lineageOf(parents, groups, chosen, { control: recipe.control ?? 'none', seed: recipe.seed ?? 0 }),
  }
}

/** The run's configuration; undefined for a merge without a run. */
export function settingsOf({ config }: Recipe): ResolvedConfig | undefined {
  return resolvedSchema.safeParse(config).data
}

/** How the run learned, so that it can be done again elsewhere: its configuration without a path of this machine. */
function namelessSettings(recipe: Recipe): unknown {
  const settings = settingsOf(recipe)
  if (!settings) return undefined
  const tasks = settings.tasks.map(({ name, aim }) => ({
    name,
    aim,
    data: '',
    head: '',
    validation: null,
    test: null,
    finetuned: null,
  }))
  return { ...settings, pretrained: '', vectors: [], tasks }
}

/** What the file says of itself: parents by name and hash, never by a path of this machine. */
function metadataOf(recipe: Recipe): Record<string, string> {
  const nameless = (parent: Recipe['pretrained']) => ({ name: parent.name, sha256: parent.sha256 })
  const told = {
    ...recipeSchema.parse(recipe), // in one order, whoever put it together: the same recipe, the same bytes
    config: namelessSettings(recipe),
    pretrained: nameless(recipe.pretrained),
    vectors: recipe.vectors.map(nameless),
  }
  return {
    format: 'pt',
    'basil.recipe': JSON.stringify(told),
    ...(recipe.linearised && {
      'basil.linearised': 'features are f(x; pre-trained) + J(x; pre-trained) (weights - pre-trained)',
    }),
    'basil.pretrained.sha256': recipe.pretrained.sha256,
    'basil.vectors.sha256': recipe.vectors.map((v) => v.sha256).join(' '),
  }
}
