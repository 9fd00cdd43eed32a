// What can be done with the history: looking for a run in it, and bringing back what can be read of a damaged one.
import ArchiveRestore from '@lucide/svelte/icons/archive-restore'

import { router } from '../state/router.svelte.ts'
import { workbench } from '../state/workbench.svelte.ts'
import type { Action } from './action.ts'

export const salvageHistory: Action = {
  id: 'salvage-history',
  title: 'Bring back what can be read',
  shortcut: null,
  icon: ArchiveRestore,
  enabled: () =>
    router.at('welcome') &&
    workbench.about?.notices.some(({ code }) => code === 'history-damaged') === true &&
    !workbench.running,
  run: () => workbench.salvage(),
}

/** Puts the cursor into its search field. */
export const findRuns: Action = {
  id: 'find-runs',
  title: 'Find a run',
  shortcut: 'Mod+F',
  enabled: () => router.at('history'),
  run: () => document.getElementById('history-search')?.focus(),
}
