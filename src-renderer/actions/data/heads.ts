// Making heads: on the Library page by any of the three ways, on a data set's page from its class names.
import Tags from '@lucide/svelte/icons/tags'

import { heads } from '../../state/checkpoints/heads.svelte.ts'
import { openedData } from '../../state/data/opened-data.svelte.ts'
import { taskName } from '../../state/data/task-splits.ts'
import { router } from '../../state/router.svelte.ts'
import type { Action } from '../action.ts'

export const makeHead: Action = {
  id: 'make-head',
  title: 'Make a head…',
  shortcut: null,
  icon: Tags,
  enabled: () => router.at('library'),
  run: () => heads.show('make'),
}

export const makeHeadOfData: Action = {
  id: 'make-head-of-data',
  title: 'Make a head from its class names…',
  shortcut: null,
  icon: Tags,
  enabled: () => router.at('data-set') && openedData.shown?.facts !== undefined && openedData.shown?.facts !== null,
  run: () => heads.show('make', taskName(openedData.shown?.name ?? ''), openedData.shown?.facts?.classes ?? []),
}
