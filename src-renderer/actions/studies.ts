// What can be done with studies: begin one from a configuration or a run, pause it, go on, forget it.
import BookOpen from '@lucide/svelte/icons/book-open'
import Layers from '@lucide/svelte/icons/layers'
import Pause from '@lucide/svelte/icons/pause'
import Play from '@lucide/svelte/icons/play'
import Repeat from '@lucide/svelte/icons/repeat'
import SlidersHorizontal from '@lucide/svelte/icons/sliders-horizontal'
import Trash from '@lucide/svelte/icons/trash'

import type { StudySummary } from '../../src-main/contract/api/studies.ts'
import { iterates } from '../../src-main/contract/methods/lookup.ts'
import { configSchema } from '../../src-main/contract/run/config.ts'
import { runOn } from '../state/clusters/run-on.svelte.ts'
import { compose } from '../state/compose.svelte.ts'
import { router } from '../state/router.svelte.ts'
import { current } from '../state/run/current.svelte.ts'
import { draft } from '../state/studies/draft.svelte.ts'
import { openedStudy } from '../state/studies/opened-study.svelte.ts'
import { presets } from '../state/studies/presets.svelte.ts'
import { studies } from '../state/studies/studies.svelte.ts'
import { undo } from '../state/undo.svelte.ts'
import { workbench } from '../state/workbench.svelte.ts'
import type { Action } from './action.ts'

const onCompose = () => router.at('compose') && compose.ready
const hasIterations = () => (current.view?.detail?.iterationsPlanned ?? 0) > 0
const onDoneRun = () => router.at('run') && hasIterations() && !current.view?.running && !current.view?.waits
const shown = () => (router.at('study') ? openedStudy.detail : null)

/** Opens the dialog; it then calls beginStudy(). */
export const runWithControls: Action = {
  id: 'run-with-controls',
  title: 'Run with controls…',
  shortcut: null,
  icon: Layers,
  enabled: () => (onCompose() && iterates(String(compose.value('method')))) || onDoneRun(),
  run: async () => {
    const run = current.view?.detail
    if (onDoneRun() && run) await draft.withControlsOf(run.run, run.config)
    else await draft.withControls(compose.grant ?? '', compose.config)
  },
}

/** Opens the same dialog, of the configuration that is open. */
export const adaptToEach: Action = {
  id: 'adapt-to-each',
  title: 'Adapt to each task…',
  shortcut: null,
  icon: Repeat,
  enabled: () =>
    (router.at('studies') || router.at('compose')) && compose.ready && (compose.source?.tasks?.length ?? 0) > 1,
  why: () => 'it is of a configuration of two tasks or more, open and complete on the page Compose',
  run: async () => {
    router.go('studies')
    await draft.withAdaptation(compose.grant ?? '', compose.config)
  },
}

/** A study that a person wrote as a file: the dialog that starts it. */
export async function openStudy(from: { path: string } | { name: string; text: string }): Promise<void> {
  router.go('studies')
  if ('path' in from) await draft.withFile(from.path)
  else await draft.withText(from.name, from.text)
}

export const sweepFields: Action = {
  id: 'sweep-fields',
  title: 'Sweep…',
  shortcut: null,
  icon: SlidersHorizontal,
  enabled: onCompose,
  run: () => {
    if (compose.grant !== null) draft.withSweep(compose.grant, configSchema.parse(compose.config))
  },
}

/** Opens the dialog of the paper's tables; it then calls beginTable(). */
export const reproduceTable: Action = {
  id: 'reproduce-table',
  title: 'Reproduce a table…',
  shortcut: null,
  icon: BookOpen,
  enabled: () => router.at('studies'),
  run: () => presets.ask(),
}

export const pauseStudy: Action = {
  id: 'pause-study',
  title: 'Pause after this run',
  shortcut: null,
  icon: Pause,
  enabled: () => shown()?.state === 'running' && !openedStudy.pausing,
  run: () => openedStudy.pause(false),
}

export const pauseStudyNow: Action = {
  id: 'pause-study-now',
  title: 'Pause now',
  shortcut: null,
  enabled: () => shown()?.state === 'running',
  run: () => openedStudy.pause(true),
}

export const resumeStudy: Action = {
  id: 'resume-study',
  title: 'Go on',
  shortcut: null,
  icon: Play,
  enabled: () => shown()?.state === 'paused',
  run: () => openedStudy.resume(),
}

export const forgetStudy: Action = {
  id: 'forget-study',
  title: 'Forget study',
  shortcut: null,
  icon: Trash,
  enabled: () => (shown()?.state ?? 'running') !== 'running',
  run: async () => {
    const study = shown()
    if (study) await forget(study)
  },
}

/** It and its table go, and can be brought back; its runs stay. */
export async function forget({ study, name }: Pick<StudySummary, 'study' | 'name'>): Promise<void> {
  await studies.forget(study)
  undo.give(`Study ${study}, “${name}”, is forgotten; its runs stay`, () => studies.bringBack(study))
  if (router.at('study')) router.go('studies')
}

/** Starts what the dialog says and shows it; where that is on a cluster, another dialog shows first what it takes. */
export async function beginStudy(): Promise<void> {
  const { place } = draft
  if (place !== '') return runOn.ask(draft.takeElsewhere(), place)
  await router.goAfter(draft.begin(), (study) => ['study', { study }])
  await workbench.refresh()
}

/** Starts the rows of a table that have all they need. */
export async function beginTable(): Promise<void> {
  await router.goAfter(presets.begin(), (study) => ['study', { study }])
}
