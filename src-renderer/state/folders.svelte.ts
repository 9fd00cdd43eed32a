// Folders of the machine that Basil runs on, for dialogs that choose in them; those used last are remembered.
import { z } from 'zod'

import type { Listing } from '../../src-main/contract/api/folders.ts'
import { client, errorOf } from '../bridge.ts'
import { choice } from './remembered.svelte.ts'

const most = 6
const kept = choice<string[]>('folders.recent', z.array(z.string()), [])

class Folders {
  configuration = $state(false) // the dialog that opens one

  get recent(): string[] {
    return kept.value
  }

  readonly load = (path: string | null): Promise<Listing> => client.folders.list({ path })

  /** What the person typed, or used before. */
  readonly typed = (path: string): Promise<Listing> => client.folders.open({ path })

  readonly errorOf = errorOf

  /** The folder of what was chosen. */
  used(chosen: string): void {
    const folder = chosen.replace(/[/\\][^/\\]*$/, '')
    if (folder !== '') kept.value = [folder, ...kept.value.filter((one) => one !== folder)].slice(0, most)
  }
}

export const folders = new Folders()
