// What can be done with the fine-tuning whose page is open, with a row of the list of them, and with a whole set.
import Ban from '@lucide/svelte/icons/ban'
import CircleStop from '@lucide/svelte/icons/circle-stop'
import FileOutput from '@lucide/svelte/icons/file-output'
import Merge from '@lucide/svelte/icons/merge'
import Pause from '@lucide/svelte/icons/pause'
import Play from '@lucide/svelte/icons/play'
import RotateCcw from '@lucide/svelte/icons/rotate-ccw'
import Search from '@lucide/svelte/icons/search'
import Trash from '@lucide/svelte/icons/trash'
import { tick } from 'svelte'

import type { Entry } from '../../../src-main/contract/api/library.ts'
import type { TuningDetail, TuningSummary } from '../../../src-main/contract/tuning/tuning.ts'
import { checkpoints } from '../../state/checkpoints/checkpoints.svelte.ts'
import type { TaskFiles } from '../../state/checkpoints/models.ts'
import { opened } from '../../state/checkpoints/opened.svelte.ts'
import { compose } from '../../state/compose.svelte.ts'
import { merging } from '../../state/merge/merging.svelte.ts'
import { notices } from '../../state/notices.svelte.ts'
import { queue } from '../../state/queue.svelte.ts'
import { router } from '../../state/router.svelte.ts'
import { isLinear } from '../../state/tuning/arrange.ts'
import { openedTuning } from '../../state/tuning/opened.svelte.ts'
import { tunings } from '../../state/tuning/tunings.svelte.ts'
import { undo } from '../../state/undo.svelte.ts'
import type { Action } from '../action.ts'
import { writeAgain } from './write.ts'

const shown = () => (router.at('tuning') ? (openedTuning.live?.detail ?? null) : null)
const isOpen = (state: string | undefined) => state === 'running' || state === 'waiting' || state === 'paused'
const jobOf = ({ tuning }: { tuning: number }) => queue.of('tuning', tuning)

const pauseTuning: Action = {
  id: 'pause-tuning',
  title: 'Pause',
  shortcut: 'P',
  icon: Pause,
  enabled: () => {
    const detail = shown()
    return detail?.state === 'waiting' || (detail?.state === 'running' && jobOf(detail)?.pausing !== true)
  },
  run: () => openedTuning.pause(false),
}

/** Not after its next state, but at once. */
const pauseTuningNow: Action = {
  id: 'pause-tuning-now',
  title: 'Pause now',
  shortcut: null,
  icon: Pause,
  enabled: () => {
    const detail = shown()
    return detail?.state === 'running' && jobOf(detail)?.pausing === true
  },
  run: () => openedTuning.pause(true),
}

const resumeTuning: Action = {
  id: 'resume-tuning',
  title: 'Resume',
  shortcut: 'G',
  icon: Play,
  enabled: () => ['paused', 'interrupted', 'cancelled', 'failed'].includes(shown()?.state ?? ''),
  run: () => openedTuning.resume(),
}

const stopTuning: Action = {
  id: 'stop-tuning',
  title: 'Stop here and write the model',
  shortcut: null,
  icon: CircleStop,
  enabled: () => shown()?.state === 'running' && !openedTuning.stopping,
  run: () => openedTuning.stop(),
}

/** Asks first where work would be lost. */
const cancelTuning: Action = {
  id: 'cancel-tuning',
  title: 'Cancel',
  shortcut: 'Delete',
  icon: Ban,
  enabled: () => isOpen(shown()?.state),
  run: async () => {
    if (shown()?.state === 'running') openedTuning.confirming = true
    else await openedTuning.cancel()
  },
}

const tuneAgain: Action = {
  id: 'tune-again',
  title: 'Use settings again',
  shortcut: null,
  icon: RotateCcw,
  enabled: () => shown() !== null,
  run: () => {
    const detail = shown()
    if (detail) writeAgain(detail)
  },
}

const modelOf = ({ model }: Pick<TuningSummary, 'model'>): Entry | undefined =>
  model === null ? undefined : checkpoints.entries.find(({ path }) => path === model)

