// What can be done on the page Settings besides choosing.
import ArchiveRestore from '@lucide/svelte/icons/archive-restore'
import DatabaseBackup from '@lucide/svelte/icons/database-backup'
import FolderClock from '@lucide/svelte/icons/folder-clock'

import { BasilError } from '../../src-main/contract/errors.ts'
import { restoring } from '../state/history/restoring.svelte.ts'
import { router } from '../state/router.svelte.ts'
import { settings } from '../state/settings.svelte.ts'
import { undo } from '../state/undo.svelte.ts'
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

/** Opens the dialog that chooses a file; it then calls askToRestore(). */
export const restoreOther: Action = {
  id: 'restore-backup',
  title: 'Restore another backup…',
  shortcut: null,
  icon: FolderClock,
  enabled: () => idle() && !restoring.busy,
  why: busy,
  run: () => {
    restoring.browsing = true
  },
}

/** Opens the question; its answer calls restoreAsked(). */
export const askToRestore = (file: string): Promise<void> => restoring.ask(file)

/** Puts it in place, and offers the history from before. */
export async function restore(file: string): Promise<void> {
  undo.close() // of what was restored before nothing is to be taken back once this is in place
  const { error, before } = await restoring.put(file)
  await Promise.all([settings.load(), workbench.reload()])
  if (error) throw new BasilError(error)
  if (before !== null) undo.give('The backup is in place.', () => restore(before))
}

export async function restoreAsked(): Promise<void> {
  const file = restoring.contents?.backup.file
  restoring.asking = false
  if (file !== undefined) await restore(file)
}
