// How Basil looks and what it tells about itself.
import { connection } from '../state/connection.svelte.ts'
import { theme, view } from '../state/view.svelte.ts'
import type { Action } from './action.ts'

export const toggleTheme: Action = {
  id: 'toggle-theme',
  title: 'Switch between light and dark',
  shortcut: 'Alt+L',
  enabled: () => true,
  run: () => theme.toggle(),
}

export const showKeys: Action = {
  id: 'show-keys',
  title: 'Show all actions and keys',
  shortcut: '?',
  enabled: () => true,
  run: () => {
    view.keys = true
  },
}

export const retryConnection: Action = {
  id: 'retry-connection',
  title: 'Try the connection again',
  shortcut: null,
  enabled: () => connection.current !== 'open',
  run: () => connection.retry(),
}
