// Numbers and sentences as people read them.
import { describe, expect, it, test } from 'vitest'

import {
  asSentence,
  bytes,
  coefficient,
  counted,
  duration,
  fileName,
  type NumberLook,
  percent,
  points,
  short,
  writeSharesAs,
} from '../../../src-renderer/plot/format.ts'

describe('format', () => {
  it('writes numbers as people read them', () => {
    expect([percent(0.87314), percent(null), points(-0.0123), points(0.00001), coefficient(-0.1)]).toEqual([
      '87.3 %',
      '–',
      '−1.2 pt',
      '0.0 pt',
      '−0.1000',
    ])
    expect([bytes(0), bytes(1536), bytes(412_000_000), short(86_567_834), short(9_000)]).toEqual([
      '0 B',
      '1.50 KiB',
      '392.9 MiB',
      '86.6 M',
      '9,000',
    ])
    expect([duration(3.2), duration(83), duration(4983), duration(200_000), duration(Number.NaN)]).toEqual([
      '3 s',
      '1 min 23 s',
      '1 h 23 min',
      '2 d 7 h',
      '–',
    ])
    expect([fileName('/a/b.pt#x'), fileName('C:\\m\\c.pt')]).toEqual(['b.pt#x', 'c.pt'])
  })
})

test('sentences begin with a capital, but names of files and fields keep their letters', () => {
  expect(asSentence('its checksum does not fit')).toBe('Its checksum does not fit.')
  expect(asSentence('start.learningRate: it has to be at most 10')).toBe('start.learningRate: it has to be at most 10.')
  expect(asSentence('config.json beside a.pt is used!')).toBe('config.json beside a.pt is used!')
  expect([counted(1, 'run'), counted(2, 'run')]).toEqual(['1 run', '2 runs'])
})

it('writes 0 without a sign', () => {
  expect([percent(-0.0001), percent(-0.0001, 0), percent(-0.001)]).toEqual(['0.0 %', '0 %', '-0.1 %'])
})

it('writes every share as was chosen: percent or decimals, with so many digits', () => {
  let look: NumberLook = { as: 'decimal', digits: 1 }
  writeSharesAs(() => look)
  expect([percent(0.87312), points(-0.024), percent(null)]).toEqual(['0.873', '−0.024', '–'])
  look = { as: 'percent', digits: 3 }
  expect([percent(0.87312), points(0.024), percent(0.5, 0)]).toEqual(['87.312 %', '+2.400 pt', '50 %'])
  writeSharesAs(() => ({ as: 'percent', digits: 1 }))
})
