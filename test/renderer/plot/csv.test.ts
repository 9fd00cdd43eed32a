// Rows as CSV.
import { expect, it } from 'vitest'

import { csvOf, seriesCsv } from '../../../src-renderer/plot/csv.ts'

it('quotes what would break a row, and gives every point with all its digits', () => {
  expect(csvOf([['a,b', 'say "no"', 'two\nlines', null, 1 / 3]])).toBe(
    '"a,b","say ""no""","two\nlines",,0.3333333333333333\r\n',
  )
  const lines = [
    {
      stage: 0,
      name: 'Start, long',
      points: [
        { x: 0, y: 0.1 },
        { x: 3, y: Number.NaN },
      ],
    },
  ]
  expect(seriesCsv([{ chart: 'loss', lines }])).toBe(
    'chart,series,x,y\r\nloss,"Start, long",0,0.1\r\nloss,"Start, long",3,NaN\r\n',
  )
})
