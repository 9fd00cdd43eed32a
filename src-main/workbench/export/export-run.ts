// A state of a run becomes a file with its card beside it: both targets are looked at before the work, the engine
// writes and verifies the model, and the card, which needs its hash, follows.
import { existsSync, readFileSync } from 'node:fs'

import { type Description, type Form, formSchema } from '../../contract/checkpoint.ts'
import { BasilError } from '../../contract/errors.ts'
import type { Exported, Recipe } from '../../contract/run/recipe.ts'
import { requireFree, writeAtomic } from '../../files/write-atomic.ts'
import { runDetail } from '../../history/detail.ts'
import { imagesOf } from '../../history/runs.ts'
import type { History } from '../../history/statement.ts'
import { recipeHere } from '../library/whereabouts.ts'
import { cardName, cardOf, isCard } from './card.ts'
import { inExports } from './exports.ts'
import { exportName, recipeOf } from './recipe.ts'

/** iteration null: the last accepted one; epoch: any state that iteration had, not the chosen one. */
export interface ExportedState {
  iteration: number | null
  epoch?: number | null
  form?: Form
}

export interface Target {
  out: string
  overwrite: boolean
}

interface Place {
  history: History
  home: string // the data folder
  template: string // of the card
  rebuild(request: Target & { recipe: Recipe; form: Form }): Promise<Exported>
  look(file: string): Promise<Description>
}

/** target null: a new file in the data folder's exports. */
export async function exportRun(
  place: Place,
  run: number,
  { iteration, epoch = null, form = formSchema.parse({}) }: ExportedState,
  target: Target | null,
): Promise<Exported & { card: string }> {
  const { history, home } = place
  const recipe = recipeHere(history, recipeOf(history, run, iteration, epoch))
  const write = async ({ out, overwrite }: Target): Promise<Exported & { card: string }> => {
    const card = cardName(out)
    const isOurs = overwrite && (await isCard(card))
    if (overwrite && !isOurs && existsSync(card)) throw notACard(card)
    await requireFree(card, { overwrite: isOurs })
    const exported = await place.rebuild({ recipe, out, overwrite, form })
    const content = {
      detail: runDetail(history, run),
      images: imagesOf(history, run),
      written: await place.look(out),
      recipe,
      exported,
      form,
    }
    const text = cardOf(readFileSync(place.template, 'utf8'), content)
    await writeAtomic(card, [Buffer.from(text)], { overwrite: isOurs })
    return { ...exported, card }
  }
  return target ? write(target) : inExports(home, exportName(recipe, form), (out) => write({ out, overwrite: false }))
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
