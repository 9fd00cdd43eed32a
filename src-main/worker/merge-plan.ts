// The plan of a merge: the fate of every tensor, bytes, memory and time, by headers alone. Nothing is written.
import type { Form } from '../contract/checkpoint.ts'
import type { MergePlan, Planned } from '../contract/merges/plan.ts'
import type { Recipe } from '../contract/run/recipe.ts'
import { dtypes } from '../engine/formats/dtype.ts'
import { dtypeOf, inDtype } from '../engine/formats/writing/in-dtype.ts'
import type { CanonicalFile } from '../engine/layouts/index.ts'
import { merges } from '../engine/merging/index.ts'
import { agreement } from '../engine/weights/agreement.ts'
import { arranged } from '../engine/weights/arranged/arranged.ts'
import { openAs } from '../engine/weights/checkpoint.ts'
import { isTower } from '../engine/weights/tower.ts'
import { mergeRate } from '../files/merge-rate.ts'
import { openSource } from '../files/source.ts'
import { inShards } from '../files/written-folder.ts'
import { product, sum } from '../numbers/vectors.ts'

const idle = 160e6 // bytes of memory that the engine's process has with nothing to do
const perModel = 2 * 2 ** 20 // of slices that are on their way

export async function mergePlan({ recipe, form }: { recipe: Recipe; form: Form }): Promise<MergePlan> {
  const parents = recipe.vectors.map(({ file }) => file)
  return withHeaders(recipe.pretrained.file, parents, async (opened) => {
    const { files, vocabulary } = await arranged(opened, recipe)
    const [base, ...others] = files as [CanonicalFile, ...CanonicalFile[]]
    const isArranged = recipe.tokenizer !== undefined || recipe.layers !== undefined
    const tensors = isArranged ? agreement(base, others, recipe.missing) : fatesOf(base, others, recipe.missing)
    const written = inDtype(base, form.dtype)
    const bytesRead = bytesReadOf(tensors, others.length)
    const bytesWritten = sum([...written.tensors.values()].map(({ bytes }) => bytes))
    const rate = await mergeRate()
    return {
      tensors,
      bytesRead,
      bytesWritten,
      peakBytes: peakOf(base, recipe, form),
      seconds: rate === null ? null : bytesRead / rate,
      ...(vocabulary && { vocabulary: vocabulary.plan }),
      files: form.shardBytes === undefined ? 1 : inShards(written, form.shardBytes).length,
    }
  })
}

/** The fate of every tensor of every model. */
export function tensorsOf(pretrained: string, vectors: readonly string[], missing?: 'base'): Promise<Planned[]> {
  return withHeaders(pretrained, vectors, async ([base, ...others]) => fatesOf(base, others, missing))
}

async function withHeaders<T>(
  pretrained: string,
  vectors: readonly string[],
  use: (opened: [CanonicalFile, ...CanonicalFile[]]) => Promise<T>,
): Promise<T> {
  const opened: CanonicalFile[] = []
  try {
    for (const path of [pretrained, ...vectors]) {
      const { file } = await openAs(path, openSource, (of) => ({ file: of, prefix: '' }), opened[0])
      opened.push(file)
    }
    return await use(opened as [CanonicalFile, ...CanonicalFile[]])
  } finally {
    await Promise.all(opened.map(({ source }) => source.close()))
  }
}

/** Of image towers what stands beside them is the pre-trained model's. */
function fatesOf(base: CanonicalFile, others: readonly CanonicalFile[], missing?: 'base'): Planned[] {
  const all = agreement(base, others, missing)
  if (missing !== undefined || !isTower(base)) return all
  const beside = new Set([...base.tensors.keys()].filter((name) => !/^visual\./.test(name)).map(base.called))
  const towers = others
    .flatMap((other) => [...other.tensors.keys()].map(other.called))
    .filter((name) =>
      /^(text_model|transformer|token_embedding|text_projection|logit_scale|positional_embedding|ln_final)/.test(name),
    )
  const left = new Set(towers)
  return all.map((one): Planned => {
    if (one.from === undefined && beside.has(one.tensor))
      return { ...one, fate: 'taken', why: "it stands beside the image tower and is the pre-trained model's" }
    if (one.from !== undefined && left.has(one.tensor))
      return { ...one, fate: 'left out', why: 'it stands beside the image tower' }
    return one
  })
}

const bytesReadOf = (tensors: readonly Planned[], vectors: number): number =>
  sum(tensors.map(({ fate, bytes }) => (fate === 'left out' ? 0 : fate === 'taken' ? bytes : bytes * (1 + vectors))))

/** Slices of every model, or, where a method wants whole tensors, the largest of them of every model, in float64. */
function peakOf(base: CanonicalFile, { steps, vectors }: Recipe, { dtype }: Form): number {
  const isWhole = steps.some(({ method }) => merges.find(({ card }) => card.name === method)?.by === 'tensor')
  const largest = Math.max(0, ...[...base.parameters.values()].map((shape) => product(shape)))
  const each = dtype === null ? 4 : dtypes[dtypeOf[dtype]]
  return idle + (isWhole ? largest * (8 * vectors.length + 4 + each) : perModel * (vectors.length + 1))
}
