// What stands round the values of a picture: axes, whose marks and titles are chosen here once, for the window and for
// files; and how a file draws them: a quiet grid in the form of the screen, a box with marks on its edge and letters
// with serifs in the form that papers print.
import { type AxisText, marksOf, named, type Scale } from './axis.ts'
import { type Scene, type Shape, widthOf } from './shapes.ts'

/** screen: as the window shows it; paper: as a figure of a paper, in one column. */
export type Form = 'screen' | 'paper'

export interface Box {
  left: number
  top: number
  right: number
  bottom: number
}

export const paperSize = { width: 420, height: 300 }
const paperLetters = "'Times New Roman', Times, 'Nimbus Roman', serif"
export const lettersOf = (form: Form): Pick<Scene, 'letters'> => (form === 'paper' ? { letters: paperLetters } : {})

/** grid: a line across the box at each mark; ticks: a line along the box, and a short one at each mark. */
export interface Axis {
  scale: Scale
  title: string
  marks: readonly { value: number; text: string }[]
  look: 'grid' | 'ticks' | 'bare'
}

export const bare = (scale: Scale): Axis => ({ scale, title: '', marks: [], look: 'bare' })

const verticalMarks = 5 // about that many

/** Pixels that the names of a vertical axis and its title take. */
export function leftFor(range: Pick<Scale, 'kind' | 'from' | 'to'>, text: AxisText): number {
  const names = named(marksOf(range, verticalMarks), text).map((mark) => widthOf(mark.text))
  return 24 + Math.max(12, ...names)
}

/** What fits: of "mean accuracy, validation" the part before the comma where there is no room for both. */
function fitting(title: string, room: number): string {
  return widthOf(title) <= room + 24 ? title : (title.split(', ')[0] ?? title)
}

/** From the foot of a box to its top. */
export function upright({ top, bottom }: Box, scale: Scale, title: string, text: AxisText): Axis {
  return { scale, title: fitting(title, bottom - top), marks: named(marksOf(scale, verticalMarks), text), look: 'grid' }
}

/** whole: no marks between integers. */
export function level({ left, right }: Box, scale: Scale, title: string, text: AxisText, whole: boolean): Axis {
  const most = Math.max(2, Math.floor((right - left) / 70))
  return { scale, title, marks: named(marksOf(scale, most, whole), text), look: 'ticks' }
}

/** Names stand left of the box, and a line goes across it at each. */
export function verticalAxis(box: Box, { scale, title, marks, look }: Axis, form: Form): Shape[] {
  if (look === 'bare') return []
  const middle = (box.top + box.bottom) / 2
  return [
    ...marks.flatMap(({ value, text: name }): Shape[] => {
      const at = scale.at(value)
      const from = form === 'paper' ? box.left - 4 : box.left
      const to = form === 'paper' ? box.left : box.right
      return [
        {
          is: 'line',
          points: [
            { x: from, y: at },
            { x: to, y: at },
          ],
          width: 1,
          colour: form === 'paper' ? 'ink' : 'line',
        },
        {
          is: 'text',
          x: box.left - 6,
          y: at + 4,
          text: name,
          anchor: 'end',
          colour: form === 'paper' ? 'ink' : 'quiet',
        },
      ]
    }),
    {
      is: 'text',
      x: 11,
      y: middle,
      text: title,
      anchor: 'middle',
      turned: true,
      colour: form === 'paper' ? 'ink' : 'quiet',
    },
  ]
}

/** Names stand below the box. */
export function horizontalAxis(box: Box, { scale, title, marks, look }: Axis, form: Form): Shape[] {
  if (look === 'bare') return []
  const colour = form === 'paper' ? 'ink' : 'quiet'
  if (look === 'grid')
    return marks.flatMap(({ value, text }): Shape[] => [
      {
        is: 'line',
        points: [
          { x: scale.at(value), y: box.top },
          { x: scale.at(value), y: box.bottom },
        ],
        width: 1,
        colour: 'line',
      },
      { is: 'text', x: scale.at(value), y: box.bottom + 14, text, anchor: 'middle', colour: 'quiet' },
    ])
  return [
    {
      is: 'line',
      points: [
        { x: box.left, y: box.bottom },
        { x: box.right, y: box.bottom },
      ],
      width: 1,
      colour,
    },
    ...marks.flatMap(({ value, text: name }): Shape[] => [
      {
        is: 'line',
        points: [
          { x: scale.at(value), y: box.bottom },
          { x: scale.at(value), y: box.bottom + 4 },
        ],
        width: 1,
        colour,
      },
      { is: 'text', x: scale.at(value), y: box.bottom + 16, text: name, anchor: 'middle', colour },
    ]),
    { is: 'text', x: (box.left + box.right) / 2, y: box.bottom + 31, text: title, anchor: 'middle', colour },
  ]
}

/** The box itself, which papers draw round their figures. */
export function edges(box: Box, form: Form): Shape[] {
  if (form === 'screen') return []
  const { left, top, right, bottom } = box
  const corners = [
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom],
    [left, top],
  ]
  return [{ is: 'line', points: corners.map(([x = 0, y = 0]) => ({ x, y })), width: 1, colour: 'ink' }]
}
