// A shortcut as people read it, and as assistive technology wants it.
const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent)

/** "Mod+E" as "Ctrl E" or "⌘ E". */
export function keyText(shortcut: string): string {
  const names: Record<string, string> = isMac ? { Mod: '⌘', Alt: '⌥' } : { Mod: 'Ctrl' }
  return shortcut
    .split('+')
    .map((part) => names[part] ?? part)
    .join(' ')
}

/** For aria-keyshortcuts. */
export function ariaKey(shortcut: string): string {
  return shortcut.replace('Mod', isMac ? 'Meta' : 'Control')
}
