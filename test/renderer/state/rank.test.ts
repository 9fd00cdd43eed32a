// What is found for some letters, best first: beginnings before middles, words before letters, and what was used lately
// before its equals.
import { expect, it } from 'vitest'

import { likeness, ranked } from '../../../src-renderer/state/palette/rank.ts'

const all = [
  'Merge…',
  'Export model',
  'Stop and keep',
  'Remove native TensorFlow',
  'Run 12: sweep of emergent',
  'Memory limit',
].map((title, i) => ({ id: `${i}`, title, more: i === 1 ? 'Run save write' : 'Action' }))
const found = (query: string, recent: string[] = []) => ranked(query, all, recent).map(({ title }) => title)

it('a beginning is before the beginning of a word, before any part, before letters in order', () => {
  expect(found('me')).toEqual(['Merge…', 'Memory limit', 'Run 12: sweep of emergent'])
  expect(likeness('me', 'merge…')).toBeGreaterThan(likeness('me', 'a merge'))
  expect(likeness('me', 'a merge')).toBeGreaterThan(likeness('me', 'emergent'))
  expect(likeness('me', 'emergent')).toBeGreaterThan(likeness('sk', 'stop and keep'))
  expect(likeness('xyz', 'merge…')).toBe(0)
})

it('every word has to be found, in any order, in the title or in what else is known', () => {
  expect(found('keep stop')).toEqual(['Stop and keep'])
  expect(found('save')).toEqual(['Export model'])
  expect(found('stop nothing')).toEqual([])
  expect(found('sak')[0]).toBe('Stop and keep')
})

it('what was used lately comes first where nothing is typed, and before its equals', () => {
  expect(found('', ['3', '1']).slice(0, 2)).toEqual(['Remove native TensorFlow', 'Export model'])
  const twins = ['a', 'b'].map((id) => ({ id, title: 'Use in a new run', more: '' }))
  expect(ranked('use', twins, ['b']).map(({ id }) => id)).toEqual(['b', 'a'])
})

it('gives no more than is shown, of ten thousand too', () => {
  const many = Array.from({ length: 10_000 }, (_, i) => ({ id: `${i}`, title: `Checkpoint ${i}`, more: 'fine-tuned' }))
  const some = ranked('checkpoint 9999', many)
  expect(some[0]?.title).toBe('Checkpoint 9999')
  expect(some.length).toBeLessThanOrEqual(50)
})
