// Coefficients moved by hand: from a run's report to its sliders, back to where one was, and a mix as a file.
import Download from '@lucide/svelte/icons/download'
import RotateCcw from '@lucide/svelte/icons/rotate-ccw'
import SlidersHorizontal from '@lucide/svelte/icons/sliders-horizontal'
import Undo2 from '@lucide/svelte/icons/undo-2'

import { currentMix } from '../state/mix/current.svelte.ts'
import { router } from '../state/router.svelte.ts'
import { current } from '../state/run/current.svelte.ts'
import type { Action } from './action.ts'

/** Of a run that has learned something. */
export const openMix: Action = {
  id: 'open-mix',
  title: 'Live accuracy',
  shortcut: 'Alt+Y',
  icon: SlidersHorizontal,
  enabled: () => router.at('run') && current.view?.running === false && Boolean(current.view.detail?.start?.ended),
  run: () => {
    if (current.view) router.go('mix', { run: current.view.run })
  },
}

const view = () => (router.at('mix') || router.at('merge') ? currentMix.view : null)

export const resetMix: Action = {
  id: 'reset-mix',
  title: 'Back to the own coefficients',
  shortcut: null,
  icon: RotateCcw,
  enabled: () => view()?.isOwn === false,
  run: () => view()?.reset(),
}

export const zeroMix: Action = {
  id: 'zero-mix',
  title: 'All to zero (pre-trained)',
  shortcut: null,
  enabled: () => view()?.mix != null,
  run: () => view()?.zero(),
}

export const undoMix: Action = {
  id: 'undo-mix',
  title: 'Undo the last move',
  shortcut: 'Alt+Z',
  icon: Undo2,
  enabled: () => view()?.canUndo === true,
  run: () => view()?.undo(),
}

/** With what was measured of it. */
export const exportMix: Action = {
  id: 'export-mix',
  title: 'Export this mix',
  shortcut: null,
  icon: Download,
  enabled: () => view()?.mix != null && view()?.exporting === false,
  run: () => view()?.export(),
}
