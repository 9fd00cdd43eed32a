// What becomes of every tensor of models that are combined by name, told by their headers alone: nothing is dropped in
// silence. A head that is tied to the embedding is written by some programs and not by others: where one model has it
// and another only the embedding, that stands for it, and a head that the pre-trained model lacks is left out where it
// is the embedding again.
import type { Planned } from '../../contract/merges/plan.ts'
import { isFloating } from '../formats/dtype.ts'
import { namesOf } from '../formats/source.ts'
import { infoOf, type TensorFile, type TensorInfo } from '../formats/tensor-file.ts'
import type { CanonicalFile } from '../layouts/index.ts'

const heads = ['lm_head.weight', 'embed_out.weight', 'output.weight']
const embedding = /(^|\.)(embed_tokens|tok_embeddings|wte|word_embeddings|embed_in|shared)\.weight$/

export const isEmbedding = (name: string): boolean => embedding.test(name)

/** A head's weight or bias, under the name of its program; null: it is no head. */
export function headStem(name: string): string | null {
  return (
    heads
      .flatMap((head) => [head, head.replace(/weight$/, 'bias')])
      .find((head) => name === head || name.endsWith(`.${head}`)) ?? null
  )
}

/** The embedding that a head may be, of the head's shape. */
export function embeddingOf(file: Pick<TensorFile, 'tensors'>, head: string, shape: readonly number[]): string | null {
  if (!heads.some((name) => head === name || head.endsWith(`.${name}`))) return null
  const found = [...file.tensors.values()].find(
    (info) => embedding.test(info.name) && info.shape.join() === shape.join(),
  )
  return found?.name ?? null
}

/** The file with its embedding under the names of heads that `like` has and it has not. */
export function withTiedHeads(file: CanonicalFile, like: CanonicalFile): CanonicalFile {
  const tied = new Map<string, string>()
  for (const { name, shape } of like.tensors.values()) {
    const from = file.tensors.has(name) ? null : embeddingOf(file, name, shape)
    if (from !== null) tied.set(name, from)
  }
  if (tied.size === 0) return file
  const infos = [...tied].map(([name, from]): [string, TensorInfo] => [
    name,
    { ...infoOf(file.tensors, from, file.source), name },
  ])
  return {
    ...file,
    tensors: new Map([...file.tensors, ...infos]),
    parameters: new Map([...file.parameters, ...infos.map(([name, { shape }]): [string, number[]] => [name, shape])]),
    read: (name, into) => file.read(tied.get(name) ?? name, into),
    readRange: (name, offset, length, into) => file.readRange(tied.get(name) ?? name, offset, length, into),
  }
}

/** missing: what becomes of a tensor that not all have in one shape; refused if not given. */
export function agreement(base: CanonicalFile, others: readonly CanonicalFile[], missing?: 'base'): Planned[] {
  return [
    ...[...base.tensors.values()].map((info) => ofBase(base, others, info, missing)),
    ...others.flatMap((other) =>
      [...other.tensors.values()].flatMap((info) => {
        if (base.tensors.has(info.name)) return []
        const from = namesOf(other.source, base.source)[0]
        const told = { ...planned(other, info, info.name), from }
        if (embeddingOf(base, info.name, info.shape) !== null && embeddingOf(other, info.name, info.shape) !== null)
          return [{ ...told, fate: 'left out' as const, why: 'a head tied to the embedding; refused if it is another' }]
        if (!other.parameters.has(info.name)) return [{ ...told, fate: 'left out' as const, why: 'it is no weight' }]
        const fate = missing === 'base' ? ('left out' as const) : ('refused' as const)
        return [{ ...told, fate, why: 'the pre-trained model lacks it' }]
      }),
    ),
  ]
}

function ofBase(
  base: CanonicalFile,
  others: readonly CanonicalFile[],
  info: TensorInfo,
  missing: 'base' | undefined,
): Planned {
  const { name, shape } = info
  const told = planned(base, info, name)
  if (!isFloating(info.dtype)) return { ...told, fate: 'copied', why: 'no numbers with a fraction: equal in all' }
  if (!base.parameters.has(name)) return { ...told, fate: 'taken', why: "a statistic, the pre-trained model's" }
  const against = others.flatMap((other) => {
    const found = other.tensors.get(name)
    const called = namesOf(other.source, base.source)[0]
    if (!found) return embeddingOf(other, name, shape) === null ? [`${called} lacks it`] : []
    if (found.shape.join() !== shape.join()) return [`${called} has it as [${found.shape}]`]
    return isFloating(found.dtype) ? [] : [`${called} stores it as ${found.dtype}`]
  })
  if (against.length === 0) return { ...told, fate: 'merged', why: null }
  return { ...told, fate: missing === 'base' ? 'taken' : 'refused', why: against.join('; ') }
}

const planned = (file: CanonicalFile, { dtype, shape, bytes }: TensorInfo, name: string) => ({
  tensor: file.called(name),
  dtype,
  shape,
  bytes,
})
