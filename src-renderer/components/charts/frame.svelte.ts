// What a chart tells the frame round it: how to draw it for a file, and its own controls. And what charts of one page
// share: the place that is read, and the places that were pinned. A page may keep how a person looks at each chart.
import { getContext, type Snippet, setContext } from 'svelte'

import type { Form } from '../../plot/picture/frame.ts'
import type { Scene } from '../../plot/picture/shapes.ts'

export type Draw = (form: Form) => Scene

class Frame {
  readonly title: () => string
  draw = $state.raw<Draw | null>(null)
  figure = $state('') // the paper's figure that it looks like in the form of papers
  controls = $state.raw<Snippet | null>(null)

  constructor(title: () => string) {
    this.title = title
  }
}

const frameKey = Symbol('frame')
export const openFrame = (title: () => string): Frame => setContext(frameKey, new Frame(title))
const frame = (): Frame | undefined => getContext(frameKey)

interface Given {
  draw: Draw
  figure?: string
  controls?: Snippet
}

/** While the chart is there, its frame can save it and shows its controls. Gives the frame's title; '' without one. */
export function inFrame(given: () => Given): () => string {
  const own = frame()
  $effect(() => {
    if (!own) return
    const { draw, figure = '', controls = null } = given()
    own.draw = draw
    own.figure = figure
    own.controls = controls
    return () => {
      own.draw = null
      own.controls = null
    }
  })
  return () => own?.title() ?? ''
}

/** Places in x that all charts of a page mark: they must mean the same in all of them. */
class Linked {
  at = $state<number | null>(null)
  pins = $state.raw<readonly number[]>([])

  flip(place: number): void {
    this.pins = this.pins.includes(place) ? this.pins.filter((pin) => pin !== place) : [...this.pins, place].slice(-6)
  }
}

const linkedKey = Symbol('linked')
/** Charts below share a cross-hair and pins. */
export const linkCharts = (): Linked => setContext(linkedKey, new Linked())
export const linked = (): Linked => getContext(linkedKey) ?? new Linked()

export type Look = Record<string, number | boolean>

/** How a person looks at charts, by their titles. */
export interface Looks {
  of(title: string): Look
  put(title: string, look: Look): void
}

const looksKey = Symbol('looks')
export const keepLooks = (looks: Looks): Looks => setContext(looksKey, looks)

/** Until the window ends, where nobody keeps them. */
export function looksHere(): Looks {
  return getContext(looksKey) ?? passing()
}

function passing(): Looks {
  let all = $state.raw<Record<string, Look>>({})
  return {
    of: (title) => all[title] ?? {},
    put: (title, look) => {
      all = { ...all, [title]: look }
    },
  }
}
