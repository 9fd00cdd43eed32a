// The models that are merged as a recipe arranges them: with rows of embeddings and heads matched token by token, and
// with layers put together anew. All are views of the files that were opened; nothing is read but headers and
// tokenizers.
import type { Arrangement } from '../../../contract/run/recipe.ts'
import type { CanonicalFile } from '../../layouts/index.ts'
import { aligned } from './aligned.ts'
import { stacked } from './stacked.ts'
import { type Vocabulary, vocabularyOf } from './vocabulary.ts'

export interface Arranged {
  files: CanonicalFile[] // [pretrained, ...vectors] of the merge
  vocabulary: Vocabulary | null // null: each model's rows are as they are
  layers: number | null // null: as many as they have
}

/** files: [pretrained, ...vectors] of the recipe. */
export async function arranged(files: readonly CanonicalFile[], { tokenizer, layers }: Arrangement): Promise<Arranged> {
  const vocabulary = tokenizer ? await vocabularyOf(files, tokenizer) : null
  const seen = vocabulary ? aligned(files, vocabulary) : [...files]
  if (!layers) return { files: seen, vocabulary, layers: null }
  const count = (layers[0] ?? []).reduce((sum, { from, to }) => sum + to - from, 0)
  return { files: layers.map((parts) => stacked(seen, parts)), vocabulary, layers: count }
}
