// Any state a run ever had, rebuilt from its recipe and written in the form asked for: parents held against their
// recorded hashes, one tensor in memory at a time, written beside the target, read back and compared before it takes
// the target's name. The hashes are taken by a thread of their own meanwhile: with a fast disk they are half of the
// work.
import { dirname } from 'node:path'

import { type Sha256, sha256 } from '../contract/branded.ts'
import { type Form, type WrittenLayout, writtenLayouts } from '../contract/checkpoint.ts'
import type { Rebuilding, Told } from '../contract/engine-api.ts'
import { BasilError, reported } from '../contract/errors.ts'
import { type ResolvedConfig, resolvedSchema } from '../contract/run/config.ts'
import { type Exported, type Recipe, recipeSchema } from '../contract/run/recipe.ts'
import type { Progress } from '../contract/run/run.ts'
import { nothingSaid } from '../contract/tower.ts'
import { telling } from '../contract/wire/telling.ts'
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
import { requireStamps, stampsOf } from '../files/checkpoint-stamps.ts'
import { type Hashing, hashInThread } from '../files/hash-thread.ts'
import { rememberMergeRate } from '../files/merge-rate.ts'
import { openSource } from '../files/source.ts'
import { requireFree, requireNothing } from '../files/write-atomic.ts'
import { type FolderToWrite, writeFolder } from '../files/written-folder.ts'
import { writeModel } from '../files/written-model.ts'
import { fromNumbers, type Table } from '../numbers/table.ts'
import { sum } from '../numbers/vectors.ts'
import { withStatistics } from './with-statistics.ts'

type Tell = (progress: Progress) => void

/** Parents whose hash the recipe does not have yet ('') get the one that is found. */
export const rebuild = (asked: Rebuilding): Promise<Exported> => write(asked, () => undefined)

/** The same, which tells how far it is. */
export const merging = (asked: Rebuilding): AsyncGenerator<Told<Exported>> =>
  telling('The merge', (tell) => write(asked, tell))

async function write({ recipe, out, overwrite, form }: Rebuilding, tell: Tell): Promise<Exported> {
  await (form.shardBytes === undefined ? requireFree(out, { overwrite }) : requireNothing(out))
  const files = parentsOf(recipe).map((parent) => parent.file)
  // Statistics are touched by whoever uses them, which changes no byte; their hashes are asked for all the same.
  const stamps = await stampsOf([recipe.pretrained, ...recipe.vectors].map((parent) => parent.file))
  const hashing = hashInThread(files)
  const complete = async (): Promise<Recipe> => {
    const found = await requireUnchanged(recipe, hashing)
    await requireStamps(stamps)
    return withHashes(recipe, found)
  }
  try {
    const known = (await hashing.areKnown) ? await complete() : recipe
    return await merge({ recipe: known, out, overwrite, form }, complete, tell)
  } catch (error) {
    await complete() // a parent that has changed explains whatever else went wrong
    throw error
  } finally {
    await hashing.stop()
  }
}

/** The file takes its name only after `complete`, which gives the recipe with all hashes, has not thrown. */
async function merge(
  { recipe, out, overwrite, form }: Rebuilding,
  complete: () => Promise<Recipe>,
  tell: Tell,
): Promise<Exported> {
  const began = performance.now()
  const opened = await openParentsOf(recipe)
  try {
    const { view, metadata, rounded } = await rebuilt(opened, recipe, form)
    const total = sizeOf(view)
    const far = (bytes: number): void =>
      tell({ type: 'progress', what: 'Merging', done: Math.min(bytes, total), total })
    far(0)
    const written = await (form.shardBytes === undefined ? inFile : inFolder)()
    const hashes = parentsOf(await complete()).map((parent) => parent.sha256)
    const bytes = [opened.base, ...opened.vectors].reduce((sum, { file }) => sum + sizeOf(file), 0)
    await rememberMergeRate(bytes, (performance.now() - began) / 1000)
    return { ...written, rounded, parents: hashes }

    async function inFile(): Promise<Exported> {
      const { container } = form
      const isKnown = parentsOf(recipe).every((parent) => parent.sha256 !== '')
      const target = { out, overwrite, container, tell: far, accept: async () => void (await complete()) }
      if (isKnown || container !== 'safetensors')
        return writeModel(view, { ...target, metadata: metadata(isKnown ? recipe : await complete()) })
      return writeModel(view, {
        ...target,
        metadata: metadata(
          withHashes(
            recipe,
            parentsOf(recipe).map(() => placeholder),
          ),
        ),
        metadataInTheEnd: async () => metadata(await complete()),
      })
    }

    function inFolder(): Promise<Exported> {
      return writeFolder(view, {
        out,
        shardBytes: form.shardBytes ?? Number.POSITIVE_INFINITY,
        dtype: form.dtype,
        from: dirname(opened.base.file.source.path),
        ...besideOf(opened),
        metadata: async () => metadata(await complete()),
        tell: far,
      })
    }
  } finally {
    await opened.close()
  }
}

