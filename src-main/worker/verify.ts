// Whether a file is what its own recipe gives: the recipe is followed again from the parents, whose hashes must be
// those that it names, and every tensor is compared byte by byte as it is computed. Nothing is written. The first
// difference is told.
import { formSchema } from '../contract/checkpoint.ts'
import { BasilError } from '../contract/errors.ts'
import { parseJson } from '../contract/json.ts'
import type { Verified, VerifyRequest } from '../contract/merges/verify.ts'
import { type Recipe, recipeSchema } from '../contract/run/recipe.ts'
import { dtypes } from '../engine/formats/dtype.ts'
import { openTensorFile } from '../engine/formats/open.ts'
import type { TensorFile } from '../engine/formats/tensor-file.ts'
import { hashInThread } from '../files/hash-thread.ts'
import { openSource } from '../files/source.ts'
import { openParentsOf, parentsOf, rebuilt, requireUnchanged } from './rebuild.ts'

const piece = 2 ** 17 // elements

/** Throws verify-failed at the first difference, and file-changed where a parent has another hash. */
export async function verify({ file, parents }: VerifyRequest): Promise<Verified> {
  const source = await openSource(file)
  try {
    const given = await openTensorFile(source)
    const recipe = placed(recipeIn(given), parents)
    const hashing = hashInThread(parentsOf(recipe).map((parent) => parent.file))
    try {
      await requireUnchanged(recipe, hashing)
      return await compared(given, recipe)
    } finally {
      await hashing.stop()
    }
  } finally {
    await source.close()
  }
}

/** Throws config-invalid where the file has none. */
function recipeIn({ source, metadata }: TensorFile): Recipe {
  const text = metadata['basil.recipe']
  const read = text === undefined ? undefined : recipeSchema.safeParse(parseJson(text))
  if (read?.data) return read.data
  throw new BasilError({
    code: 'config-invalid',
    what: 'The file holds no recipe that can be followed',
    where: source.name,
    why: text === undefined ? 'it was not written by Basil' : (read?.error?.issues[0]?.message ?? 'it is damaged'),
    next: 'give a model that a merge or an export of Basil wrote',
  })
}

async function compared(given: TensorFile, recipe: Recipe): Promise<Verified> {
  const opened = await openParentsOf(recipe)
  try {
    const form = formSchema.parse(parseJson(given.metadata['basil.form'] ?? '{}'))
    const { view } = await rebuilt(opened, recipe, form)
    const names = new Set([...view.tensors.keys(), ...given.tensors.keys()])
    let bytes = 0
    for (const name of names) bytes += await compareTensor(given, view, name)
    return { file: given.source.path, tensors: names.size, bytes }
  } finally {
    await opened.close()
  }
}

async function compareTensor(given: TensorFile, view: TensorFile, name: string): Promise<number> {
  const [mine, theirs] = [view.tensors.get(name), given.tensors.get(name)]
  if (!theirs) throw differs(given, name, 'the recipe gives it, and the file lacks it')
  if (!mine) throw differs(given, name, 'the recipe does not give it')
  if (mine.dtype !== theirs.dtype || mine.shape.join() !== theirs.shape.join())
    throw differs(
      given,
      name,
      `it is ${theirs.dtype} [${theirs.shape}], the recipe gives ${mine.dtype} [${mine.shape}]`,
    )
  const each = dtypes[mine.dtype]
  for (let at = 0; at < mine.bytes; at += piece * each) {
    const length = Math.min(piece * each, mine.bytes - at)
    const [ours, found] = [await view.readRange(name, at, length), await given.readRange(name, at, length)]
    if (Buffer.compare(ours, found) === 0) continue
    const bad = ours.findIndex((byte, i) => byte !== found[i])
    throw differs(given, name, `element ${Math.floor((at + bad) / each)} is another than the recipe gives`)
  }
  return mine.bytes
}

function differs({ source }: TensorFile, name: string, why: string): BasilError {
  return new BasilError({
    code: 'verify-failed',
    what: 'The file is not what its recipe gives',
    where: `${source.name}: ${name}`,
    why,
    next: 'merge it again, or find out who changed it',
  })
}

/** `parents`: paths, the pre-trained model's first, what is known of images last. */
function placed(recipe: Recipe, [pretrained = '', ...rest]: readonly string[]): Recipe {
  const [vectors, statistics] = [rest.slice(0, recipe.vectors.length), rest.slice(recipe.vectors.length)]
  return {
    ...recipe,
    pretrained: { ...recipe.pretrained, file: pretrained },
    vectors: recipe.vectors.map((vector, t) => ({ ...vector, file: vectors[t] ?? '' })),
    ...(recipe.statistics && {
      statistics: recipe.statistics.map((one, t) => ({ ...one, file: statistics[t] ?? '' })),
    }),
  }
}
