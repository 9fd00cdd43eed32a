// Installing native TensorFlow, leaving off, removing it, and what the engine computes on.
import Cpu from '@lucide/svelte/icons/cpu'
import Gauge from '@lucide/svelte/icons/gauge'
import Trash from '@lucide/svelte/icons/trash'
import X from '@lucide/svelte/icons/x'
import Zap from '@lucide/svelte/icons/zap'

import { engine } from '../state/engine.svelte.ts'
import { router } from '../state/router.svelte.ts'
import { workbench } from '../state/workbench.svelte.ts'
import type { Action } from './action.ts'

const canInstall = () => router.at('engine') && engine.status?.refused === '' && engine.installing === null

export const installCpu: Action = {
  id: 'install-cpu',
  title: 'Install for the CPU',
  shortcut: null,
  icon: Cpu,
  enabled: canInstall,
  run: () => engine.install('cpu'),
}

export const installCuda: Action = {
  id: 'install-cuda',
  title: 'Install for CUDA',
  shortcut: null,
  icon: Zap,
  enabled: () => canInstall() && (engine.status?.gpus.length ?? 0) > 0,
  run: () => engine.install('cuda'),
}

export const cancelInstall: Action = {
  id: 'cancel-install',
  title: 'Cancel installation',
  shortcut: null,
  icon: X,
  enabled: () => engine.installing !== null,
  run: () => engine.cancel(),
}

export const measureEngines: Action = {
  id: 'measure-engines',
  title: 'Measure the engines',
  shortcut: null,
  icon: Gauge,
  enabled: () => router.at('engine') && canChoose(),
  run: () => engine.measure(),
}

/** Asks first; the dialog then calls engine.remove(). */
export const removeEngine: Action = {
  id: 'remove-engine',
  title: 'Remove native TensorFlow',
  shortcut: null,
  icon: Trash,
  enabled: () => canInstall() && (engine.status?.installed !== null || engine.status.damaged !== ''),
  run: () => {
    engine.confirming = true
  },
}

/** The engine starts anew on it, so not while a run goes on. */
export const canChoose = (): boolean =>
  workbench.running === undefined && engine.installing === null && engine.measuring === null