/** In another form, or for another program: the dialog of its page in the library. */
const exportTuned: Action = {
  id: 'export-tuned',
  title: 'Export…',
  shortcut: 'Mod+E',
  icon: FileOutput,
  enabled: () => {
    const detail = shown()
    return detail !== null && modelOf(detail) !== undefined
  },
  run: async () => {
    const detail = shown()
    const entry = detail && modelOf(detail)
    if (!entry) return
    router.go('checkpoint', { id: entry.id })
    await tick() // its page is there
    opened.convertDialog = true
  },
}

export const findTunings: Action = {
  id: 'find-tunings',
  title: 'Find a fine-tuning',
  shortcut: 'Mod+F',
  icon: Search,
  enabled: () => router.at('tunings'),
  run: () => document.getElementById('tunings-search')?.focus(),
}

/** Gone from the list at once, and for good with its states once undo is not wanted; its model stays. */
export function forgetOne({ tuning, name }: Pick<TuningSummary, 'tuning' | 'name'>): void {
  tunings.hide(tuning, true)
  undo.give(
    `Fine-tuning ${tuning}, “${name}”, is forgotten; its model stays`,
    () => tunings.hide(tuning, false),
    () => void tunings.forget(tuning).catch((thrown) => notices.add(thrown)),
  )
  if (router.at('tuning')) router.go('tunings')
}

const forgetTuning: Action = {
  id: 'forget-tuning',
  title: 'Forget',
  shortcut: null,
  icon: Trash,
  enabled: () => {
    const state = shown()?.state
    return state !== undefined && !isOpen(state)
  },
  run: () => {
    const detail = shown()
    if (detail) forgetOne(detail)
  },
}

/** As its job is retried in the queue: from its last state, or one of the same settings from its beginning. */
export async function goOnWith(row: TuningSummary): Promise<void> {
  const job = jobOf(row)
  if (job && row.state !== 'interrupted' && row.state !== 'paused') await queue.retry(job.job)
  else if (job) await queue.resume(job.job)
}

export const canGoOn = (row: TuningSummary): boolean =>
  ['paused', 'interrupted', 'failed', 'cancelled'].includes(row.state) && jobOf(row) !== undefined

function rowsOf(details: readonly TuningDetail[]): Entry[] {
  const base = checkpoints.entries.find(({ path }) => path === details[0]?.config.pretrained)
  return [...(base ? [base] : []), ...details.flatMap((detail) => modelOf(detail) ?? [])]
}

/** Merged at once, without data. */
export const mergeSet = (details: readonly TuningDetail[]): Action => ({
  id: 'merge-set',
  title: 'Merge them without data',
  shortcut: null,
  icon: Merge,
  enabled: () => rowsOf(details).length > 2,
  run: () => {
    merging.use(rowsOf(details))
    router.go('merge')
  },
})

/**
 * As a run of the whole set: coefficients are learned on validation images, where there are any, as the models have
 * seen the others. Vectors of the tangent space are used linearised.
 */
export const learnSet = (details: readonly TuningDetail[]): Action => ({
  id: 'learn-set',
  title: 'Merge them',
  shortcut: null,
  icon: Merge,
  enabled: () => rowsOf(details).length > 1,
  run: async () => {
    await compose.startWith(
      {
        pretrained: details[0]?.config.pretrained ?? '',
        vectors: details.flatMap(({ model }) => model ?? []),
        tasks: details.map(taskFiles),
        settings: { linearised: details.every(({ config }) => isLinear(config)) ? 'jvp' : 'no' },
      },
      'Models fine-tuned here',
    )
    router.go('compose')
  },
})

function taskFiles({ config: { task }, model }: TuningDetail): TaskFiles {
  const { name: dataset, head, data, validation, test } = task
  const files = { dataset, head, ...(test && { test }), ...(model !== null && { finetuned: model }) }
  if (!validation) return { ...files, data }
  const halves = validation.endsWith('#field-val')
  return halves
    ? { ...files, data: `${validation}?half=1&seed=0`, validation: `${validation}?half=2&seed=0` }
    : { ...files, data: validation }
}

/** Of the page of one, in the order of their buttons. */
export const tuningActions: readonly Action[] = [
  ...[pauseTuning, pauseTuningNow, resumeTuning, stopTuning, exportTuned, tuneAgain, forgetTuning],
  cancelTuning,
]
