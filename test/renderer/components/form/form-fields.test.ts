// Fields of the schema as a form has them, and what is said where they are wrong.
import { describe, expect, it, test } from 'vitest'

import { configIssues } from '../../../../src-main/contract/run/resolve.ts'
import { formFields, issueText, textOf, valueOf } from '../../../../src-renderer/components/form/form-fields.ts'

describe('form fields', () => {
  const fields = formFields()

  it("come from the schema, the start's with its name before", () => {
    expect(fields.get('seed')).toMatchObject({ title: 'Seed', kind: 'number', fallback: '0' })
    expect(fields.get('start.method')?.choices).toContain('checkpoint')
    expect(fields.get('testEach')?.kind).toBe('switch')
    expect(fields.get('patience')?.words).toEqual(['none'])
    expect(fields.get('batch')?.words).toEqual(['all'])
    expect(fields.has('tasks')).toBe(false)
  })

  it('read what is typed, and leave nonsense for the schema to refuse', () => {
    const patience = { kind: 'number', words: ['none'] } as const
    const read = (text: string) => valueOf({ ...patience, words: [...patience.words] }, text)
    expect([read(''), read(' 5 '), read('none'), read('all'), read('1e-3'), read('x')]).toEqual([
      undefined,
      5,
      null,
      'all',
      0.001,
      'x',
    ])
    expect([textOf(undefined), textOf(null), textOf(0.1)]).toEqual(['', 'none', '0.1'])
  })
})

test('a number out of its limits, and one that is not whole, are told in words', () => {
  const heads = formFields().get('attentionHeads')
  const issue = (change: Record<string, unknown>, field: string) =>
    configIssues({
      pretrained: 'a',
      vectors: ['b'],
      tasks: [{ name: 't', data: 'd', head: 'h' }],
      method: 'atlas',
      ...change,
    }).find((i) => i.field === field)?.message ?? ''
  expect(issueText(heads, issue({ attentionHeads: 2.5 }, 'attentionHeads'))).toBe('type a whole number')
  expect(issueText(heads, issue({ attentionHeads: 'x' }, 'attentionHeads'))).toBe('type a number')
  expect(issue({ learningRate: 300 }, 'learningRate')).toBe('it has to be at most 10')
  expect(issue({ attentionHeads: 0 }, 'attentionHeads')).toBe('it has to be at least 1')
  expect(issue({ layerNormEps: 1 }, 'layerNormEps')).toBe('it has to be less than 1')
})
