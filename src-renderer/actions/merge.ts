// Merging checkpoints without data: from the library to the page where it is composed, and its start.
import Check from '@lucide/svelte/icons/check'
import Merge from '@lucide/svelte/icons/merge'
import Play from '@lucide/svelte/icons/play'
import Target from '@lucide/svelte/icons/target'

import type { MergekitSource } from '../../src-main/contract/api/merges.ts'
import { checkpoints } from '../state/checkpoints/checkpoints.svelte.ts'
import { merging } from '../state/merge/merging.svelte.ts'
import { searching } from '../state/merge/searching.svelte.ts'
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

/** Looks for the best by scores. */
export const startSearch: Action = {
  id: 'start-search',
  title: 'Start search',
  shortcut: null,
  icon: Target,
  enabled: () => router.at('merge') && searching.ready,
  why: () => searching.lacking ?? 'it stands on the page Merge',
  run: () => searching.begin(),
}

/** Of the search that is looked at, in the form. */
export const useBest: Action = {
  id: 'use-best',
  title: 'Use the best',
  shortcut: null,
  icon: Check,
  enabled: () => router.at('merge') && (searching.shown?.summary?.kept ?? 0) > 0,
  why: () => 'there is one when the search has come to its end',
  run: () => searching.useBest(),
}

/** After the model that is being scored. */
export const pauseSearch = (job: number): Promise<void> => queue.pause(job)
export const resumeSearch = (job: number): Promise<void> => queue.resume(job)

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
