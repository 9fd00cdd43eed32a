// Files and folders that the person dropped on the window. The page never learns their paths: the preload script reads
// them from the drop itself and sends them here, and what is there is added where it belongs. A drop is the person's
// choice, like a dialog.
import { dialog, ipcMain } from 'electron'

import type { Added } from '../contract/api/library.ts'
import { type ErrorRecord, recordOf, sentence } from '../contract/errors.ts'
import { isOurFrame } from './origin.ts'

const dropChannel = 'basil-drop' // the same word is in preload.ts
const most = 10_000 // paths of one drop
const shown = 5 // refusals

/** Adds what is dropped on a page of ours; what is refused is told in a box of the system's. */
export function hearDrops(add: (paths: string[]) => Promise<Pick<Added, 'refused'>>): void {
  ipcMain.on(dropChannel, (event, paths: unknown) => {
    if (!isOurFrame(event.senderFrame) || !isPaths(paths)) return
    add(paths)
      .then(({ refused }) => refused)
      .catch((error: unknown) => [recordOf(error)])
      .then(tellRefused)
  })
}

/** In a box of the system's, where there is something to tell. */
export function tellRefused(refused: readonly ErrorRecord[]): void {
  if (refused.length === 0) return
  dialog.showErrorBox('Not all of it was added', refused.slice(0, shown).map(sentence).join('\n\n'))
}

function isPaths(paths: unknown): paths is string[] {
  return (
    Array.isArray(paths) &&
    paths.length > 0 &&
    paths.length <= most &&
    paths.every((path) => typeof path === 'string' && path !== '')
  )
}
