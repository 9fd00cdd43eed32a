// The table of a study: on screen, as CSV and as Markdown.
import { describe, expect, it } from 'vitest'

import { spreadText, studyCsv, studyMarkdown, studySentence } from '../../../../src-renderer/plot/study/table.ts'
import { one, second, study, whole } from '../../study-fixture.ts'

describe('a study’s table', () => {
  it('shows mean ± deviation in points, and the mean alone where there is one seed', () => {
    expect(spreadText(whole.table[0]?.accuracy ?? null)).toBe('71.0 ± 1.0 %')
    expect(spreadText({ mean: 0.5, deviation: null })).toBe('50.0 %')
    expect(spreadText(null)).toBe('–')
  })

  it('is a CSV of all digits in which a name with commas and quotes stays one cell', () => {
    const [head, first, last, end] = studyCsv(whole).split('\r\n')
    expect(head?.split(',').slice(0, 5)).toEqual(['arm', 'seeds', 'parts', 'accuracy', 'accuracy_sd'])
    expect(first?.split(',')).toHaveLength(head?.split(',').length ?? 0)
    expect(first).toMatch(/^first,3,1,0\.71,0\.01\d*,/)
    expect(last).toMatch(/^"a, ""quoted"" \| arm",3,1,0\.7366/)
    expect(last).toContain(',0.715,') // the printed 71.5 %
    expect(end).toBe('')
  })

  it('carries the mark of test images that were seen wherever it goes', () => {
    const seen = { task: 'A', split: 'training' as const, images: 3, of: 50, unlabelled: false }
    const marked = study([{ ...one('first', 0, 0.7), leaks: [seen] }, one(second, 0, 0.7)])
    expect(studyCsv(marked)).toContain(',3 of 50 test images of A are learning images too,')
    expect(studyMarkdown(marked)).toContain('| first (3 of 50 test images of A are learning images too) |')
  })

  it('is a Markdown table in which a bar in a name does not open a column', () => {
    const lines = studyMarkdown(whole).split('\n').slice(2)
    expect(lines).toHaveLength(4)
    expect(new Set(lines.map((line) => line.replaceAll('\\|', '').split('|').length)).size).toBe(1)
    expect(lines[3]).toContain('+2.7 pt')
  })

  it('names the highest arm, equal ones together, and those that are not measured yet', () => {
    expect(studySentence(whole.table)).toBe(`${second} is highest of 2: 73.7 ± 2.1 %, +2.7 pt to first.`)
    const equal = study([one('first', 0, 0.7), one(second, 0, 0.7)])
    expect(studySentence(equal.table)).toContain('are equal, and highest of 2: 70.0 %')
    expect(studySentence(study([one('first', 0, 0.7), one(second, 0, null)]).table)).toContain(
      '1 of 2 arms are not measured yet',
    )
    expect(studySentence(study([one('first', 0, null)]).table)).toBe('No arm has a finished seed yet.')
  })
})
