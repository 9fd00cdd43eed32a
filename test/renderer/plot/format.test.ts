// Numbers and sentences as people read them.
import { describe, expect, it, test } from 'vitest'

import {
  asSentence,
  bytes,
  coefficient,
  counted,
  duration,
  fileName,
  percent,
  points,
  short,
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
