// What can be done with the library and with the rows selected in it.
import FilePlus from '@lucide/svelte/icons/file-plus'
import FolderPlus from '@lucide/svelte/icons/folder-plus'
import GitCompare from '@lucide/svelte/icons/git-compare'
import ListChecks from '@lucide/svelte/icons/list-checks'
import Play from '@lucide/svelte/icons/play'
import RefreshCw from '@lucide/svelte/icons/refresh-cw'
import TextCursorInput from '@lucide/svelte/icons/text-cursor-input'
import Trash from '@lucide/svelte/icons/trash'

import type { CheckpointSet } from '../../src-main/contract/api/library.ts'
import { checkpoints } from '../state/checkpoints/checkpoints.svelte.ts'
import { headReference, modelsOf, modelsOfSet } from '../state/checkpoints/models.ts'
import { compose } from '../state/compose.svelte.ts'
import { router } from '../state/router.svelte.ts'
import { workbench } from '../state/workbench.svelte.ts'
import type { Action } from './action.ts'

const here = () => router.at('library')
const chosen = () => (here() ? checkpoints.chosen : [])

/** The system's own dialogs, which a browser has not. */
const addFiles: Action = {
  id: 'add-files',
  title: 'Add files…',
  shortcut: null,
  icon: FilePlus,
  enabled: () => here() && workbench.about?.window === true,
  run: () => checkpoints.pick('files'),
}

const addFolder: Action = {
  id: 'add-folder',
  title: 'Add a folder…',
  shortcut: null,
  icon: FolderPlus,
  enabled: addFiles.enabled,
  run: () => checkpoints.pick('folder'),
}

/** Our own dialog, where there is none of the system's. */
const browseCheckpoints: Action = {
  id: 'browse-checkpoints',
  title: 'Choose files or folders…',
  shortcut: null,
  icon: FolderPlus,
  enabled: () => here() && workbench.about?.window === false,
  run: () => {
    checkpoints.browsing = true
  },
}

export const addByPath: Action = {
  id: 'add-by-path',
  title: 'Add by path…',
  shortcut: 'Alt+A',
  icon: TextCursorInput,
  enabled: here,
  run: () => {
    checkpoints.adding = true
  },
}

/** The ways in: the system's dialogs, our own, paths. */
export const addingCheckpoints: readonly Action[] = [addFiles, addFolder, browseCheckpoints, addByPath]

export const refreshLibrary: Action = {
  id: 'refresh-library',
  title: 'Look at all files again',
  shortcut: 'Alt+U',
  icon: RefreshCw,
  enabled: () => here() && checkpoints.entries.length > 0 && !checkpoints.refreshing,
  run: () => checkpoints.refresh(),
}

export const compareTwo: Action = {
  id: 'compare-two',
  title: 'Compare two',
  shortcut: 'Alt+P',
  icon: GitCompare,
  enabled: () => chosen().length === 2,
  run: () => {
    const [a, b] = checkpoints.selected
    if (a !== undefined && b !== undefined) router.go('compare', { a, b })
  },
}

/** Against the pre-trained model among the selected rows, else against the first. */
export const checkCompatibility: Action = {
  id: 'check-compatibility',
  title: 'Check compatibility',
  shortcut: 'Alt+M',
  icon: ListChecks,
  enabled: () => chosen().length > 1 && chosen().length <= 65,
  run: () => {
    const rows = chosen()
    const base = rows.find((e) => e.role === 'pre-trained') ?? rows[0]
    const others = rows.filter((e) => e !== base).map((e) => e.id)
    if (base) router.go('compatible', { pretrained: base.id, others })
  },
}

export const useInRun: Action = {
  id: 'use-in-run',
  title: 'Use in a new run',
  shortcut: null,
  icon: Play,
  enabled: () => chosen().some((e) => !['head', 'data', 'coefficients', 'adapter'].includes(e.role)),
  run: async () => {
    await compose.startWith(modelsOf(chosen()), 'Models of the library')
    router.go('compose')
  },
}

/** Asks first; the dialog then calls checkpoints.forget(). */
export const forgetCheckpoints: Action = {
  id: 'forget-checkpoints',
  title: 'Forget…',
  shortcut: 'Delete',
  icon: Trash,
  enabled: () => chosen().length > 0,
  run: () => {
    checkpoints.forgetting = true
  },
}

export const findCheckpoints: Action = {
  id: 'find-checkpoints',
  title: 'Find a checkpoint',
  shortcut: 'Mod+F',
  enabled: here,
  run: () => document.getElementById('library-search')?.focus(),
}

/** A whole set, with the heads of its data sets. */
export async function useSet(set: CheckpointSet): Promise<void> {
  const heads = new Map<string, string>()
  for (const { dataset, id } of set.heads) heads.set(dataset, await headOf(id, dataset))
  await compose.startWith(
    modelsOfSet(set, (id) => checkpoints.of(id), heads),
    set.model,
  )
  router.go('compose')
}

export async function headOf(id: number, dataset: string): Promise<string> {
  const { path, list } = await checkpoints.show(id)
  return headReference(path, list, dataset)
}

/** A head of the library for the task of this name. */
export async function useHead(id: number, task: string): Promise<void> {
  compose.use({ tasks: [{ dataset: task, head: await headOf(id, task) }] })
}
