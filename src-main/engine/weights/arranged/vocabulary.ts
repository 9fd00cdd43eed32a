// Which row of which model each row of the merged model's embedding is made of, where the models' tokens are not the
// same. A model that lacks a token is given a row for it: the only row there is, or the base's, or the mean of those
// that there are (mergekit 0.1.5); in between nothing is guessed. Each model is then merged as if it had all tokens.

import type { Sha256 } from '../../../contract/branded.ts'
import { BasilError } from '../../../contract/errors.ts'
import type { VocabularyPlan } from '../../../contract/merges/plan.ts'
import type { Arrangement } from '../../../contract/run/recipe.ts'
import { at } from '../../../numbers/vectors.ts'
import type { CanonicalFile } from '../../layouts/index.ts'
import { isEmbedding } from '../agreement.ts'
import { lengthened, shortened, type Tokenizer, tokenizerBeside } from './tokenizer.ts'

/** A row of a model, by the model's place. */
export interface Row {
  model: number
  row: number
}

export interface Vocabulary {
  rows: number // of what is written
  /** (models x rows): the row of each model itself, -1 where it has none. */
  own: readonly Int32Array[]
  /** What a model that has none is given: the mean of these. */
  given: ReadonlyMap<number, readonly Row[]>
  /** The folder whose tokenizer is written, and its tokenizer.json where that is another. */
  tokenizer: { beside: string; json: string | null }
  sha256: readonly Sha256[] // of the models' tokenizers
  plan: VocabularyPlan
}

/** Of models by their files, [pretrained, ...vectors]. Throws file-changed where a tokenizer is not the recorded one. */
export async function vocabularyOf(
  files: readonly CanonicalFile[],
  { source, base, sha256: recorded }: NonNullable<Arrangement['tokenizer']>,
): Promise<Vocabulary> {
  const rows = files.map(rowsIn)
  const known: Tokenizer[] = []
  for (const [m, file] of files.entries()) known.push(await tokenizerBeside(file.source, at(rows, m)))
  for (const [m, tokenizer] of known.entries()) requireRecorded(tokenizer, recorded?.[m])
  const from = typeof source === 'number' ? source : (base ?? 0)
  const [chosen, first] = [known[from], files[from]]
  if (!chosen || !first) throw new Error(`there is no model ${from}`)
  const beside = source === 'union' ? joined(chosen, known) : []
  const length = Math.max(-1, ...chosen.tokens.values()) + 1
  if (beside.length > 0 && length !== chosen.tokens.size) throw withGaps(chosen)
  const tokens = new Map([...chosen.tokens, ...beside.map((token, k): [string, number] => [token, length + k])])
  const own = known.map((of) => ownRows(of, tokens, length + beside.length))
  const others = new Set(Array.from({ length }, (_, row) => row))
  for (const row of chosen.tokens.values()) others.delete(row)
  for (const row of others) (own[from] as Int32Array)[row] = row // of no token: the chosen model's own
  const firstOf = (m: number): number => files.findIndex(({ source: { path } }) => path === files[m]?.source.path)
  const distinct = [...files.keys()].filter((m) => firstOf(m) === m)
  const written = beside.length ? lengthened(shortened(chosen), beside, length, known) : shortened(chosen)
  const isOther = chosen.isLonger || beside.length > 0
  return {
    rows: length + beside.length,
    own,
    given: givenRows(own, distinct, base === null ? null : firstOf(base)),
    tokenizer: { beside: first.source.path, json: isOther ? JSON.stringify(written) : null },
    sha256: known.map((of) => of.sha256),
    plan: {
      source: source === 'union' ? 'union' : first.source.path,
      tokens: tokens.size,
      models: distinct.map((m) => counted(files[m] as CanonicalFile, known[m] as Tokenizer, tokens)),
    },
  }
}

function requireRecorded({ source, sha256: found }: Tokenizer, recorded: Sha256 | undefined): void {
  if (recorded === undefined || recorded === found) return
  throw new BasilError({
    code: 'file-changed',
    what: 'A tokenizer has changed since the merge',
    where: source.path,
    why: `its SHA-256 is ${found.slice(0, 12)}, the recipe has ${recorded.slice(0, 12)}`,
    next: 'put the old file back: with another, rows would be of other tokens',
  })
}

/** Of its embedding. Throws not-supported where it has none. */
export function rowsIn({ tensors, source }: CanonicalFile): number {
  const rows = [...tensors.values()].find(({ name, shape }) => isEmbedding(name) && shape.length === 2)?.shape[0]
  if (rows !== undefined) return rows
  throw new BasilError({
    code: 'not-supported',
    what: 'Tokens cannot be matched in this model',
    where: source.path,
    why: 'it has no embedding by a name that Basil knows, as model.embed_tokens.weight is one',
    next: 'merge it without a tokenizer',
  })
}

/** Tokens that the chosen one lacks: plain ones of all models in their order, then those that were added to one. */
function joined(chosen: Tokenizer, known: readonly Tokenizer[]): string[] {
  const isAdded = (token: string): boolean => known.some(({ added }) => added.has(token))
  const all = new Set(known.flatMap(({ tokens }) => [...tokens.keys()].filter((token) => !chosen.tokens.has(token))))
  return [...[...all].filter((token) => !isAdded(token)), ...[...all].filter(isAdded)]
}

function ownRows({ tokens: own }: Tokenizer, tokens: ReadonlyMap<string, number>, length: number): Int32Array {
  const rows = new Int32Array(length).fill(-1)
  for (const [token, row] of tokens) rows[row] = own.get(token) ?? -1
  return rows
}

/** Where not all have one. `among`: models, each once. */
function givenRows(own: readonly Int32Array[], among: readonly number[], base: number | null): Map<number, Row[]> {
  const given = new Map<number, Row[]>()
  for (let row = 0; row < (own[0]?.length ?? 0); row++) {
    const having = among.filter((m) => (own[m]?.[row] ?? -1) >= 0)
    if (having.length === among.length) continue
    const donors = base !== null && having.includes(base) ? [base] : having
    given.set(
      row,
      donors.map((model) => ({ model, row: own[model]?.[row] as number })),
    )
  }
  return given
}

function counted(file: CanonicalFile, { tokens: own }: Tokenizer, tokens: ReadonlyMap<string, number>) {
  const shared = [...own.keys()].filter((token) => tokens.has(token)).length
  return {
    model: file.source.path,
    tokens: own.size,
    shared,
    added: tokens.size - shared,
    dropped: own.size - shared,
  }
}

function withGaps({ source }: Tokenizer): BasilError {
  return new BasilError({
    code: 'not-supported',
    what: 'Tokens cannot be added to this tokenizer',
    where: source.path,
    why: 'its numbers have gaps, so the tokens would get others than their rows',
    next: 'take the tokenizer of another model, or name it alone: --tokenizer-source base',
    inWindow: 'take the tokenizer of another model',
  })
}
