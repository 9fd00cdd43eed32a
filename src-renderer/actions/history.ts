// What can be done for a history that was found damaged.
import { router } from '../state/router.svelte.ts'
import { workbench } from '../state/workbench.svelte.ts'
import type { Action } from './action.ts'

export const salvageHistory: Action = {
  id: 'salvage-history',
  title: 'Bring back what can be read',
  shortcut: null,
  enabled: () =>
    router.current.page === 'welcome' &&
    workbench.about?.notices.some(({ code }) => code === 'history-damaged') === true &&
    !workbench.running,
  run: () => workbench.salvage(),
}
