// What can be done with studies: begin one from a configuration or a run, pause it, go on, forget it.
import { iterates } from '../../src-main/contract/methods/lookup.ts'
import { configSchema } from '../../src-main/contract/run/config.ts'
import { compose } from '../state/compose.svelte.ts'
import { current } from '../state/current.svelte.ts'
import { router } from '../state/router.svelte.ts'
import { draft } from '../state/studies/draft.svelte.ts'
import { openedStudy } from '../state/studies/opened-study.svelte.ts'
import { presets } from '../state/studies/presets.svelte.ts'
import { studies } from '../state/studies/studies.svelte.ts'
import { workbench } from '../state/workbench.svelte.ts'
import type { Action } from './action.ts'

const onCompose = () => router.current.page === 'compose' && compose.ready
const hasIterations = () => (current.view?.detail?.iterationsPlanned ?? 0) > 0
const onDoneRun = () => router.current.page === 'run' && hasIterations() && !current.view?.running
const shown = () => (router.current.page === 'study' ? openedStudy.detail : null)

export const goStudies: Action = {
  id: 'go-studies',
  title: 'Go to Studies',
  shortcut: 'Alt+T',
  enabled: () => true,
  run: () => router.go('#/studies'),
}

/** Opens the dialog; it then calls beginStudy(). */
export const runWithControls: Action = {
  id: 'run-with-controls',
  title: 'Run with controls…',
  shortcut: null,
  enabled: () => (onCompose() && iterates(String(compose.value('method')))) || onDoneRun(),
  run: async () => {
    const run = current.view?.detail
    if (onDoneRun() && run) await draft.withControlsOf(run.run, run.config)
    else await draft.withControls(compose.grant ?? '', compose.config)
  },
}

export const sweepFields: Action = {
  id: 'sweep-fields',
  title: 'Sweep…',
  shortcut: null,
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
  enabled: () => router.current.page === 'studies',
  run: () => presets.ask(),
}

export const pauseStudy: Action = {
  id: 'pause-study',
  title: 'Pause after this run',
  shortcut: null,
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
  enabled: () => shown()?.state === 'paused',
  run: () => openedStudy.resume(),
}

/** Asks first. */
export const forgetStudy: Action = {
  id: 'forget-study',
  title: 'Forget study',
  shortcut: null,
  enabled: () => (shown()?.state ?? 'running') !== 'running',
  run: () => {
    studies.forgetting = shown()
  },
}

/** Starts what the dialog says and shows it. */
export async function beginStudy(): Promise<void> {
  router.go(`#/study/${await draft.begin()}`)
  await workbench.refresh()
}

/** Starts the rows of a table that have all they need. */
export async function beginTable(): Promise<void> {
  router.go(`#/study/${await presets.begin()}`)
}

/** After the question was answered. */
export async function forgetAsked(): Promise<void> {
  await studies.forget()
  if (router.current.page === 'study') router.go('#/studies')
}
