// The list of checkpoints, searched and sorted.
import { describe, expect, it } from 'vitest'

import type { Entry } from '../../../../src-main/contract/api/library.ts'
import { arrange } from '../../../../src-renderer/state/checkpoints/arrange.ts'
import { entry } from '../../entry-fixture.ts'

describe('the list of checkpoints', () => {
  const all = [
    entry(1, { name: 'b10.pt', role: 'pre-trained', tags: ['mine'] }),
    entry(2, { name: 'b9.pt', state: 'missing', tensors: null }),
    entry(3, { name: 'a.pt', twins: [1], dataset: 'MNIST' }),
  ]
  const any = { search: '', role: '', state: '', tag: '' } as const
  const names = (rows: Entry[]) => rows.map((e) => e.name)
  const byName = { key: 'name', down: false } as const

  it('is found by words anywhere in the row, and narrowed', () => {
    expect(names(arrange(all, any, byName))).toEqual(['a.pt', 'b9.pt', 'b10.pt'])
    expect(names(arrange(all, { ...any, search: 'MNIST  fine' }, byName))).toEqual(['a.pt'])
    expect(names(arrange(all, { ...any, search: '1111' }, byName))).toEqual(['b10.pt'])
    expect(names(arrange(all, { ...any, role: 'pre-trained' }, byName))).toEqual(['b10.pt'])
    expect(names(arrange(all, { ...any, state: 'missing' }, byName))).toEqual(['b9.pt'])
    expect(names(arrange(all, { ...any, state: 'twins' }, byName))).toEqual(['a.pt'])
    expect(names(arrange(all, { ...any, tag: 'mine' }, byName))).toEqual(['b10.pt'])
  })

  it('is sorted by a column, with rows that have no value last either way', () => {
    expect(names(arrange(all, any, { key: 'bytes', down: true }))).toEqual(['a.pt', 'b9.pt', 'b10.pt'])
    expect(names(arrange(all, any, { key: 'tensors', down: false })).at(-1)).toBe('b9.pt')
    expect(names(arrange(all, any, { key: 'tensors', down: true })).at(-1)).toBe('b9.pt')
  })
})
