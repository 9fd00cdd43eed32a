// Lines as pictures: what is no number is a mark and a break, a lone point is seen, logarithms leave out and count,
// long lines are thinned and keep their peaks, and the SVG of it all is sound.
import { describe, expect, it } from 'vitest'

import { figure, percent } from '../../../../src-renderer/plot/format.ts'
import {
  type LineSpec,
  linePicture,
  nearestTo,
  partsOf,
  readings,
} from '../../../../src-renderer/plot/picture/lines.ts'
import { svgOf } from '../../../../src-renderer/plot/picture/shapes.ts'

const look = { smoothing: 0, logX: false, logY: false }
const line = (values: number[], stage = 1, from = 0) => ({
  stage,
  name: `Iteration ${stage}`,
  points: values.map((y, i) => ({ x: from + i, y })),
})
const picture = (change: Partial<LineSpec> & Pick<LineSpec, 'lines'>) =>
  linePicture({ x: 'step', y: 'loss', yText: figure, look, width: 600, height: 220, ...change })
const ofLine = (shapes: ReturnType<typeof picture>['scene']['shapes'], stage = 1) =>
  shapes
    .filter((s) => s.is === 'line' && s.colour === `iteration-${stage}`)
    .map((s) => (s.is === 'line' ? s.points : []))

describe('lines', () => {
  it('are not joined over what is no number, which is a cross', () => {
    const { scene } = picture({ lines: [line([1, 2, Number.NaN, 3, 4, Number.POSITIVE_INFINITY, 5, 6])] })
    expect(ofLine(scene.shapes).map((points) => points.length)).toEqual([2, 2, 2])
    expect(scene.shapes.filter(({ is }) => is === 'cross')).toHaveLength(2)
  })

  it('that lie over one another are named in a file, which has no key beside it, each once', () => {
    const lines = [line([1, 2], 1), line([2, 1], 2), line([3, 1], 2)]
    const named = (change: Partial<LineSpec>) =>
      picture({ lines, ...change }).scene.shapes.flatMap((s) =>
        s.is === 'text' && s.text.startsWith('Iteration') ? [s.text] : [],
      )
    expect(named({ overlaid: true })).toEqual(['Iteration 1', 'Iteration 2'])
    expect(picture({ lines, overlaid: true }).plot.over).toEqual([]) // the window has a key
    expect(named({ overlaid: true, lines: lines.slice(0, 1) })).toEqual([])
  })

  it('show a single point as a dot', () => {
    const { scene } = picture({ lines: [line([0.4])] })
    expect(scene.shapes.filter((s) => s.is === 'dot' && s.colour === 'iteration-1')).toHaveLength(1)
    expect(ofLine(scene.shapes)).toEqual([])
  })

  it('count what a logarithmic axis leaves out', () => {
    const lines = [line([0.1, 0, -1, 10, 100])]
    expect(picture({ lines }).leftOut).toBe(0)
    expect(picture({ lines, look: { ...look, logY: true } }).leftOut).toBe(2)
    expect(picture({ lines, look: { ...look, logX: true } }).leftOut).toBe(1) // step 0
  })

  it('keep the raw line faintly behind the smoothed one', () => {
    const { scene } = picture({ lines: [line([1, 3, 1, 3, 1])], look: { ...look, smoothing: 0.8 } })
    const drawn = scene.shapes.filter((s) => s.is === 'line' && s.colour === 'iteration-1')
    expect(drawn.map(({ opacity }) => opacity ?? 1)).toEqual([0.3, 1])
    const [raw = [], smooth = []] = ofLine(scene.shapes)
    const reach = (points: readonly { y: number }[]) =>
      Math.max(...points.map(({ y }) => y)) - Math.min(...points.map(({ y }) => y))
    expect(reach(smooth)).toBeLessThan(reach(raw))
  })

  it('of a hundred thousand steps are a few points a pixel, with their one peak', () => {
    const values = Array.from({ length: 100_000 }, (_, i) => (i === 54_321 ? 9 : Math.sin(i / 500)))
    const { scene, y } = picture({ lines: [line(values)] })
    const points = ofLine(scene.shapes).flat()
    expect(points.length).toBeLessThan(600 * 4 + 10)
    expect(Math.min(...points.map((p) => p.y))).toBeCloseTo(y.at(9), 6)
  })

  it('zoomed in end at the edge of the box, and take their height from what is seen', () => {
    const { scene, box, y } = picture({ lines: [line([0, 1, 2, 3, 1000])], zoom: [0.5, 2.5] })
    const points = ofLine(scene.shapes).flat()
    expect([points[0]?.x, points.at(-1)?.x].map((x) => Math.round(x ?? 0))).toEqual([
      Math.round(box.left),
      Math.round(box.right),
    ])
    expect(y.to).toBeLessThan(10)
  })

  it('have every pin marked where it is', () => {
    const { scene, x } = picture({ lines: [line([1, 2, 3])], pins: [1, 99] })
    const pinned = scene.shapes.filter((s) => s.is === 'dot' && s.colour === 'ink')
    expect(pinned.map((s) => (s.is === 'dot' ? s.x : 0))).toEqual([x.at(1)])
  })

  it('come with a box, letters with serifs and a legend as a figure of a paper', () => {
    const { scene } = picture({ lines: [line([1, 2]), line([2, 3], 2, 1)], form: 'paper', width: 420, height: 300 })
    const svg = svgOf(scene, () => '#000', 'figure', '#fff').text
    expect(svg).toContain('Times New Roman')
    expect(svg).toContain('>Iteration 2</text>')
    expect(svg).not.toMatch(/<script|href|@font-face|url\(/)
  })
})

describe('a part of a line', () => {
  it('is cut where it leaves and comes back', () => {
    const points = [0, 10, 20, 30, 40].map((x) => ({ x, y: x }))
    expect(partsOf(points, { left: 5, right: 25 })).toEqual([
      [
        { x: 5, y: 5 },
        { x: 10, y: 10 },
        { x: 20, y: 20 },
        { x: 25, y: 25 },
      ],
    ])
    expect(partsOf([...points].reverse(), { left: 15, right: 25 })[0]).toEqual([
      { x: 25, y: 25 },
      { x: 20, y: 20 },
      { x: 15, y: 15 },
    ])
  })
})

describe('what is read at a place', () => {
  it('is the nearest point of each line that goes through it', () => {
    const lines = [line([1, 2, 3]), line([5, 6], 2, 10)]
    expect(readings(lines, 1.2).map(({ name, x, y }) => [name, x, y])).toEqual([['Iteration 1', 1, 2]])
    expect(readings(lines, 5)).toEqual([])
    expect(nearestTo(line([7, 8, 9]).points, 1.6)).toEqual({ x: 2, y: 9 })
    const two = [line([0, 0]), line([9, 9], 2)]
    expect(readings(two, 0, 8).map(({ name }) => name)).toEqual(['Iteration 2', 'Iteration 1'])
  })
})

it('a text in a picture is text, whatever it holds', () => {
  const evil = '"><script>alert(1)</script>&\'</svg>'
  const { scene } = picture({ lines: [{ ...line([0.1, 0.2]), name: evil }], y: evil, yText: percent })
  const svg = svgOf(scene, () => '#000', evil).text
  expect(svg).not.toContain('<script')
  expect(svg.match(/<\/svg>/g)).toHaveLength(1)
})
