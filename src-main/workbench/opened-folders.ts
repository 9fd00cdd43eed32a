// Folders whose configurations a person opened, kept with what the window remembers: a configuration that was saved
// elsewhere may name their files again.
import { z } from 'zod'

import { BasilError } from '../contract/errors.ts'
import type { PreferenceStore } from './preferences.ts'
import type { Folders } from './projects.ts'

const key = 'projects.folders'
const most = 100
const kept = z.array(z.string())

/** The newest first. */
export function openedFolders(preferences: PreferenceStore): Folders {
  const all = (): string[] => kept.safeParse(preferences.all()[key]).data ?? []
  return {
    all,
    keep: (folder) => {
      if (all()[0] === folder) return
      const folders = [folder, ...all().filter((other) => other !== folder)].slice(0, most)
      void preferences.keep(key, folders).catch(() => undefined) // it serves until the end of this start
    },
  }
}

/** A page that kept these itself would widen what configurations may name. Throws not-allowed. */
export function requireOfPages(asked: string): void {
  if (asked !== key) return
  throw new BasilError({
    code: 'not-allowed',
    what: 'A page does not keep this',
    where: asked,
    why: 'these are the folders whose configurations a person has opened, and Basil keeps them itself',
    next: 'open a configuration of the folder instead',
  })
}
