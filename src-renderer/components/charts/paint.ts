// A scene of plot/picture on a canvas: the same shapes that its SVG has.
import { type Scene, type Shape, textSize } from '../../plot/picture/shapes.ts'
import { colour, fontFamily } from './palette.svelte.ts'

/** As sharp as the screen is. */
export function paint(canvas: HTMLCanvasElement, { width, height, shapes }: Scene): void {
  const scale = devicePixelRatio
  const [w, h] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))]
  if (canvas.width !== w) canvas.width = w
  if (canvas.height !== h) canvas.height = h
  const context = canvas.getContext('2d')
  if (!context) return
  context.setTransform(scale, 0, 0, scale, 0, 0)
  context.clearRect(0, 0, width, height)
  context.lineJoin = 'round'
  for (const shape of shapes) draw(context, shape)
}

const ink = (name: string): string => (name.startsWith('rgb') ? name : colour(name))

function draw(context: CanvasRenderingContext2D, shape: Shape): void {
  context.globalAlpha = shape.opacity ?? 1
  context.fillStyle = ink(shape.colour)
  context.strokeStyle = context.fillStyle
  switch (shape.is) {
    case 'line':
      context.lineWidth = shape.width
      context.setLineDash([...(shape.dash ?? [])])
      context.beginPath()
      for (const { x, y } of shape.points) context.lineTo(x, y)
      context.stroke()
      context.setLineDash([])
      break
    case 'rectangle':
      context.fillRect(shape.x, shape.y, shape.width, shape.height)
      if (shape.edge) {
        context.lineWidth = 1
        context.strokeStyle = ink(shape.edge)
        context.strokeRect(shape.x, shape.y, shape.width, shape.height)
      }
      break
    case 'dot':
      context.beginPath()
      context.arc(shape.x, shape.y, shape.radius, 0, 2 * Math.PI)
      context.fill()
      break
    case 'cross':
      context.lineWidth = 2
      context.beginPath()
      context.moveTo(shape.x - shape.reach, shape.y - shape.reach)
      context.lineTo(shape.x + shape.reach, shape.y + shape.reach)
      context.moveTo(shape.x + shape.reach, shape.y - shape.reach)
      context.lineTo(shape.x - shape.reach, shape.y + shape.reach)
      context.stroke()
      break
    case 'text':
      drawText(context, shape)
  }
  context.globalAlpha = 1
}

function drawText(context: CanvasRenderingContext2D, shape: Extract<Shape, { is: 'text' }>): void {
  const { x, y, text, anchor = 'start', size = textSize, bold = false, turned = false } = shape
  context.font = `${bold ? '600 ' : ''}${size}px ${fontFamily()}`
  context.textAlign = anchor === 'middle' ? 'center' : anchor
  context.save()
  context.translate(x, y)
  if (turned) context.rotate(-Math.PI / 2)
  context.fillText(text, 0, 0)
  context.restore()
}
