// A tab that is not in front says how far the work is, in its title and its icon.
import { expect, test } from 'vitest'

import { tabIcon, tabTitle } from '../../../../src-renderer/plot/queue/signs.ts'

test('the title says what is at work and how far, and else is the page’s own', () => {
  expect(tabTitle('History', { count: 0, share: null, first: '' })).toBe('History · Basil')
  expect(tabTitle('History', { count: 1, share: 0.347, first: 'Run 1' })).toBe('34 % · Run 1 · Basil')
  expect(tabTitle('History', { count: 1, share: null, first: 'Study 2' })).toBe('Study 2 · Basil')
  expect(tabTitle('History', { count: 2, share: 0.999, first: 'Run 1' })).toBe('99 % · 2 jobs · Basil')
})

test('the icon is a picture without anything from elsewhere, and changes with every twentieth', () => {
  const at = (share: number | null, count = 1) => decodeURIComponent(tabIcon({ count, share, first: '' }))
  expect(at(0.5)).toMatch(/^data:image\/svg\+xml,<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/)
  expect(at(0.5)).toContain('stroke-dasharray="18.85 37.70"')
  expect(at(null)).toContain('stroke-dasharray="3 3"')
  expect(at(0.5)).toBe(at(0.51))
  expect(at(0.5)).not.toBe(at(0.56))
  expect(at(null, 0)).not.toContain('stroke')
})
