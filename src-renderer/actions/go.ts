// Going from page to page.
import { router } from '../state/router.svelte.ts'
import type { Action } from './action.ts'

export const goWelcome: Action = {
  id: 'go-welcome',
  title: 'Go to Welcome',
  shortcut: 'Alt+W',
  enabled: () => true,
  run: () => router.go('#/'),
}
export const goLibrary: Action = {
  id: 'go-library',
  title: 'Go to Library',
  shortcut: 'Alt+B',
  enabled: () => true,
  run: () => router.go('#/library'),
}
export const goData: Action = {
  id: 'go-data',
  title: 'Go to Data',
  shortcut: 'Alt+I',
  enabled: () => true,
  run: () => router.go('#/data'),
}
export const goCompose: Action = {
  id: 'go-compose',
  title: 'New run',
  shortcut: 'Alt+N',
  enabled: () => true,
  run: () => router.go('#/compose'),
}
export const goHistory: Action = {
  id: 'go-history',
  title: 'Go to History',
  shortcut: 'Alt+H',
  enabled: () => true,
  run: () => router.go('#/history'),
}

export const goEngine: Action = {
  id: 'go-engine',
  title: 'Go to Engine',
  shortcut: 'Alt+G',
  enabled: () => true,
  run: () => router.go('#/engine'),
}

/** Opens History, or puts the cursor into its search field. */
export const findRuns: Action = {
  id: 'find-runs',
  title: 'Find a run',
  shortcut: 'Mod+F',
  enabled: () => router.current.page === 'history',
  run: () => document.getElementById('history-search')?.focus(),
}
