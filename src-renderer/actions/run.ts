// What can be done with a run: start, stop, cancel, resume, export, and the same once more.
import Ban from '@lucide/svelte/icons/ban'
import CircleStop from '@lucide/svelte/icons/circle-stop'
import Cpu from '@lucide/svelte/icons/cpu'
import Download from '@lucide/svelte/icons/download'
import GitCompare from '@lucide/svelte/icons/git-compare'
import Network from '@lucide/svelte/icons/network'
import Pause from '@lucide/svelte/icons/pause'
import Play from '@lucide/svelte/icons/play'
import RotateCcw from '@lucide/svelte/icons/rotate-ccw'

import type { Job } from '../../src-main/contract/api/jobs.ts'
import type { RunDetail } from '../../src-main/contract/run/run.ts'
import { comparing } from '../state/comparing.svelte.ts'
import { compose } from '../state/compose.svelte.ts'
import { queue } from '../state/queue.svelte.ts'
import { router } from '../state/router.svelte.ts'
import { current } from '../state/run/current.svelte.ts'
import { workbench } from '../state/workbench.svelte.ts'
import type { Action } from './action.ts'

const onRun = () => router.at('run')
const isOpen = () => current.view?.running === true || current.view?.waits === true
const isOver = () => onRun() && current.view?.detail !== undefined && !isOpen()
const hasModel = () =>
  isOver() && [current.view?.detail?.start, ...(current.view?.detail?.iterations ?? [])].some((s) => s?.ended)

export const startRun: Action = {
  id: 'start-run',
  title: 'Start run',
  shortcut: 'Enter',
  icon: Play,
  enabled: () => router.at('compose') && compose.ready,
  run: async () => {
    await router.goAfter(compose.start(), (run) => ['run', { run }])
    await workbench.refresh()
  },
}

/** Of the run whose page is open; a study's run has none of its own. */
export function jobOfRun(): Job | undefined {
  return current.view ? queue.of('run', current.view.run) : undefined
}

/** It ends after its next kept epoch and keeps its place; one that waits is held. */
export const pauseRun: Action = {
  id: 'pause-run',
  title: 'Pause',
  shortcut: 'Alt+P',
  icon: Pause,
  enabled: () => {
    const job = jobOfRun()
    return onRun() && (job?.state === 'waiting' || (job?.state === 'running' && !job.pausing && !current.stopping))
  },
  run: async () => {
    const job = jobOfRun()
    if (job) await queue.pause(job.job)
  },
}

export const stopRun: Action = {
  id: 'stop-run',
  title: 'Stop and keep',
  shortcut: 'Alt+K',
  icon: CircleStop,
  enabled: () => onRun() && current.view?.running === true && !current.stopping,
  run: () => current.stop(),
}

/** Asks first; the dialog then calls current.cancel(). */
export const cancelRun: Action = {
  id: 'cancel-run',
  title: 'Cancel run',
  shortcut: 'Alt+X',
  icon: Ban,
  enabled: () => onRun() && isOpen(),
  run: () => {
    current.confirming = true
  },
}

/** Of a run whose engine does not answer. */
export const restartEngine: Action = {
  id: 'restart-engine',
  title: 'Stop the engine and resume',
  shortcut: 'Alt+E',
  icon: RotateCcw,
  enabled: () => onRun() && current.view?.running === true && Boolean(current.view.live?.engineSilent),
  run: () => current.restartEngine(),
}

export const resumeRun: Action = {
  id: 'resume-run',
  title: 'Resume run',
  shortcut: 'Alt+R',
  icon: Play,
  enabled: () => onRun() && (jobOfRun()?.pausing === true || isLeft(current.view?.detail)),
  run: async () => {
    const job = jobOfRun()
    if (job?.pausing) await queue.resume(job.job)
    else if (current.view) await resume(current.view.run)
  },
}

/** Where the GPU is what failed. */
export const resumeOnCpu: Action = {
  id: 'resume-on-cpu',
  title: 'Resume on CPU',
  shortcut: 'Alt+C',
  icon: Cpu,
  enabled: () =>
    onRun() && isLeft(current.view?.detail) && current.view?.detail !== undefined && isGpuTrouble(current.view.detail),
  run: async () => {
    if (current.view) await resume(current.view.run, 'cpu')
  },
}

const isLeft = (run: RunDetail | undefined) => run?.state === 'interrupted' || run?.state === 'paused'

function isGpuTrouble({ error, engineInfo }: Pick<RunDetail, 'error' | 'engineInfo'>): boolean {
  if (error?.code === 'device-lost' || error?.code === 'device-refused') return true
  return error?.code === 'out-of-memory' && (engineInfo?.kind === 'native-gpu' || engineInfo?.kind === 'webgpu')
}

/** Goes on with an interrupted run and shows it. */
export async function resume(run: number, device?: 'cpu'): Promise<void> {
  await router.goAfter(workbench.resume(run, device), () => ['run', { run }])
  if (current.view?.run === run) void current.view.again()
}

export const exportModel: Action = {
  id: 'export-model',
  title: 'Export model',
  shortcut: 'Mod+E',
  icon: Download,
  enabled: () => hasModel() && !current.exporting,
  run: () => current.export(),
}

export const runAgain: Action = {
  id: 'run-again',
  title: 'Run again with these settings',
  shortcut: 'Alt+D',
  also: ['Mod+D'],
  icon: RotateCcw,
  enabled: isOver,
  run: async () => {
    if (current.view?.detail) await composeAgain(current.view.detail)
  },
}

/** Opens the dialog that picks them. */
export const compareWith: Action = {
  id: 'compare-run-with',
  title: 'Compare with…',
  shortcut: 'Alt+P',
  icon: GitCompare,
  enabled: isOver,
  run: () => {
    if (current.view) comparing.first = current.view.run
  },
}

export const showLineage: Action = {
  id: 'show-lineage',
  title: 'Show lineage',
  shortcut: null,
  icon: Network,
  enabled: isOver,
  run: () => {
    if (current.view) router.go('lineage', { run: current.view.run })
  },
}

/** Fills the form with a run's settings. */
export async function composeAgain(run: RunDetail): Promise<void> {
  const project = await workbench.projectOf(run, compose.project)
  compose.replace(project.name, () => compose.again(run, project))
  router.go('compose')
}
