// A model's tokenizer.json: which token each row of its embedding is of, and the same file with other tokens, for the
// model that is written. Words are the tokenizers library's: tokens of the model's vocabulary, {"token": id} or a list
// of [token, score] where the id is the place, and added tokens beside, each with its id. The file is a stranger's.
import { createHash } from 'node:crypto'

import { z } from 'zod'

import { type Sha256, sha256 } from '../../../contract/branded.ts'
import { BasilError } from '../../../contract/errors.ts'
import { parseJson } from '../../../contract/json.ts'
import { type ByteSource, beyondLimit, damaged } from '../../formats/source.ts'

const name = 'tokenizer.json'
const most = 256 * 2 ** 20 // bytes
const mostTokens = 2 ** 24

const id = z
  .number()
  .int()
  .min(0)
  .max(mostTokens - 1)
const addedSchema = z.looseObject({ id, content: z.string(), special: z.boolean().optional() })
type Added = z.infer<typeof addedSchema>
const schema = z.looseObject({
  model: z.looseObject({ vocab: z.unknown(), merges: z.array(z.unknown()).optional() }),
  added_tokens: z.array(addedSchema).nullish(),
})
type Written = z.infer<typeof schema>
const scored = z.array(z.tuple([z.string(), z.number()]).rest(z.unknown()))

export interface Tokenizer {
  source: ByteSource
  sha256: Sha256 // of the file
  written: Written
  /** Row of each token, in their order: those that have none are not among them. */
  tokens: ReadonlyMap<string, number>
  added: ReadonlyMap<string, Added>
  /** Whether the file has tokens that have no row. */
  isLonger: boolean
}

/** Of the model of a file, whose embedding has so many rows. Throws file-missing, or where it is none. */
export async function tokenizerBeside(weights: ByteSource, rows: number): Promise<Tokenizer> {
  const source = await weights.beside(name).catch((error: unknown) => {
    if (error instanceof BasilError && error.record.code === 'file-missing') throw missing(weights)
    throw error
  })
  if (source.size > most) throw beyondLimit(source, `it has more than ${most} bytes`)
  const bytes = await source.read(0, source.size)
  const written = read(source, Buffer.from(bytes).toString('utf8'))
  const added = new Map((written.added_tokens ?? []).map((one) => [one.content, one]))
  const all = new Map([...vocabularyOf(source, written), ...[...added].map(([token, one]) => [token, one.id] as const)])
  const tokens = new Map([...all].filter(([, row]) => row < rows).sort(([, a], [, b]) => a - b))
  const hash = sha256(createHash('sha256').update(bytes).digest('hex'))
  return { source, sha256: hash, written, tokens, added, isLonger: tokens.size < all.size }
}

function read(source: ByteSource, text: string): Written {
  let given: unknown
  try {
    given = parseJson(text)
  } catch (error) {
    throw damaged(source, 'tokenizer', error instanceof Error ? error.message : String(error))
  }
  const { data, error } = schema.safeParse(given)
  if (data) return data
  const [issue] = error.issues
  throw damaged(source, 'tokenizer', `${issue?.path.join('.')}: ${issue?.message}`)
}

function vocabularyOf(source: ByteSource, { model: { vocab } }: Written): [string, number][] {
  const list = scored.safeParse(vocab).data
  if (list) return list.map(([token], row) => [token, row])
  const entries = typeof vocab === 'object' && vocab !== null && !Array.isArray(vocab) ? Object.entries(vocab) : []
  const rows = entries.flatMap(([token, row]): [string, number][] => {
    const { data } = id.safeParse(row)
    return data === undefined ? [] : [[token, data]]
  })
  if (rows.length === entries.length && typeof vocab === 'object' && vocab !== null) return rows
  throw damaged(source, 'tokenizer', 'model.vocab is no list of tokens with their numbers')
}

function missing({ path }: ByteSource): BasilError {
  return new BasilError({
    code: 'file-missing',
    what: 'A model has no tokenizer that Basil reads',
    where: path,
    why: `there is no ${name} beside it, so nobody knows which token a row is of`,
    next: 'put the model into its folder with its tokenizer, or merge without one: models of one vocabulary need none',
  })
}

/** The file without tokens that have no row. Throws not-supported where they cannot be taken out. */
export function shortened({ source, written, tokens, isLonger }: Tokenizer): Written {
  if (!isLonger) return written
  const { vocab, merges } = written.model
  const left = Object.entries(vocab as Record<string, number>).filter(([token]) => tokens.has(token))
  if (Array.isArray(vocab) && vocab.some(([token]: [string]) => !tokens.has(token)))
    throw unshortened(source, 'its vocabulary is a list in which the place of a token is its number')
  const stays = (merge: unknown): boolean => {
    const pair = typeof merge === 'string' ? merge.split(' ') : Array.isArray(merge) ? merge.map(String) : []
    return [...pair, pair.join('')].every((token) => tokens.has(token))
  }
  const model = {
    ...written.model,
    ...(!Array.isArray(vocab) && { vocab: Object.fromEntries(left) }),
    ...(merges && { merges: merges.filter(stays) }),
  }
  return { ...written, model, added_tokens: (written.added_tokens ?? []).filter(({ content }) => tokens.has(content)) }
}

function unshortened(source: ByteSource, why: string): BasilError {
  return new BasilError({
    code: 'not-supported',
    what: 'The tokenizer has tokens that the model has no rows for, and they cannot be taken out',
    where: source.path,
    why,
    next: "name another model's tokenizer",
  })
}

/** The file with tokens behind its own, from a row on, each as it was added to the model it is of, or as plain text. */
export function lengthened(
  written: Written,
  tokens: readonly string[],
  first: number,
  of: Iterable<Tokenizer>,
): Written {
  const known = [...of]
  const added = tokens.map((content, k): Added => {
    const theirs = known.map((tokenizer) => tokenizer.added.get(content)).find((one) => one !== undefined)
    return { ...plain, ...theirs, id: first + k, content }
  })
  return { ...written, added_tokens: [...(written.added_tokens ?? []), ...added] }
}

const plain = { single_word: false, lstrip: false, rstrip: false, normalized: true, special: false }
