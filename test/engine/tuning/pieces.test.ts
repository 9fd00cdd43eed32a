// A batch is cut so that nothing is lost, no piece is larger than it may be, and the first one has what room gradients
// leave it.
import { expect, test } from 'vitest'

import { piecesOf } from '../../../src-main/engine/tuning/pieces.ts'

test.each([
  [32, 16, 0, [16, 16]],
  [40, 16, 0, [14, 14, 12]],
  [32, 8, 16, [20, 6, 6]], // ViT-B/32 on a processor
  [32, 11, 16, [24, 8]],
  [32, 21, 16, [32]],
  [5, 21, 16, [5]],
  [128, 11, 16, [27, 11, 11, 11, 11, 11, 11, 11, 11, 11, 2]],
  [3, 1, 16, [1, 1, 1]], // one at a time is all that fits
])('%i images, %i at a time and %i beyond at first', (images, size, spare, pieces) => {
  expect(piecesOf(images, size, spare)).toEqual(pieces)
})

test('all images, in pieces that fit', () => {
  for (let images = 1; images <= 70; images++)
    for (let size = 1; size <= 40; size += 3)
      for (const spare of [0, 1, 7, 50]) {
        const pieces = piecesOf(images, size, spare)
        expect(pieces.reduce((a, b) => a + b)).toBe(images)
        expect(Math.min(...pieces)).toBeGreaterThan(0)
        expect(Math.max(...pieces.slice(1), 0)).toBeLessThanOrEqual(size)
        expect(pieces[0]).toBeLessThanOrEqual(size + spare)
      }
})
