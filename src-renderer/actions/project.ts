// Opening a configuration, the sample or one of the person's own, and keeping the one being written: as a file, as a
// preset, on the clipboard.
import Copy from '@lucide/svelte/icons/copy'
import CopyPlus from '@lucide/svelte/icons/copy-plus'
import Eraser from '@lucide/svelte/icons/eraser'
import FlaskConical from '@lucide/svelte/icons/flask-conical'
import FolderOpen from '@lucide/svelte/icons/folder-open'
import Images from '@lucide/svelte/icons/images'
import Save from '@lucide/svelte/icons/save'
import Star from '@lucide/svelte/icons/star'
import Timer from '@lucide/svelte/icons/timer'

import type { Project } from '../../src-main/contract/api/projects.ts'
import { isMeantAsStudy } from '../../src-main/contract/run/study.ts'
import { checkpoints } from '../state/checkpoints/checkpoints.svelte.ts'
import { recipe } from '../state/checkpoints/recipe.svelte.ts'
import { found } from '../state/compose/found.svelte.ts'
import { fileNameOf } from '../state/compose/portable.ts'
import { keepPreset } from '../state/compose/presets.svelte.ts'
import { recent } from '../state/compose/recent.svelte.ts'
import { compose } from '../state/compose.svelte.ts'
import { dataSets } from '../state/data/data-sets.svelte.ts'
import { folders } from '../state/folders.svelte.ts'
import { router } from '../state/router.svelte.ts'
import { undo } from '../state/undo.svelte.ts'
import { workbench } from '../state/workbench.svelte.ts'
import type { Action } from './action.ts'
import { openMergekit } from './merge.ts'
import { openStudy } from './studies.ts'

const isWriting = () => router.at('compose') && compose.source !== null
const written = () => compose.portable
/** What can be written down: all of a configuration. */
const whole = {
  enabled: () => isWriting() && compose.unfinished === null,
  why: () => {
    if (!isWriting()) return 'no run is being written on the page Compose'
    const { field = '', message = '' } = compose.unfinished ?? {}
    return `it is not finished: ${field}: ${message}`
  },
}

export const openSample: Action = {
  id: 'open-sample',
  title: 'Open the sample project',
  shortcut: 'Alt+S',
  icon: FlaskConical,
  enabled: () => true,
  run: async () => show(await workbench.openSample()),
}

/** The system's dialog in a window; a dialog of our own in a browser. */
export const openConfiguration: Action = {
  id: 'open-configuration',
  title: 'Open a configuration…',
  shortcut: 'Mod+O',
  icon: FolderOpen,
  enabled: () => workbench.about !== null,
  run: async () => {
    if (workbench.about?.window) await pickConfiguration()
    else folders.configuration = true
  },
}

/** Of models of the library and data sets, without a configuration. */
export const learnWithData: Action = {
  id: 'learn-with-data',
  title: 'Learn with my data',
  shortcut: null,
  icon: Images,
  enabled: () => true,
  run: async () => {
    await compose.begin()
    router.go('compose')
  },
}

/** A browser's download, Electron's dialog. */
export const saveConfiguration: Action = {
  id: 'save-configuration',
  title: 'Save as a file',
  shortcut: 'Mod+S',
  icon: Save,
  ...whole,
  run: () => {
    const text = `${JSON.stringify(written(), null, 2)}\n`
    const address = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
    const name = fileNameOf(compose.name)
    Object.assign(document.createElement('a'), { href: address, download: name }).click()
    setTimeout(() => URL.revokeObjectURL(address), 60_000) // the system may still be asking where to
  },
}

export const savePreset: Action = {
  id: 'save-preset',
  title: 'Keep as a preset',
  shortcut: null,
  icon: Star,
  ...whole,
  run: () => keepPreset(compose.name, written()),
}

export const copyConfiguration: Action = {
  id: 'copy-configuration',
  title: 'Copy to share',
  shortcut: null,
  icon: Copy,
  ...whole,
  run: () => navigator.clipboard.writeText(JSON.stringify(written(), null, 2)),
}

/** The same settings under a name of their own, apart from what was opened. */
export const duplicateConfiguration: Action = {
  id: 'duplicate-configuration',
  title: 'Duplicate',
  shortcut: null,
  icon: CopyPlus,
  enabled: isWriting,
  run: () => {
    const before = compose.value('name')
    compose.set('name', `${compose.name}, copy`.slice(0, 200))
    undo.give('This is a copy now.', () => compose.set('name', before))
  },
}

export const discardDraft: Action = {
  id: 'discard-draft',
  title: 'Put away',
  shortcut: null,
  icon: Eraser,
  enabled: isWriting,
  run: () => compose.discard(),
}

export const measureRun: Action = {
  id: 'measure-run',
  title: 'Measure',
  shortcut: null,
  icon: Timer,
  enabled: () => isWriting() && compose.ready && !compose.measuring,
  run: () => compose.measure(),
}

/** Opens whatever lies at a path; what is no configuration is told on Welcome. */
export async function openPath(path: string): Promise<void> {
  const place = await found.look(path)
  if (place.kind === 'configuration') return show(await workbench.open(path))
  if (place.kind === 'study') return openStudy({ path })
  if (place.kind === 'mergekit') return openMergekit({ path })
  if (place.recipe === null) return router.go('welcome')
  await recipe.open(place.path.split(/[/\\]/).pop() ?? place.path, place.recipe)
  router.go('recipe')
}

/** The text of a dropped configuration, of a study, or of a recipe of mergekit's. */
export async function openText(name: string, text: string): Promise<void> {
  if (/\.ya?ml$/i.test(name) && /^merge_method\s*:/m.test(text)) return openMergekit({ name, text })
  if (isStudy(name, text)) return openStudy({ name, text })
  show(await workbench.take(name, text))
}

/** YAML is a configuration here. */
function isStudy(name: string, text: string): boolean {
  if (!/\.json$/i.test(name)) return false
  try {
    return isMeantAsStudy(JSON.parse(text))
  } catch {
    return false // the sentence about it is the configuration's
  }
}

/** What was opened as a configuration and is something else, to where it belongs. */
export async function addFound(): Promise<void> {
  const { place } = found
  if (!place) return
  const isData = place.kind === 'data'
  found.close()
  if (place.kind === 'both' || isData) await dataSets.add([place.path])
  if (!isData) await checkpoints.add([place.path])
  router.go(isData ? 'data' : 'library')
}

async function pickConfiguration(): Promise<void> {
  const picked = await workbench.pick()
  if (typeof picked === 'string') await openPath(picked)
  else show(picked)
}

function show(project: Project | null): void {
  if (!project) return
  recent.add(project)
  compose.replace(project.name, () => compose.adopt(project))
  router.go('compose')
}
