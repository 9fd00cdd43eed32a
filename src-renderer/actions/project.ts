// Opening a configuration: the sample, or one of the person's own.
import FlaskConical from '@lucide/svelte/icons/flask-conical'
import FolderOpen from '@lucide/svelte/icons/folder-open'

import type { Project } from '../../src-main/contract/api/projects.ts'
import { compose } from '../state/compose.svelte.ts'
import { folders } from '../state/folders.svelte.ts'
import { router } from '../state/router.svelte.ts'
import { workbench } from '../state/workbench.svelte.ts'
import type { Action } from './action.ts'

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
    if (workbench.about?.window) show(await workbench.pick())
    else folders.configuration = true
  },
}

/** Opens the path typed or chosen in a browser. */
export async function openPath(path: string): Promise<void> {
  show(await workbench.open(path))
}

function show(project: Project | null): void {
  if (!project) return
  compose.adopt(project)
  router.go('compose')
}
