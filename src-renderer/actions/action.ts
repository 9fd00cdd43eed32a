// One thing a person can do: the same object feeds buttons, keys and the list of keys. A shortcut is written as people
// read it ("Mod+E", "Enter", "?"); Mod is Ctrl, or Command on a Mac.
export interface Action {
  readonly id: string
  readonly title: string
  readonly shortcut: string | null
  enabled(): boolean
  run(): void | Promise<void>
}
