// Of a study whose arms have parts (targets, models), a table with a row a part: accuracy of each arm, the mean over
// seeds. As Markdown.

import type { StudyDetail, StudyRun } from '../../contract/api/studies.ts'
import { sum } from '../../numbers/vectors.ts'

/** Nothing where no arm has parts. */
export function partLines({ runs }: Pick<StudyDetail, 'runs'>): string[] {
  const parts = [...new Set(runs.map(({ part }) => part).filter(Boolean))]
  const arms = [...new Set(runs.map(({ arm }) => arm))]
  if (parts.length === 0) return []
  const mean = (of: readonly StudyRun[], field: 'accuracy' | 'pretrained' | 'finetuned'): string => {
    const values = of.flatMap((run) => run[field] ?? [])
    return values.length ? ((100 * sum(values)) / values.length).toFixed(1) : ''
  }
  const rows = parts.map((part) => {
    const own = runs.filter((run) => run.part === part)
    const byArm = arms.map((arm) =>
      mean(
        own.filter((run) => run.arm === arm),
        'accuracy',
      ),
    )
    return [part, mean(own, 'pretrained'), ...byArm, mean(own, 'finetuned')]
  })
  const head = ['', 'pre-trained', ...arms, 'fine-tuned']
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)]
}
