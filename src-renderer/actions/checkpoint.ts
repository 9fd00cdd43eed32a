// What can be done with one checkpoint, and with the recipe of a dropped one.
import { checkpoints } from '../state/checkpoints/checkpoints.svelte.ts'
import { drop, type Landing } from '../state/checkpoints/drop.svelte.ts'
import { modelsOf, modelsOfRecipe } from '../state/checkpoints/models.ts'
import { opened } from '../state/checkpoints/opened.svelte.ts'
import { recipe } from '../state/checkpoints/recipe.svelte.ts'
import { refine } from '../state/checkpoints/refine.svelte.ts'
import { compose } from '../state/compose.svelte.ts'
import { router } from '../state/router.svelte.ts'
import { workbench } from '../state/workbench.svelte.ts'
import type { Action } from './action.ts'
import { composeAgain } from './run.ts'

const readable = () => router.current.page === 'checkpoint' && opened.shown?.state === 'present'

export const measureValues: Action = {
  id: 'measure-values',
  title: 'Measure values',
  shortcut: 'Alt+M',
  enabled: () => readable() && !opened.statistics.busy && opened.statistics.result === null,
  run: () => opened.measure(),
}

/** Opens the dialog; it then calls opened.convert(). */
export const convertCheckpoint: Action = {
  id: 'convert-checkpoint',
  title: 'Convert…',
  shortcut: 'Mod+E',
  enabled: () => readable() && !opened.converting,
  run: () => {
    opened.convertDialog = true
  },
}

export const useCheckpoint: Action = {
  id: 'use-checkpoint',
  title: 'Use in a new run',
  shortcut: null,
  enabled: () => readable() && opened.shown !== null && Object.keys(modelsOf([opened.shown])).length > 1,
  run: () => {
    if (opened.shown) compose.use(modelsOf([opened.shown]))
    router.go('#/compose')
  },
}

/** Opens the dialog; it then calls beginRefinement(). */
export const refineCheckpoint: Action = {
  id: 'refine-checkpoint',
  title: 'Refine…',
  shortcut: null,
  enabled: () => readable() && opened.shown !== null && ['fine-tuned', 'merged', 'unknown'].includes(opened.shown.role),
  run: () => {
    if (opened.shown) refine.ask(opened.shown)
  },
}

/** Starts the run the dialog describes and shows it. */
export async function beginRefinement(): Promise<void> {
  router.go(`#/run/${await refine.begin()}`)
  await workbench.refresh()
}

/** The run's own configuration where the run is here, else what the recipe tells. */
export const openRecipe: Action = {
  id: 'open-recipe',
  title: 'Open this configuration',
  shortcut: null,
  enabled: () => router.current.page === 'recipe' && recipe.reopened !== null,
  run: async () => {
    const { reopened } = recipe
    if (!reopened) return
    if (reopened.run !== null) return composeAgain(await workbench.run(reopened.run))
    compose.use(modelsOfRecipe(reopened))
    router.go('#/compose')
  },
}

/** Files and folders let go above the window. */
export async function takeDropped(files: readonly File[], folders: readonly string[]): Promise<void> {
  const landing = await drop.take(files, folders, workbench.about?.window === true)
  await checkpoints.load()
  router.go(addressOf(landing))
}

function addressOf(landing: Landing): `#/${string}` {
  if (landing.page === 'checkpoint') return `#/library/${landing.id}`
  return landing.page === 'recipe' ? '#/recipe' : '#/library'
}
