// How Basil looks and what it tells about itself.
import Search from '@lucide/svelte/icons/search'
import Undo2 from '@lucide/svelte/icons/undo-2'

import { connection } from '../state/connection.svelte.ts'
import { palette } from '../state/palette/palette.svelte.ts'
import { undo } from '../state/undo.svelte.ts'
import { theme, view } from '../state/view.svelte.ts'
import type { Action } from './action.ts'

export const toggleTheme: Action = {
  id: 'toggle-theme',
  title: 'Switch between light and dark',
  shortcut: 'Alt+L',
  enabled: () => true,
  run: () => theme.toggle(),
}

/** Brings back what was just taken away. */
export const undoLast: Action = {
  id: 'undo',
  title: 'Undo',
  shortcut: 'Mod+Z',
  icon: Undo2,
  enabled: () => undo.offer !== null && !isWriting(),
  run: () => undo.use(),
}

/** A field takes Mod+Z for its own text. */
function isWriting(): boolean {
  return (
    document.activeElement?.matches('input:not([type="checkbox"], [type="radio"], [type="range"]), textarea') ?? false
  )
}

/** Finds anything by its name: actions, runs, checkpoints, settings, help. */
export const showPalette: Action = {
  id: 'show-palette',
  title: 'Find and do',
  shortcut: 'Mod+K',
  icon: Search,
  enabled: () => true,
  run: () => palette.show(),
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
