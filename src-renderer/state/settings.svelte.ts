// The settings: those kept for every door (threads, memory, caches, exports), those of this window (numbers, what may
// tell), the backups, and what of them is to be shown when somebody came for it.
import { z } from 'zod'

import type { Backup, Salvaged } from '../../src-main/contract/api/history.ts'
import type { Clearable, Limits, SettingsShown } from '../../src-main/contract/api/settings.ts'
import { client } from '../bridge.ts'
import { restoring } from './history/restoring.svelte.ts'
import { choice } from './remembered.svelte.ts'
import { workbench } from './workbench.svelte.ts'

/** What is found by its name, too; id: of the control on the page. */
export const settingFields = [
  { id: 'setting-threads', title: 'Threads', about: 'how many the engine computes with' },
  { id: 'setting-memory', title: 'Memory limit', about: 'RAM the engine may take' },
  { id: 'setting-engine', title: 'Engine and device', about: 'CPU, GPU, TensorFlow, WebGPU' },
  { id: 'setting-cache', title: 'Cache size', about: 'disk, clear images, features, statistics' },
  { id: 'setting-exports', title: 'Export folder', about: 'where models are written' },
  { id: 'setting-digits', title: 'Digits of shares', about: 'numbers, decimals, accuracy' },
  { id: 'setting-numbers', title: 'Percent or decimal', about: 'numbers, accuracy' },
  { id: 'setting-theme', title: 'Theme', about: 'dark, light, as the system' },
  { id: 'setting-notifications', title: 'Notifications', about: 'when a run has ended' },
  { id: 'setting-expert', title: 'Expert fields', about: 'basic or expert, all fields of a run' },
  { id: 'setting-backups', title: 'Backups', about: 'of the history, restore, salvage' },
  { id: 'setting-version', title: 'Newer versions', about: 'update, what is new, release notes' },
  { id: 'setting-folder', title: 'Data folder', about: 'what it takes on the disk' },
] as const

const numbersSchema = z.object({ as: z.enum(['percent', 'decimal']), digits: z.number().int().min(0).max(4) })

class Settings {
  #shown = $state.raw<SettingsShown | null>(null)
  #backups = $state.raw<readonly Backup[] | null>(null)
  #salvaged = $state.raw<Salvaged | null>(null)
  wanted = $state<string | null>(null) // the field that somebody came for
  confirming = $state<Clearable | null>(null) // the question before a cache is cleared
  readonly numbers = choice<z.infer<typeof numbersSchema>>('numbers', numbersSchema, { as: 'percent', digits: 1 })
  readonly expert = choice('compose.expert', z.boolean(), false)

  get shown() {
    return this.#shown
  }
  get backups() {
    return this.#backups
  }
  get salvaged() {
    return this.#salvaged
  }

  async load(): Promise<void> {
    const [shown, backups] = await Promise.all([client.settings.show(), client.history.backups(), restoring.load()])
    this.#shown = shown
    this.#backups = backups
  }

  async choose(change: Partial<Limits>): Promise<void> {
    this.#shown = await client.settings.choose(change)
  }

  async clear(part: Clearable): Promise<void> {
    this.confirming = null
    this.#shown = await client.settings.clear({ part })
  }

  async backUp(): Promise<void> {
    this.#backups = await client.history.backUp()
  }

  async salvage(): Promise<void> {
    await workbench.salvage()
    this.#salvaged = workbench.salvaged
    await this.load()
  }
}

export const settings = new Settings()
