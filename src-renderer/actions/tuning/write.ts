// Writing fine-tunings: from the library, the data sets or one that is there to the page, and their start.
import Eraser from '@lucide/svelte/icons/eraser'
import Flame from '@lucide/svelte/icons/flame'
import Play from '@lucide/svelte/icons/play'

import type { Entry } from '../../../src-main/contract/api/library.ts'
import type { TuningDetail } from '../../../src-main/contract/tuning/tuning.ts'
import { checkpoints } from '../../state/checkpoints/checkpoints.svelte.ts'
import { opened } from '../../state/checkpoints/opened.svelte.ts'
import { dataSets } from '../../state/data/data-sets.svelte.ts'
import { openedData } from '../../state/data/opened-data.svelte.ts'
import { router } from '../../state/router.svelte.ts'
import { type DraftTask, draftOfTuning, readDraft, splitsToTune } from '../../state/tuning/draft.ts'
import { tuning } from '../../state/tuning/tuning.svelte.ts'
import { undo } from '../../state/undo.svelte.ts'
import type { Action } from '../action.ts'
import { headFor } from '../data/tasks.ts'
import { headOf } from '../library.ts'

/** Into the queue; one is then shown, several as a set. */
export const startTuning: Action = {
  id: 'start-tuning',
  title: 'Start fine-tuning',
  shortcut: 'Enter',
  icon: Play,
  enabled: () => router.at('fine-tune') && tuning.ready,
  run: async () => {
    await router.goAfter(tuning.start(), (started) => {
      const [first = 0] = started
      return started.length > 1 ? ['tuning-set', { tunings: started }] : ['tuning', { tuning: first }]
    })
  },
}

/** Can be undone. */
export const emptyTuning: Action = {
  id: 'empty-tuning',
  title: 'Begin anew',
  shortcut: null,
  icon: Eraser,
  enabled: () => router.at('fine-tune') && JSON.stringify(tuning.draft) !== JSON.stringify(readDraft(null)),
  run: () => {
    const before = tuning.draft
    tuning.change(readDraft(null))
    undo.give('The fine-tuning you were writing was emptied.', () => tuning.change(before))
  },
}

const isBase = (entry: Entry | null): entry is Entry => entry?.role === 'pre-trained' && entry.state === 'present'

/** The checkpoint whose page is open. */
export const fineTuneCheckpoint: Action = {
  id: 'fine-tune-checkpoint',
  title: 'Fine-tune it…',
  shortcut: null,
  icon: Flame,
  enabled: () => router.at('checkpoint') && isBase(opened.shown),
  run: () => {
    if (isBase(opened.shown)) tuning.change({ pretrained: opened.shown.id })
    router.go('fine-tune')
  },
}

/** The selected data sets, one or a whole set, in place of those that were chosen. */
export const fineTuneOnData: Action = {
  id: 'fine-tune-on-data',
  title: 'Fine-tune on it',
  shortcut: null,
  icon: Flame,
  enabled: () => router.at('data') && dataSets.chosen.some(({ state }) => state === 'present'),
  run: async () => {
    await useDataSets(dataSets.chosen.map(({ id }) => id))
    router.go('fine-tune')
  },
}

/** The data set whose page is open. */
export const fineTuneOnThis: Action = {
  id: 'fine-tune-on-this',
  title: 'Fine-tune on this data set',
  shortcut: null,
  icon: Flame,
  enabled: () => router.at('data-set') && openedData.shown?.state === 'present',
  run: async () => {
    if (openedData.shown) await useDataSets([openedData.shown.id])
    router.go('fine-tune')
  },
}

/** With their usual splits, and the library's heads for them; those that were chosen already stay as they are. */
export async function useDataSets(ids: readonly number[]): Promise<void> {
  const before = new Map(tuning.draft.tasks.map((task) => [task.dataSet, task]))
  const tasks: DraftTask[] = []
  for (const id of ids) {
    const set = dataSets.of(id)
    if (set?.state !== 'present' || set.source === null) continue
    tasks.push(before.get(id) ?? { dataSet: id, ...splitsToTune(set), head: await usualHead(set.name) })
  }
  const gone = tuning.draft.tasks.filter(({ dataSet }) => !ids.includes(dataSet))
  if (gone.some(({ dataSet }) => dataSet === tuning.heading)) tuning.stopHead()
  tuning.change({ tasks })
}

async function usualHead(name: string): Promise<string> {
  const id = headFor(name)
  return id === null ? '' : headOf(id, name)
}

/** A head of the library for a data set; "": none. */
export async function chooseHead(dataSet: number, id: number | null): Promise<void> {
  const set = dataSets.of(dataSet)
  if (set) tuning.changeTask(dataSet, { head: id === null ? '' : await headOf(id, set.name) })
}

/** Settings of one that is there, to be started again. What was being written can be brought back. */
export function writeAgain(detail: TuningDetail): void {
  const before = tuning.draft
  tuning.change(
    draftOfTuning(detail, {
      model: checkpoints.entries.find(({ path }) => path === detail.config.pretrained)?.id ?? null,
      set: (path) => dataSets.rows.find((row) => row.path === path) ?? null,
    }),
  )
  router.go('fine-tune')
  if (before.tasks.length > 0) undo.give('The fine-tuning you were writing was replaced.', () => tuning.change(before))
}
