// How the window looks: light, dark or as the system has it (the colours themselves are in theme.css), kept in the data
// folder, and in this browser for the time until that is read; and what lies over the page: the list of keys.
import { MediaQuery } from 'svelte/reactivity'
import { z } from 'zod'

import { choice, remembered } from './remembered.svelte.ts'

const choices = ['system', 'light', 'dark'] as const
type Choice = (typeof choices)[number]
const key = 'basil-theme'
const kept = choice<Choice>('theme', z.enum(choices), 'system')

class Theme {
  #browsers = $state<Choice>('system')
  #choice = $derived(remembered.loaded ? kept.value : this.#browsers)
  #system = new MediaQuery('prefers-color-scheme: dark', false)

  /** Takes what was chosen before, and shows it. */
  start(): void {
    this.#browsers = choices.find((c) => c === localStorage.getItem(key)) ?? 'system'
    this.show()
  }

  get dark() {
    return this.#choice === 'system' ? this.#system.current : this.#choice === 'dark'
  }

  get choice() {
    return this.#choice
  }

  choose(wanted: Choice): void {
    this.#browsers = wanted
    localStorage.setItem(key, wanted)
    kept.value = wanted
  }

  /** To the other look; back to the system's where the two agree. */
  toggle(): void {
    const dark = !this.dark
    this.choose(dark === this.#system.current ? 'system' : dark ? 'dark' : 'light')
  }

  show(): void {
    if (this.#choice === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = this.#choice
  }
}

export const theme = new Theme()

class View {
  keys = $state(false)
}

export const view = new View()
