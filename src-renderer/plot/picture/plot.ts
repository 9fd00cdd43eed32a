// A chart with axes, computed once: its box, two axes with scale and marks, what lies on them, and what is written
// beside. The window has it drawn by Chart.js (chart.ts), a file has it as plain shapes (here): neither chooses a
// range, a tick or a point of its own. Places are pixels; an axis' scale makes values of them and back.
import type { Axis, Box, Form } from './frame.ts'
import { edges, horizontalAxis, verticalAxis } from './frame.ts'
import type { Scene, Shape } from './shapes.ts'

/** A line, points of one, what is no number, or a bar. */
export type Mark = Exclude<Shape, { is: 'text' }>
/** Words, and lines that may leave the box. */
export type Beside = Extract<Shape, { is: 'text' | 'line' }>

export interface Plot {
  width: number
  height: number
  letters?: string
  form: Form
  box: Box
  x: Axis
  y: Axis
  barsLie?: boolean // bars go along x; upwards otherwise
  under: readonly Beside[]
  marks: readonly Mark[]
  over: readonly Beside[]
}

export function sceneOf({ width, height, letters, form, box, x, y, under, marks, over }: Plot): Scene {
  const shapes = [
    ...verticalAxis(box, y, form),
    ...horizontalAxis(box, x, form),
    ...edges(box, form),
    ...under,
    ...marks,
    ...over,
  ]
  return { width, height, ...(letters && { letters }), shapes }
}
