// Which fields a method shows.
import { describe, expect, it } from 'vitest'

import { formFields, issueText, textOf, valueOf } from '../../../../src-renderer/components/form/form-fields.ts'
import { groupsOf } from '../../../../src-renderer/components/form/form-groups.ts'

describe('the form of a method', () => {
  const none: Record<'value' | 'issue', (name: string) => boolean> = { value: () => false, issue: () => false }
  const chosen = { method: 'dv-basi', start: 'atlas', objective: 'cross-entropy', linearised: 'no', aims: ['learn'] }
  const all = formFields()
  const names = (of: Partial<typeof chosen>, has = none) =>
    groupsOf(all.keys(), { ...chosen, ...of }, has).flatMap((g) => g.names)

  it('has every field of the schema somewhere, each once', () => {
    const everything = names(
      { objective: 'ufm', linearised: 'jvp', aims: ['forget', 'keep'], method: 'dv-basi' },
      { value: () => true, issue: () => true },
    )
    expect(new Set(everything).size).toBe(everything.length)
    expect([...all.keys()].filter((name) => !everything.includes(name) && name !== 'pretrained')).toEqual([])
  })

  it('leaves out what a method does not read, unless it is wrong or says something', () => {
    expect(names({ method: 'task-arithmetic' })).not.toContain('learningRate')
    expect(names({ method: 'task-arithmetic' }, { ...none, issue: (name) => name === 'steps' })).toContain('steps')
    expect(names({ method: 'atlas' })).not.toContain('start.epochs')
    expect(names({ start: 'checkpoint' })).toContain('start.checkpoint')
    expect(names({ start: 'checkpoint' })).not.toContain('start.learningRate')
    expect(names({})).not.toContain('ufm')
    expect(names({ objective: 'ufm' })).toContain('ufm')
    expect(names({ aims: ['forget', 'keep'] })).toContain('keep')
    expect(names({}, { ...none, value: (name) => name === 'trim' })).toContain('trim')
  })

  it('reads a clamp as two numbers, or none', () => {
    const clamp = all.get('clamp') ?? { kind: 'text' as const, words: [] }
    expect([valueOf(clamp, '0, 1'), valueOf(clamp, '-1 1.5'), valueOf(clamp, 'none')]).toEqual([
      [0, 1],
      [-1, 1.5],
      null,
    ])
    expect([valueOf(clamp, '1'), valueOf(clamp, '0, x')]).toEqual(['1', '0, x'])
    expect(textOf([0, 1])).toBe('0, 1')
    expect(issueText(all.get('clamp'), 'it has to be a list of a fixed length, and is a number')).toBe(
      'type two numbers or none',
    )
  })
})
