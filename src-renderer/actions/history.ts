// What can be done with the history: looking for runs, and with those that are ticked, or the one whose page is open:
// set side by side, used again, pinned, tagged, moved to the trash and taken out of it.
import ArchiveRestore from '@lucide/svelte/icons/archive-restore'
import GitCompare from '@lucide/svelte/icons/git-compare'
import Network from '@lucide/svelte/icons/network'
import Pin from '@lucide/svelte/icons/pin'
import PinOff from '@lucide/svelte/icons/pin-off'
import RotateCcw from '@lucide/svelte/icons/rotate-ccw'
import Tag from '@lucide/svelte/icons/tag'
import Trash from '@lucide/svelte/icons/trash'

import type { RunId } from '../../src-main/contract/branded.ts'
import { BasilError } from '../../src-main/contract/errors.ts'
import { care } from '../state/history/care.svelte.ts'
import { history } from '../state/history/list.svelte.ts'
import { marks } from '../state/history/marks.svelte.ts'
import { notices } from '../state/notices.svelte.ts'
import { router } from '../state/router.svelte.ts'
import { undo } from '../state/undo.svelte.ts'
import { workbench } from '../state/workbench.svelte.ts'
import type { Action } from './action.ts'
import { composeAgain } from './run.ts'

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

/** Those ticked in the list, or the one whose page is open. */
function chosen(): RunId[] {
  if (router.at('history')) return history.selection.runs
  return router.at('run') && marks.of ? [marks.of.run] : []
}

async function changed(runs: readonly RunId[]): Promise<void> {
  if (router.at('history')) await history.refresh()
  const shown = marks.of?.run
  if (router.at('run') && shown !== undefined && runs.includes(shown)) await marks.load(shown)
}

const isInTrash = () => (router.at('history') ? history.trash : Boolean(marks.of?.trashed))
const onTicked = () => router.at('history') && history.selection.size > 0

export const compareRuns: Action = {
  id: 'compare-runs',
  title: 'Compare',
  shortcut: null,
  icon: GitCompare,
  enabled: () => onTicked() && history.selection.size >= 2 && history.selection.size <= 8,
  run: () => router.go('compare-runs', { runs: history.selection.runs.toSorted((a, b) => a - b) }),
}

/** Of the one that is ticked. */
export const lineageOfTicked: Action = {
  id: 'lineage-of-ticked',
  title: 'Show its lineage',
  shortcut: null,
  icon: Network,
  enabled: () => onTicked() && history.selection.size === 1,
  run: () => {
    const [run] = history.selection.runs
    if (run !== undefined) router.go('lineage', { run })
  },
}

export const duplicateRun: Action = {
  id: 'duplicate-run',
  title: 'Use settings in a new run',
  shortcut: null,
  icon: RotateCcw,
  enabled: () => onTicked() && history.selection.size === 1,
  run: async () => {
    const [run] = chosen()
    if (run !== undefined) await composeAgain(await workbench.run(run))
  },
}

async function pin(pinned: boolean): Promise<void> {
  const runs = chosen()
  await care.pin(runs, pinned)
  await changed(runs)
}

export const pinRuns: Action = {
  id: 'pin-runs',
  title: 'Pin',
  shortcut: null,
  icon: Pin,
  enabled: () => chosen().length > 0 && !(router.at('run') && marks.of?.pinned),
  run: () => pin(true),
}

export const unpinRuns: Action = {
  id: 'unpin-runs',
  title: 'Unpin',
  shortcut: null,
  icon: PinOff,
  enabled: () => onTicked() || (router.at('run') && marks.of?.pinned === true),
  run: () => pin(false),
}

/** Opens the dialog; it then calls putTags(). */
export const tagRuns: Action = {
  id: 'tag-runs',
  title: 'Tag…',
  shortcut: null,
  icon: Tag,
  enabled: onTicked,
  run: () => {
    care.tagging = true
  },
}

export async function putTags(add: string[], remove: string[]): Promise<void> {
  const runs = chosen()
  await care.tag(runs, add, remove)
  await Promise.all([changed(runs), history.lookOver()])
}

/** Those at work stay, and why is told. */
export const trashRuns: Action = {
  id: 'trash-runs',
  title: 'Move to trash',
  shortcut: 'Delete',
  icon: Trash,
  enabled: () => chosen().length > 0 && !isInTrash(),
  run: async () => {
    const { done, refused } = await care.toTrash(chosen())
    if (done.length > 0)
      undo.give(`${done.length} ${done.length === 1 ? 'run' : 'runs'} moved to the trash`, async () => {
        await care.restore(done)
        await changed(done)
      })
    for (const { run, why } of refused.slice(0, 3))
      notices.add(
        new BasilError({
          code: 'run-state',
          what: `Run ${run} cannot be moved to the trash now`,
          where: `run ${run}`,
          why,
          next: 'move it there when it is over',
        }),
      )
    await changed(done)
  },
}

export const restoreRuns: Action = {
  id: 'restore-runs',
  title: 'Take out of the trash',
  shortcut: null,
  icon: ArchiveRestore,
  enabled: () => chosen().length > 0 && isInTrash(),
  run: async () => {
    const runs = chosen()
    await care.restore(runs)
    await changed(runs)
  },
}

/** Asks first, saying how much it is; the dialog then calls emptyAsked(). */
export const emptyTrash: Action = {
  id: 'empty-trash',
  title: 'Empty trash…',
  shortcut: null,
  icon: Trash,
  enabled: () => router.at('history') && (history.overview?.trashed ?? 0) > 0,
  run: () => care.askOfTrash(),
}

export async function emptyAsked(): Promise<void> {
  await care.emptyTrash()
  await Promise.all([history.refresh(), history.lookOver()])
}
