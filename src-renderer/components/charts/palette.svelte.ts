// theme.css' colours for what is drawn on a canvas, read again when light and dark change; and the light ones, in which
// pictures leave the window: they go on paper.
import { createSubscriber } from 'svelte/reactivity'

const known = new Map<string, string>() // reading a style is slow, and charts ask often
let probe: HTMLElement | undefined

const changed = createSubscriber((redraw) => {
  const update = () => {
    known.clear()
    redraw()
  }
  const watcher = new MutationObserver(update)
  watcher.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] })
  const system = matchMedia('(prefers-color-scheme: dark)')
  system.addEventListener('change', update)
  return () => {
    known.clear()
    watcher.disconnect()
    system.removeEventListener('change', update)
  }
})
/** The present value of a variable of theme.css, as "rgb(r, g, b)". */
export function colour(name: string): string {
  changed()
  const before = known.get(name)
  if (before) return before
  const read = readIn('', name)
  known.set(name, read)
  return read
}

/** The same variable where the page is light, or dark, whatever it is now. */
export function colourIn(scheme: 'light' | 'dark', name: string): string {
  return readIn(scheme, name)
}

/** scheme '': the page's own. A variable is resolved where it is declared, so the probe looks like the page. */
function readIn(scheme: '' | 'light' | 'dark', name: string): string {
  probe ??= document.body.appendChild(Object.assign(document.createElement('span'), { hidden: true }))
  probe.style.colorScheme = scheme
  probe.style.color = `var(--${name})`
  return getComputedStyle(probe).color
}

let family = ''

/** The page's own letters, for a canvas. */
export function fontFamily(): string {
  family ||= getComputedStyle(document.documentElement).fontFamily
  return family
}
