// A picture as a list of shapes in pixels, and its SVG: what a file has. Charts with axes are plots first (plot.ts), of
// which the window's Chart.js and the file's shapes are both made, so that a file shows what the window showed. Colours
// are names of theme.css' variables; letters are named, never embedded.
import { type Html, html } from '../../../src-main/contract/markup.ts'
import type { Point } from '../decimate.ts'

interface Coloured {
  colour: string // a variable of theme.css, or "rgb(…)" as it is
  opacity?: number
}

/** Parts of a line between breaks are lines of their own. */
interface Line extends Coloured {
  is: 'line'
  points: readonly Point[]
  width: number
  dash?: readonly number[]
}
interface Rectangle extends Coloured {
  is: 'rectangle'
  x: number
  y: number
  width: number
  height: number
  edge?: string // colour of its outline
  says?: string
}
interface Dot extends Coloured {
  is: 'dot'
  x: number
  y: number
  radius: number
}
/** What is no number, or was lost. */
interface Cross extends Coloured {
  is: 'cross'
  x: number
  y: number
  reach: number
}
interface Text extends Coloured {
  is: 'text'
  x: number
  y: number
  text: string
  anchor?: 'start' | 'middle' | 'end'
  size?: number
  bold?: boolean
  turned?: boolean // upwards, about its own place
}
export type Shape = Line | Rectangle | Dot | Cross | Text

export interface Scene {
  width: number
  height: number
  letters?: string // a font by its name; the page's own where none is given
  shapes: readonly Shape[]
}

export const textSize = 11
/** Pixels that a text takes, about: pictures are laid out where nothing can be measured. */
export const widthOf = (text: string, size = textSize): number => text.length * size * 0.57

export const shortened = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, Math.max(1, most - 1))}…` : text

const sans = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif"
const round = (value: number): number => Math.round(value * 100) / 100

/** colour: the value of a variable; paper: what stands behind the picture, or nothing. */
export function svgOf(
  scene: Scene,
  colour: (name: string) => string,
  label: string,
  paper: string | null = null,
): Html {
  const { width, height, letters = sans, shapes } = scene
  const ink = (name: string): string => (/^(rgb|#|none)/.test(name) ? name : colour(name))
  return html`<svg xmlns="http://www.w3.org/2000/svg" width="${round(width)}" height="${round(height)}" viewBox="0 0 ${round(width)} ${round(height)}" role="img" aria-label="${label}" font-family="${letters}" font-size="${textSize}">${
    paper !== null && html`<rect width="100%" height="100%" fill="${paper}"/>`
  }${shapes.map((shape) => shapeSvg(shape, ink))}</svg>`
}

function shapeSvg(shape: Shape, ink: (name: string) => string): Html {
  const colour = ink(shape.colour)
  const faint = shape.opacity !== undefined && html` opacity="${shape.opacity}"`
  switch (shape.is) {
    case 'line': {
      const { points, width, dash } = shape
      const path = points.map(({ x, y }, i) => `${i ? 'L' : 'M'}${round(x)} ${round(y)}`).join('')
      return html`<path d="${path}" fill="none" stroke="${colour}" stroke-width="${width}" stroke-linejoin="round"${dash?.length ? html` stroke-dasharray="${dash.join(' ')}"` : ''}${faint}/>`
    }
    case 'rectangle': {
      const { x, y, width, height, edge, says } = shape
      const outline = edge ? html` stroke="${ink(edge)}"` : ''
      return html`<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" fill="${colour}"${outline}${faint}>${says ? html`<title>${says}</title>` : ''}</rect>`
    }
    case 'dot':
      return html`<circle cx="${round(shape.x)}" cy="${round(shape.y)}" r="${shape.radius}" fill="${colour}"${faint}/>`
    case 'cross': {
      const [x, y, r] = [round(shape.x), round(shape.y), shape.reach]
      return html`<path d="M${x - r} ${y - r}l${2 * r} ${2 * r}m0 ${-2 * r}l${-2 * r} ${2 * r}" fill="none" stroke="${colour}" stroke-width="2"/>`
    }
    case 'text': {
      const { x, y, text, anchor = 'start', size, bold, turned } = shape
      const turn = turned ? html` transform="rotate(-90 ${round(x)} ${round(y)})"` : ''
      return html`<text x="${round(x)}" y="${round(y)}" fill="${colour}" text-anchor="${anchor}"${size ? html` font-size="${size}"` : ''}${bold ? html` font-weight="600"` : ''}${turn}${faint}>${text}</text>`
    }
  }
}
