// A reliability diagram as a picture: of images about which the model is so sure, how many it has right; the paler a
// bar, the fewer images. On the diagonal it is right as often as it is sure (Guo et al., ICML 2017, figure 1).
import type { TaskResult } from '../../../src-main/contract/api/evaluations.ts'
import { percent } from '../format.ts'
import { type AxisText, scaleBetween } from './axis.ts'
import { type Form, leftFor, lettersOf, level, upright } from './frame.ts'
import { type Mark, type Plot, sceneOf } from './plot.ts'
import type { Scene } from './shapes.ts'

type Bins = TaskResult['calibration']['bins']
const share: AxisText = (value, digits = 0) => percent(value, digits)
const largest = 330 // pixels

export function reliabilityPlot(bins: Bins, wanted: number, form: Form): Plot {
  const width = Math.min(wanted, largest)
  const left = Math.round(leftFor({ kind: 'linear', from: 0, to: 1 }, share))
  const side = Math.max(60, Math.round(width) - 22 - left)
  const box = { left, top: 20, right: left + side, bottom: 20 + side }
  const x = scaleBetween('linear', [0, 1], [box.left, box.right])
  const y = scaleBetween('linear', [0, 1], [box.bottom, box.top])
  const most = Math.max(1, ...bins.map(({ images }) => images))
  const bars = bins.flatMap(({ from, to, images, correct, confidence }): Mark[] => {
    if (images === 0) return []
    const top = y.at(correct / images)
    const opacity = Number((0.35 + 0.65 * Math.sqrt(images / most)).toFixed(3))
    const says = `${images} images, ${percent(confidence)} sure, ${percent(correct / images)} right`
    const place = { x: x.at(from) + 1, y: top, width: Math.max(1, x.at(to) - x.at(from) - 2), height: box.bottom - top }
    return [{ is: 'rectangle', ...place, colour: 'iteration-1', opacity, says }]
  })
  const corners = [
    { x: box.left, y: box.bottom },
    { x: box.right, y: box.top },
  ]
  return {
    ...{ width, height: box.bottom + 38, ...lettersOf(form), form, box },
    x: level(box, x, 'how sure', share, false),
    y: upright(box, y, 'how often right', share),
    under: [{ is: 'text', x: box.right, y: 12, text: 'paler: fewer images', anchor: 'end', colour: 'quiet' }],
    marks: [...bars, { is: 'line', points: corners, width: 1.2, dash: [4, 3], colour: 'ink' }],
    over: [],
  }
}

export const reliabilityScene = (bins: Bins, form: Form): Scene => sceneOf(reliabilityPlot(bins, largest, form))
