// One thing a person can do: the same object feeds buttons, keys and the list of keys. A shortcut is written as people
// read it ("Mod+E", "Enter", "?"); Mod is Ctrl, or Command on a Mac. Groups are made where actions are listed.
import type { Icon } from '../state/pages.ts'

export interface Action {
  readonly id: string
  readonly title: string
  readonly shortcut: string | null
  readonly also?: readonly string[] // more keys, such as those that a browser may keep to itself
  readonly icon?: Icon // of its buttons
  enabled(): boolean
  /** Why it is not enabled, where that is not the page. */
  why?(): string
  run(): void | Promise<void>
}