/** What is written beside the weights that the pre-trained model's folder has otherwise. */
function besideOf({ arranged }: WeightSet): Pick<FolderToWrite, 'sizes' | 'tokenizer'> {
  const { vocabulary = null, layers = null } = arranged ?? {}
  return {
    sizes: { ...(vocabulary && { vocabulary: vocabulary.rows }), ...(layers !== null && { layers }) },
    ...(vocabulary && {
      tokenizer: { from: dirname(vocabulary.tokenizer.beside), json: vocabulary.tokenizer.json },
    }),
  }
}

const sizeOf = ({ tensors }: TensorFile): number => sum([...tensors.values()].map(({ bytes }) => bytes))

const placeholder = sha256('0'.repeat(64))

/** Every file that a recipe is followed from. */
export const parentsOf = ({ pretrained, vectors, statistics = [] }: Recipe): Recipe['vectors'] => [
  pretrained,
  ...vectors,
  ...statistics,
]

function withHashes(recipe: Recipe, [first, ...others]: readonly Sha256[]): Recipe {
  return {
    ...recipe,
    pretrained: { ...recipe.pretrained, sha256: first ?? recipe.pretrained.sha256 },
    vectors: recipe.vectors.map((vector, t) => ({ ...vector, sha256: others[t] ?? vector.sha256 })),
  }
}

export async function openParentsOf(recipe: Recipe): Promise<WeightSet> {
  const { pretrained, vectors, missing, tokenizer, layers } = recipe
  const set = await openSet(
    pretrained.file,
    vectors.map((vector) => vector.file),
    openSource,
    missing,
    { tokenizer, layers },
  )
  return withStatistics(set, recipe)
}

function withTokenizers(recipe: Recipe, { arranged }: WeightSet): Recipe {
  const hashes = arranged?.vocabulary?.sha256
  return recipe.tokenizer && hashes ? { ...recipe, tokenizer: { ...recipe.tokenizer, sha256: [...hashes] } } : recipe
}

interface Rebuilt {
  view: TensorFile
  metadata(recipe: Recipe): Record<string, string>
  rounded: Dtype[]
}

/** What a recipe gives of its parents, in the form asked for. */
export async function rebuilt(opened: WeightSet, recipe: Recipe, form: Form): Promise<Rebuilt> {
  const parents = await vectorsAfter(opened, recipe.steps)
  const merged = mergedOf(parents, recipe, form.dtype === null ? 'own' : 'float32')
  const layout = form.layout ?? layoutOf(parents)
  const rounded = roundedTo(parents, form)
  const { towers } = await towersOf(parents.base.file, useOf(settingsOf(recipe) ?? nothingSaid).given ?? {})
  const { dtype } = form
  const isSaid = recipe.run === null && (dtype !== null || form.layout !== null)
  return {
    view: inDtype(layout ? inLayout(merged, layout) : merged, dtype),
    metadata: (known) => ({
      ...metadataOf(withTokenizers(known, opened)),
      ...ownMetadata(towers),
      ...(rounded.length > 0 && { 'basil.rounded': rounded.join(' ') }),
      ...(isSaid && { 'basil.form': JSON.stringify({ layout: form.layout, dtype }) }),
    }),
    rounded,
  }
}

/** The pre-trained model's own, where Basil writes that; null for a model of no known layout, which keeps its names. */
function layoutOf({ base }: WeightSet): WrittenLayout | null {
  const { layout } = base.file
  if (layout === 'unknown' || layout === 'tensors') return null
  return writtenLayouts.find((written) => written === layout) ?? 'open_clip'
}

/** Throws file-changed where a parent no longer has the recorded hash; gives all hashes. */
export async function requireUnchanged(recipe: Recipe, { hashes }: Pick<Hashing, 'hashes'>): Promise<Sha256[]> {
  const found = await hashes
  for (const [i, parent] of parentsOf(recipe).entries())
    if (parent.sha256 !== '' && found[i] !== parent.sha256)
      throw new BasilError({
        code: 'file-changed',
        what: 'A parent has changed since the run',
        where: parent.file,
        why: `its SHA-256 is ${found[i]?.slice(0, 12)}, the recipe has ${parent.sha256.slice(0, 12)}`,
        next: 'put the old file back; the recipe cannot be followed with another',
      })
  return found
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
      ...reported('keep the recipe, and with it'),
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
    ...(recipe.statistics && { statistics: recipe.statistics.map(nameless) }),
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
