// What stands round the values of a picture: axes with their marks and titles, a quiet grid on screen, a box with marks
// on its edge and letters with serifs in the form that papers print.
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
export const paperLetters = "'Times New Roman', Times, 'Nimbus Roman', serif"
export const lettersOf = (form: Form): Pick<Scene, 'letters'> => (form === 'paper' ? { letters: paperLetters } : {})

export const verticalMarks = 5 // about that many

/** Pixels that the names of a vertical axis and its title take. */
export function leftFor(range: Pick<Scale, 'kind' | 'from' | 'to'>, text: AxisText): number {
  const names = named(marksOf(range, verticalMarks), text).map((mark) => widthOf(mark.text))
  return 24 + Math.max(12, ...names)
}

/** What fits: of "mean accuracy, validation" the part before the comma where there is no room for both. */
function fitting(title: string, room: number): string {
  return widthOf(title) <= room + 24 ? title : (title.split(', ')[0] ?? title)
}

/** Names stand left of the box, and a line goes across it at each. */
export function verticalAxis(box: Box, y: Scale, title: string, text: AxisText, form: Form): Shape[] {
  const marks = named(marksOf(y, verticalMarks), text)
  const middle = (box.top + box.bottom) / 2
  return [
    ...marks.flatMap(({ value, text: name }): Shape[] => {
      const at = y.at(value)
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
      text: fitting(title, box.bottom - box.top),
      anchor: 'middle',
      turned: true,
      colour: form === 'paper' ? 'ink' : 'quiet',
    },
  ]
}

interface Across {
  title: string
  text: AxisText
  whole: boolean // no marks between integers
}

/** Names stand below the box. */
export function horizontalAxis(box: Box, x: Scale, { title, text, whole }: Across, form: Form): Shape[] {
  const colour = form === 'paper' ? 'ink' : 'quiet'
  const most = Math.max(2, Math.floor((box.right - box.left) / 70))
  const marks = named(marksOf(x, most, whole), text)
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
          { x: x.at(value), y: box.bottom },
          { x: x.at(value), y: box.bottom + 4 },
        ],
        width: 1,
        colour,
      },
      { is: 'text', x: x.at(value), y: box.bottom + 16, text: name, anchor: 'middle', colour },
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
