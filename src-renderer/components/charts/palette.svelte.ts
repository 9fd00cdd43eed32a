// theme.css' colours for what is drawn on a canvas; read again when light and dark change.
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
  probe ??= document.body.appendChild(Object.assign(document.createElement('span'), { hidden: true }))
  probe.style.color = `var(--${name})`
  const read = getComputedStyle(probe).color
  known.set(name, read)
  return read
}

let family = ''

/** The page's own letters, for a canvas. */
export function fontFamily(): string {
  family ||= getComputedStyle(document.documentElement).fontFamily
  return family
}

const hues = 6

/** The variable of an iteration's colour; 0 is the start. */
export function iterationVariable(stage: number): string {
  return `iteration-${stage === 0 ? 0 : ((stage - 1) % hues) + 1}`
}

/** Dashes tell iterations apart once the colours repeat. */
export function iterationDash(stage: number): number[] {
  return stage > hues ? [6, 3] : []
}
