// Words and lines beside what Chart.js draws, on its canvas.
import type { Beside } from '../../plot/picture/plot.ts'
import { textSize } from '../../plot/picture/shapes.ts'
import { colour, fontFamily } from './palette.svelte.ts'

export function paint(context: CanvasRenderingContext2D, shapes: readonly Beside[]): void {
  context.save()
  context.textBaseline = 'alphabetic'
  for (const shape of shapes) {
    context.globalAlpha = shape.opacity ?? 1
    context.fillStyle = colour(shape.colour)
    if (shape.is === 'text') write(context, shape)
    else {
      context.strokeStyle = context.fillStyle
      context.lineWidth = shape.width
      context.setLineDash([...(shape.dash ?? [])])
      context.beginPath()
      for (const { x, y } of shape.points) context.lineTo(x, y)
      context.stroke()
    }
  }
  context.restore()
}

function write(context: CanvasRenderingContext2D, shape: Extract<Beside, { is: 'text' }>): void {
  const { x, y, text, anchor = 'start', size = textSize, bold = false } = shape
  context.font = `${bold ? '600 ' : ''}${size}px ${fontFamily()}`
  context.textAlign = anchor === 'middle' ? 'center' : anchor
  context.fillText(text, x, y)
}
