// Which key press is which shortcut.
const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent)

/**
 * Plain keys are left to fields, Enter also to whatever has the focus; those with Mod or Alt work everywhere but under
 * a dialog.
 */
export function keyMatches(shortcut: string, event: KeyboardEvent): boolean {
  const parts = shortcut.split('+')
  const key = parts.pop() ?? ''
  const target = event.target instanceof Element ? event.target : null
  if (target?.closest('[role=dialog], [role=alertdialog]')) return false
  const wants = { mod: parts.includes('Mod'), alt: parts.includes('Alt') }
  const mod = isMac ? event.metaKey : event.ctrlKey
  if (mod !== wants.mod || event.altKey !== wants.alt || (isMac ? event.ctrlKey : event.metaKey)) return false
  const isPlain = !wants.mod && !wants.alt && !/^F\d+$/.test(key)
  if (
    isPlain &&
    target?.closest(
      key === 'Enter' || key === 'Space'
        ? 'input, select, textarea, button, a, summary, [tabindex="0"]'
        : 'input:not([type=checkbox]), select, textarea',
    )
  )
    return false
  if (key === 'Space') return event.code === 'Space'
  return /^[A-Z]$/.test(key) ? event.code === `Key${key}` : event.key === key
}
