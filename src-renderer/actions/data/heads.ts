// Making heads: on the Library page by any of the three ways, on a data set's page from its class names.
import { heads } from '../../state/checkpoints/heads.svelte.ts'
import { openedData } from '../../state/data/opened-data.svelte.ts'
import { taskName } from '../../state/data/task-splits.ts'
import { router } from '../../state/router.svelte.ts'
import type { Action } from '../action.ts'

export const makeHead: Action = {
  id: 'make-head',
  title: 'Make a head…',
  shortcut: null,
  enabled: () => router.current.page === 'library',
  run: () => heads.show('make'),
}

export const makeHeadOfData: Action = {
  id: 'make-head-of-data',
  title: 'Make a head from its class names…',
  shortcut: null,
  enabled: () =>
    router.current.page === 'data-set' && openedData.shown?.facts !== undefined && openedData.shown?.facts !== null,
  run: () => heads.show('make', taskName(openedData.shown?.name ?? ''), openedData.shown?.facts?.classes ?? []),
}
