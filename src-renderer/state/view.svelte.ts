// How the window looks: light, dark or as the system has it, kept in this browser (the colours themselves are in
// theme.css); and what lies over the page: the list of keys.
import { MediaQuery } from 'svelte/reactivity'

const choices = ['system', 'light', 'dark'] as const
type Choice = (typeof choices)[number]
const key = 'basil-theme'

class Theme {
  #choice = $state<Choice>('system')
  #system = new MediaQuery('prefers-color-scheme: dark', false)

  /** Takes what was chosen before, and shows it. */
  start(): void {
    this.#choice = choices.find((c) => c === localStorage.getItem(key)) ?? 'system'
    this.#show()
  }

  get dark() {
    return this.#choice === 'system' ? this.#system.current : this.#choice === 'dark'
  }

  /** To the other look; back to the system's where the two agree. */
  toggle(): void {
    const dark = !this.dark
    this.#choice = dark === this.#system.current ? 'system' : dark ? 'dark' : 'light'
    localStorage.setItem(key, this.#choice)
    this.#show()
  }

  #show(): void {
    if (this.#choice === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = this.#choice
  }
}

export const theme = new Theme()

class View {
  keys = $state(false)
}

export const view = new View()
