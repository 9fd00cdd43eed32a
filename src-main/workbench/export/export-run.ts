// A state of a run becomes a file with its card beside it, where a person wants it or among the data folder's exports.
import type { RunId } from '../../contract/branded.ts'
import { type Form, formSchema } from '../../contract/checkpoint.ts'
import type { Exported } from '../../contract/run/recipe.ts'
import { runDetail } from '../../history/detail.ts'
import { imagesOf } from '../../history/runs.ts'
import type { History } from '../../history/statement.ts'
import { recipeHere } from '../library/whereabouts.ts'
import { cardOf } from './card.ts'
import { inExports } from './exports.ts'
import { exportName, recipeOf } from './recipe.ts'
import { type Target, type Writer, writeWithCard } from './with-card.ts'

/** iteration null: the last accepted one; epoch: any state that iteration had, not the chosen one. */
export interface ExportedState {
  iteration: number | null
  epoch?: number | null
  form?: Form
}

interface Place extends Writer {
  history: History
  home: string // the data folder
}

/** target null: a new file in the data folder's exports. */
export async function exportRun(
  place: Place,
  run: RunId,
  { iteration, epoch = null, form = formSchema.parse({}) }: ExportedState,
  target: Target | null,
): Promise<Exported & { card: string }> {
  const { history, home } = place
  const recipe = recipeHere(history, recipeOf(history, run, iteration, epoch))
  const write = (to: Target): Promise<Exported & { card: string }> =>
    writeWithCard(place, { recipe, form, ...to }, (template, model) =>
      cardOf(template, { ...model, detail: runDetail(history, run), images: imagesOf(history, run) }),
    )
  return target ? write(target) : inExports(home, exportName(recipe, form), (out) => write({ out, overwrite: false }))
}
