// Installing native TensorFlow, leaving off, removing it, and what the engine computes on.
import { engine } from '../state/engine.svelte.ts'
import { router } from '../state/router.svelte.ts'
import { workbench } from '../state/workbench.svelte.ts'
import type { Action } from './action.ts'

const canInstall = () => router.current.page === 'engine' && engine.status?.refused === '' && engine.installing === null

export const installCpu: Action = {
  id: 'install-cpu',
  title: 'Install for the CPU',
  shortcut: null,
  enabled: canInstall,
  run: () => engine.install('cpu'),
}

export const installCuda: Action = {
  id: 'install-cuda',
  title: 'Install for CUDA',
  shortcut: null,
  enabled: () => canInstall() && (engine.status?.gpus.length ?? 0) > 0,
  run: () => engine.install('cuda'),
}

export const cancelInstall: Action = {
  id: 'cancel-install',
  title: 'Cancel installation',
  shortcut: null,
  enabled: () => engine.installing !== null,
  run: () => engine.cancel(),
}

/** Asks first; the dialog then calls engine.remove(). */
export const removeEngine: Action = {
  id: 'remove-engine',
  title: 'Remove native TensorFlow',
  shortcut: null,
  enabled: () => canInstall() && (engine.status?.installed !== null || engine.status.damaged !== ''),
  run: () => {
    engine.confirming = true
  },
}

/** The engine starts anew on it, so not while a run goes on. */
export const canChoose = (): boolean => workbench.running === undefined && engine.installing === null
