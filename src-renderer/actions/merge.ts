// Merging checkpoints without data: from the library to the page where it is composed, and its start.
import Merge from '@lucide/svelte/icons/merge'
import Play from '@lucide/svelte/icons/play'

import type { MergekitSource } from '../../src-main/contract/api/merges.ts'
import { checkpoints } from '../state/checkpoints/checkpoints.svelte.ts'
import { merging } from '../state/merge/merging.svelte.ts'
import { queue } from '../state/queue.svelte.ts'
import { router } from '../state/router.svelte.ts'
import type { Action } from './action.ts'

/** With the selected rows, or the models that were chosen before. */
export const mergeModels: Action = {
  id: 'merge-models',
  title: 'Merge…',
  shortcut: 'Alt+J',
  icon: Merge,
  enabled: () => router.at('library'),
  run: () => {
    if (checkpoints.chosen.length > 0) merging.use(checkpoints.chosen)
    router.go('merge')
  },
}

export const startMerge: Action = {
  id: 'start-merge',
  title: 'Start merge',
  shortcut: 'Enter',
  icon: Play,
  enabled: () => router.at('merge') && merging.ready,
  run: async () => {
    await merging.begin()
    await merging.plan()
  },
}

/** A recipe of mergekit's, as a draft. */
export async function openMergekit(source: MergekitSource): Promise<void> {
  await merging.open(source)
  router.go('merge')
}

/** What the form cannot hold of it holds so. */
export async function mergeAsWritten(): Promise<void> {
  await merging.beginAsWritten()
  await merging.plan()
}

/** A job at work ends at once, and no file takes its name. */
export async function cancelMerge(job: number): Promise<void> {
  await queue.cancel(job)
}

export async function mergeAgain(job: number): Promise<void> {
  await queue.retry(job)
}
