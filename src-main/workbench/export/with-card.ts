// A model is written with its card beside it: both targets are looked at before the work, the engine writes and
// verifies the model, and the card, which needs its hash, follows.
import { existsSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'

import type { Description, Form } from '../../contract/checkpoint.ts'
import { BasilError } from '../../contract/errors.ts'
import type { Exported, Recipe } from '../../contract/run/recipe.ts'
import { readStart } from '../../files/open.ts'
import { requireFree, writeAtomic } from '../../files/write-atomic.ts'
import type { WrittenModel } from './card-model.ts'

export interface Target {
  out: string
  overwrite: boolean
}

export interface Writer {
  template: string // of the card
  rebuild(request: Target & { recipe: Recipe; form: Form }): Promise<Exported>
  look(file: string): Promise<Description>
}

export async function writeWithCard(
  { template, rebuild, look }: Writer,
  { recipe, form, out, overwrite }: Target & { recipe: Recipe; form: Form },
  cardOf: (template: string, model: WrittenModel) => string,
): Promise<Exported & { card: string }> {
  const { card, isOurs } = await requireFreeCard({ out, overwrite }, form)
  const exported = await rebuild({ recipe, out, overwrite, form })
  const written = await look(exported.file)
  const text = cardOf(readFileSync(template, 'utf8'), { recipe: completed(recipe, exported), exported, written, form })
  await writeAtomic(card, [Buffer.from(text)], { overwrite: isOurs })
  return { ...exported, card }
}

/** Where it goes, and whether one of ours is there. Throws target-exists: to be asked before long work for a model. */
export async function requireFreeCard(
  { out, overwrite }: Target,
  form: Form,
): Promise<{ card: string; isOurs: boolean }> {
  const card = form.shardBytes === undefined ? cardName(out) : join(out, 'README.md')
  const isOurs = overwrite && (await isCard(card))
  if (overwrite && !isOurs && existsSync(card)) throw notACard(card)
  await requireFree(card, { overwrite: isOurs })
  return { card, isOurs }
}

/** With the hashes of parents that were found while it was followed. */
function completed(recipe: Recipe, { parents: [pretrained, ...vectors] = [] }: Exported): Recipe {
  return {
    ...recipe,
    pretrained: { ...recipe.pretrained, sha256: pretrained ?? recipe.pretrained.sha256 },
    vectors: recipe.vectors.map((vector, t) => ({ ...vector, sha256: vectors[t] ?? vector.sha256 })),
  }
}

/** model.safetensors: model.md */
function cardName(file: string): string {
  return `${file.slice(0, file.length - extname(file).length)}.md`
}

/** Whether the file there is a card of ours; not, where there is none. */
export async function isCard(path: string): Promise<boolean> {
  const start = await readStart(path, 1000).catch(() => null)
  return start !== null && /^---\nlicense: other\n[\s\S]{0,200}^tags: \[basil, /m.test(start.bytes.toString('utf8'))
}

/**
 * Who allowed the model to be replaced has not been asked about a file of notes that happens to be called like its
 * card.
 */
function notACard(path: string): BasilError {
  return new BasilError({
    code: 'target-exists',
    what: "A file has the name of the model's card, and is none",
    where: path,
    why: 'only a card that Basil wrote is replaced by another',
    next: 'choose another name for the model, or move that file',
  })
}
