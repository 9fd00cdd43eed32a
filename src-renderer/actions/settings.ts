// What can be done on the page Settings besides choosing.
import ArchiveRestore from '@lucide/svelte/icons/archive-restore'
import DatabaseBackup from '@lucide/svelte/icons/database-backup'

import { router } from '../state/router.svelte.ts'
import { settings } from '../state/settings.svelte.ts'
import { workbench } from '../state/workbench.svelte.ts'
import type { Action } from './action.ts'
import { salvageHistory } from './history.ts'

const idle = () => router.at('settings') && !workbench.running
const busy = () => (workbench.running ? `run ${workbench.running.run} is at work` : 'it stands on the page Settings')

export const backUpNow: Action = {
  id: 'back-up',
  title: 'Make a backup now',
  shortcut: null,
  icon: DatabaseBackup,
  enabled: () => idle() && (workbench.total ?? 0) > 0,
  why: busy,
  run: () => settings.backUp(),
}

/** Of a damaged history, and of the backups what it lacks. */
export const bringBack: Action = {
  id: 'bring-back',
  title: salvageHistory.title,
  shortcut: null,
  icon: ArchiveRestore,
  enabled: idle,
  why: busy,
  run: () => settings.salvage(),
}
