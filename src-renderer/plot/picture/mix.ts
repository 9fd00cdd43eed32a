// Accuracy of each task under a mix as a picture: a bar with the interval of the images seen, and ticks for the own
// coefficients, the pre-trained and the fine-tuned model.
import { percent } from '../format.ts'
import type { MixBar } from '../mix/bars.ts'
import { marksOf, scaleBetween } from './axis.ts'
import { bare } from './frame.ts'
import { type Beside, type Mark, sceneOf } from './plot.ts'
import { type Scene, shortened, widthOf } from './shapes.ts'

const row = 26
const ticks = [
  ['own', 'iteration-1'],
  ['pretrained', 'iteration-2'],
  ['reference', 'ink'],
] as const

/** whose: "the run's own", the coefficients that one began with. */
export function mixScene(bars: readonly MixBar[], whose: string, width: number): Scene {
  const name = (bar: MixBar) => shortened(bar.task, 24)
  const left = 14 + Math.max(40, ...bars.map((bar) => widthOf(name(bar))))
  const box = { left, top: 4, right: width - 64, bottom: 8 + row * bars.length }
  const x = scaleBetween('linear', [0, 1], [box.left, box.right])
  const marks: Mark[] = []
  const over: Beside[] = []
  for (const [i, bar] of bars.entries()) {
    const y = box.top + 6 + i * row
    const { accuracy, interval } = bar
    const says = `${bar.task}: ${percent(accuracy, 2)}, ${bar.seen} of ${bar.images} images`
    const lying = { is: 'rectangle', x: box.left, y, height: 14 } as const
    marks.push(
      { ...lying, width: box.right - box.left, colour: 'sunken' },
      { ...lying, width: x.at(accuracy ?? 0) - box.left, colour: 'leaf', opacity: 0.75, says },
    )
    if (interval) {
      const points = interval.map((end) => ({ x: x.at(end), y: y + 7 }))
      marks.push({ is: 'line', points, width: 2, colour: 'ink' })
    }
    for (const [key, colour] of ticks) {
      const at = bar[key]
      if (at !== null) marks.push({ is: 'rectangle', x: x.at(at) - 1.5, y: y - 3, width: 3, height: 20, colour })
    }
    over.push(
      { is: 'text', x: left - 8, y: y + 11, text: name(bar), anchor: 'end', colour: 'ink' },
      { is: 'text', x: width - 6, y: y + 11, text: percent(accuracy), anchor: 'end', colour: 'ink' },
    )
  }
  const height = box.bottom + 62
  return sceneOf({
    ...{ width, height, form: 'screen', barsLie: true, box, marks, under: [] },
    x: {
      scale: x,
      title: 'accuracy; the line is Wilson’s interval at 95 %',
      marks: marksOf(x, 6).map((value) => ({ value, text: percent(value, 0) })),
      look: 'ticks',
    },
    y: bare(scaleBetween('linear', [0, box.bottom - box.top], [box.bottom, box.top])),
    over: [...over, ...key(bars, whose, left, height - 8)],
  })
}

/** Of those ticks that any bar has. */
function key(bars: readonly MixBar[], whose: string, left: number, y: number): Beside[] {
  const names = { own: whose, pretrained: 'pre-trained', reference: 'fine-tuned' }
  let x = left
  return ticks.flatMap(([tick, colour]): Beside[] => {
    if (bars.every((bar) => bar[tick] === null)) return []
    const at = x
    x += widthOf(names[tick]) + 26
    const points = [y - 9, y + 2].map((end) => ({ x: at + 2, y: end }))
    return [
      { is: 'line', points, width: 3, colour },
      { is: 'text', x: at + 9, y, text: names[tick], colour: 'quiet' },
    ]
  })
}
