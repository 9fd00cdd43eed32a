// What can be done with the library and with the rows selected in it.
import ChartNoAxesColumn from '@lucide/svelte/icons/chart-no-axes-column'
import Combine from '@lucide/svelte/icons/combine'
import FilePlus from '@lucide/svelte/icons/file-plus'
import Flame from '@lucide/svelte/icons/flame'
import FolderPlus from '@lucide/svelte/icons/folder-plus'
import GitCompare from '@lucide/svelte/icons/git-compare'
import ListChecks from '@lucide/svelte/icons/list-checks'
import Merge from '@lucide/svelte/icons/merge'
import Minimize2 from '@lucide/svelte/icons/minimize-2'
import Play from '@lucide/svelte/icons/play'
import RefreshCw from '@lucide/svelte/icons/refresh-cw'
import Sparkles from '@lucide/svelte/icons/sparkles'
import Tag from '@lucide/svelte/icons/tag'
import TextCursorInput from '@lucide/svelte/icons/text-cursor-input'
import Trash from '@lucide/svelte/icons/trash'

import type { CheckpointSet } from '../../src-main/contract/api/library.ts'
import { checkpoints } from '../state/checkpoints/checkpoints.svelte.ts'
import { deriving } from '../state/checkpoints/derive.svelte.ts'
import { headReference, modelsOf, modelsOfSet } from '../state/checkpoints/models.ts'
import { refine } from '../state/checkpoints/refine.svelte.ts'
import { asked } from '../state/checkpoints/row-dialogs.svelte.ts'
import { compose } from '../state/compose.svelte.ts'
import { merging } from '../state/merge/merging.svelte.ts'
import { router } from '../state/router.svelte.ts'
import { tuning } from '../state/tuning/tuning.svelte.ts'
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
    const shown = new Set(chosen().map(({ id }) => id))
    const [a, b] = [...checkpoints.selected].filter((id) => shown.has(id)) // in the order they were selected
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

/** Opens the dialog; it then calls checkpoints.tag(). */
export const tagCheckpoints: Action = {
  id: 'tag-checkpoints',
  title: 'Tag…',
  shortcut: 'Alt+Y',
  icon: Tag,
  enabled: () => chosen().length > 0,
  run: () => {
    checkpoints.tagging = true
  },
}

/** Can be undone; files stay. */
export const forgetCheckpoints: Action = {
  id: 'forget-checkpoints',
  title: 'Forget',
  shortcut: 'Delete',
  icon: Trash,
  enabled: () => chosen().length > 0,
  run: () => checkpoints.forget(),
}

export const findCheckpoints: Action = {
  id: 'find-checkpoints',
  title: 'Find a checkpoint',
  shortcut: 'Mod+F',
  enabled: here,
  run: () => document.getElementById('library-search')?.focus(),
}

const focused = () => (here() ? checkpoints.of(checkpoints.focused) : null)
const readable = () => focused()?.state === 'present'

export function openCheckpoint(id: number): void {
  router.go('checkpoint', { id })
}

const compareWith: Action = {
  id: 'compare-with',
  title: 'Compare with…',
  shortcut: null,
  icon: GitCompare,
  enabled: readable,
  run: () => {
    asked.entry = focused()
    asked.comparing = true
  },
}

const mergeRow: Action = {
  id: 'merge-row',
  title: 'Merge it…',
  shortcut: null,
  icon: Merge,
  enabled: () =>
    readable() && ['pre-trained', 'fine-tuned', 'merged', 'unknown', 'adapter'].includes(focused()?.role ?? ''),
  run: () => {
    const entry = focused()
    if (entry) merging.use([entry])
    router.go('merge')
  },
}

const refineRow: Action = {
  id: 'refine-row',
  title: 'Refine it…',
  shortcut: null,
  icon: Sparkles,
  enabled: () => readable() && ['fine-tuned', 'merged', 'unknown'].includes(focused()?.role ?? ''),
  run: () => {
    const entry = focused()
    if (entry) refine.ask(entry)
  },
}

const fineTuneRow: Action = {
  id: 'fine-tune-row',
  title: 'Fine-tune…',
  shortcut: null,
  icon: Flame,
  enabled: () => readable() && focused()?.role === 'pre-trained',
  run: () => {
    const entry = focused()
    if (entry) tuning.change({ pretrained: entry.id })
    router.go('fine-tune')
  },
}

const evaluateRow: Action = {
  id: 'evaluate-row',
  title: 'Evaluate…',
  shortcut: null,
  icon: ChartNoAxesColumn,
  enabled: () => readable() && !['head', 'data', 'coefficients'].includes(focused()?.role ?? ''),
  run: () => {
    asked.entry = focused()
    asked.evaluating = true
  },
}

/** Opens the dialog; it then calls deriving.extract(). */
const extractLora: Action = {
  id: 'extract-lora',
  title: 'Extract a LoRA…',
  shortcut: null,
  icon: Minimize2,
  enabled: () => readable() && ['fine-tuned', 'merged', 'unknown'].includes(focused()?.role ?? ''),
  run: () => {
    deriving.entry = focused()
    deriving.adapter = true
  },
}

/** Opens the dialog; it then calls deriving.findBases(). */
export const findBases: Action = {
  id: 'find-bases',
  title: 'Bases…',
  shortcut: null,
  icon: Combine,
  enabled: () => here() && deriving.models.length > 1,
  run: () => {
    deriving.bases = true
  },
}

/** Of the row in focus. */
export const rowActions: readonly Action[] = [compareWith, fineTuneRow, mergeRow, refineRow, evaluateRow, extractLora]

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
