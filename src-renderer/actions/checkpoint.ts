// What can be done with one checkpoint, and with the recipe of a dropped one.
import FileOutput from '@lucide/svelte/icons/file-output'
import FolderOpen from '@lucide/svelte/icons/folder-open'
import Play from '@lucide/svelte/icons/play'
import Ruler from '@lucide/svelte/icons/ruler'
import ShieldCheck from '@lucide/svelte/icons/shield-check'
import Sparkles from '@lucide/svelte/icons/sparkles'

import { checkpoints } from '../state/checkpoints/checkpoints.svelte.ts'
import { type DroppedFolder, drop } from '../state/checkpoints/drop.svelte.ts'
import { modelsOf, modelsOfRecipe } from '../state/checkpoints/models.ts'
import { opened } from '../state/checkpoints/opened.svelte.ts'
import { recipe } from '../state/checkpoints/recipe.svelte.ts'
import { refine } from '../state/checkpoints/refine.svelte.ts'
import { compose } from '../state/compose.svelte.ts'
import { dataSets } from '../state/data/data-sets.svelte.ts'
import { router } from '../state/router.svelte.ts'
import { workbench } from '../state/workbench.svelte.ts'
import type { Action } from './action.ts'
import { openText } from './project.ts'
import { composeAgain } from './run.ts'

const readable = () => router.at('checkpoint') && opened.shown?.state === 'present'

export const measureValues: Action = {
  id: 'measure-values',
  title: 'Measure values',
  shortcut: 'Alt+M',
  icon: Ruler,
  enabled: () => readable() && !opened.statistics.busy && opened.statistics.result === null,
  run: () => opened.measure(),
}

/** Of a file that Basil wrote. */
export const followRecipe: Action = {
  id: 'follow-recipe',
  title: 'Check it against its recipe',
  shortcut: null,
  icon: ShieldCheck,
  enabled: () => readable() && opened.shown?.lineage.made != null && !opened.following.busy,
  run: () => opened.follow(),
}

/** Opens the dialog; it then calls opened.convert(). */
export const convertCheckpoint: Action = {
  id: 'convert-checkpoint',
  title: 'Convert…',
  shortcut: 'Mod+E',
  icon: FileOutput,
  enabled: () => readable() && !opened.converting,
  run: () => {
    opened.convertDialog = true
  },
}

export const useCheckpoint: Action = {
  id: 'use-checkpoint',
  title: 'Use in a new run',
  shortcut: null,
  icon: Play,
  enabled: () => readable() && opened.shown !== null && Object.keys(modelsOf([opened.shown])).length > 1,
  run: async () => {
    if (opened.shown) await compose.startWith(modelsOf([opened.shown]), opened.shown.name)
    router.go('compose')
  },
}

/** Opens the dialog; it then calls beginRefinement(). */
export const refineCheckpoint: Action = {
  id: 'refine-checkpoint',
  title: 'Refine…',
  shortcut: null,
  icon: Sparkles,
  enabled: () => readable() && opened.shown !== null && ['fine-tuned', 'merged', 'unknown'].includes(opened.shown.role),
  run: () => {
    if (opened.shown) refine.ask(opened.shown)
  },
}

/** Starts the run the dialog describes and shows it. */
export async function beginRefinement(): Promise<void> {
  await router.goAfter(refine.begin(), (run) => ['run', { run }])
  await workbench.refresh()
}

/** The run's own configuration where the run is here, else what the recipe tells. */
export const openRecipe: Action = {
  id: 'open-recipe',
  title: 'Open this configuration',
  shortcut: null,
  icon: FolderOpen,
  enabled: () => router.at('recipe') && recipe.reopened !== null,
  run: async () => {
    const { reopened } = recipe
    if (!reopened) return
    if (reopened.run !== null) return composeAgain(await workbench.run(reopened.run))
    await compose.startWith(modelsOfRecipe(reopened), recipe.name)
    router.go('compose')
  },
}

/** Files and folders let go above the window. */
export async function takeDropped(files: readonly File[], folders: readonly DroppedFolder[]): Promise<void> {
  const [only] = files
  if (only && files.length + folders.length === 1 && /\.(json|ya?ml)$/i.test(only.name) && only.size <= 2 ** 20)
    return openText(only.name, await only.text())
  const landing = await drop.take(files, folders, workbench.about?.window === true)
  await Promise.all([checkpoints.load(), dataSets.load()])
  if (landing === null) return
  const { page, ...numbers } = landing
  router.go(page, numbers)
}
