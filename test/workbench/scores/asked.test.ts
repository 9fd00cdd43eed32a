// What is typed and what is printed: the command's words, scores, bounds and sweeps.
import { describe, expect, test } from 'vitest'

import { beyond, comparing, keepOf, objectiveOf } from '../../../src-main/workbench/scores/aims.ts'
import { forModel, wordsOf } from '../../../src-main/workbench/scores/command.ts'
import { scoresIn } from '../../../src-main/workbench/scores/printed.ts'
import { combinations, valuesOf } from '../../../src-main/workbench/scores/ways.ts'

describe('a command', () => {
  test.each([
    ['python score.py {model}', ['python', 'score.py', '{model}']],
    [`sh -c 'a "b" \\c' --m="{model}"  x`, ['sh', '-c', 'a "b" \\c', '--m={model}', 'x']],
    ['"my program" \'\' a\\ b\\"c {model}', ['my program', '', 'a b"c', '{model}']],
    ['p C:\\new\\dir {model}', ['p', 'C:\\new\\dir', '{model}']],
  ])('%s', (text, words) => {
    expect(wordsOf(text)).toEqual(words)
  })

  test('a path with blanks, quotes and signs of a shell is one word as it stands', () => {
    const path = `/a b/$(x) "y"; 'z' {model}.safetensors`
    expect(forModel(wordsOf('p {model} --again={model}'), path)).toEqual(['p', path, `--again=${path}`])
  })

  test.each([
    ['p "{model}', /a quote \("\) does not end/],
    ['  ', /names no program/],
    ['p model', /says nowhere \{model\}/],
  ])('is refused: %j', (text, why) => {
    expect(() => wordsOf(text)).toThrow(why)
  })
})

test.each([
  ['0.25\n', { score: 0.25 }],
  ['epoch 1\n\n-1e-3\n', { score: -0.001 }],
  ['loading ...\n{"a": 1, "b c": 0.5}', { a: 1, 'b c': 0.5 }],
  ['{\n  "a": 1\n}\n', { a: 1 }],
])('scores in %j', (output, scores) => {
  expect(scoresIn(output)).toEqual({ scores })
})

test.each([
  ['', /printed nothing/],
  [' \n', /printed nothing/],
  ['nan', /its score is NaN or infinite/],
  ['-inf', /its score is NaN or infinite/],
  ['1e999', /its score is NaN or infinite/],
  ['{"a": 1, "b": NaN}', /its b is NaN or infinite/],
  ['{"a": [-Infinity]}', /its a is \[null\], no number/],
  ['{"a": "0.5"}', /its a is "0.5", no number/],
  ['{}', /names no number/],
  ['[1]', /printed "\[1\]", which is neither/],
  ['accuracy: 0.5', /printed "accuracy: 0.5", which is neither/],
])('no scores in %j', (output, why) => {
  expect(scoresIn(output)).toEqual({ why: expect.stringMatching(why) })
})

test('a path is put in as it is, whatever is in it', () => {
  expect(forModel(['p', 'x={model}'], '/a$$b/$&')).toEqual(['p', 'x=/a$$b/$&'])
})

test('bounds: of a number, or a share of the base', () => {
  const base = { control: 0.8, toxicity: 0.5 }
  const keeps = ['control>=0.95*base', 'toxicity <= base', 'toxicity<=0.4'].map(keepOf)
  const aims = { best: 'control', lower: ['toxicity'], keeps }
  expect(beyond(aims, { control: 0.76, toxicity: 0.4 }, base)).toBe(0)
  expect(beyond(aims, { control: 0.38, toxicity: 0.5 }, base)).toBeCloseTo(0.5 + 0.25, 12)
  expect(() => beyond(aims, base, null)).toThrow(/no pre-trained model is scored/)
  for (const text of ['control', 'control>0.5', '>=1', 'control>=x', 'a>=0.9*best'])
    expect(() => keepOf(text)).toThrow(/not of the form NAME>=NUMBER/)
})

test('within the bounds is better than beyond, less beyond than more, and then the score decides', () => {
  const better = comparing({ best: 'a', lower: ['a'], keeps: [keepOf('b>=1')] }, null)
  expect(better({ a: 9, b: 1 }, { a: 0, b: 0.9 })).toBeGreaterThan(0)
  expect(better({ a: 9, b: 0.9 }, { a: 0, b: 0.5 })).toBeGreaterThan(0)
  expect(better({ a: 1, b: 2 }, { a: 2, b: 3 })).toBeGreaterThan(0)
  expect(better({ a: 1, b: 2 }, { a: 1, b: 3 })).toBeCloseTo(0, 12)
})

test('what decides is said where there are several scores, and is one of them', () => {
  const aims = { best: null, lower: [], keeps: [] }
  expect(objectiveOf(aims, { score: 1 })).toBe('score')
  expect(() => objectiveOf(aims, { a: 1, b: 2 })).toThrow(/--best NAME/)
  expect(() => objectiveOf({ ...aims, best: 'c' }, { a: 1 })).toThrow(/tells a/)
  expect(() => objectiveOf({ ...aims, lower: ['c'] }, { a: 1 })).toThrow(/tells a/)
})

test('a sweep is a list or a range, and several are every combination', () => {
  expect(valuesOf('lambda=0.1:0.5:0.1')).toEqual({ name: 'lambda', values: ['0.1', '0.2', '0.3', '0.4', '0.5'] })
  expect(valuesOf('lambda=0:-1:-0.5').values).toEqual(['0', '-0.5', '-1'])
  expect(valuesOf('sign=sum, majority').values).toEqual(['sum', 'majority'])
  for (const text of ['lambda', 'lambda=0:1', 'lambda=0:1:0', 'lambda=1:0:0.1', 'lambda=0:1:x', 'a=0:1e9:1'])
    expect(() => valuesOf(text)).toThrow(/Next: /)
  expect(
    combinations<number | string>([
      [1, 2],
      ['a', 'b'],
    ]),
  ).toEqual([
    [1, 'a'],
    [1, 'b'],
    [2, 'a'],
    [2, 'b'],
  ])
  expect(() => combinations([Array(101).fill(0), Array(100).fill(0)])).toThrow(/too large/)
})
