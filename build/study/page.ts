// The measured part of docs/study.md, between its two marks, and its figure, written anew from what the study has by
// now and what was kept of other sittings (kept.ts). What people wrote around it stays.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { writeAtomic } from '../../src-main/files/write-atomic.ts'
import type { Workbench } from '../../src-main/workbench/workbench.ts'
import { figureOf } from './figure.ts'
import { keptWith } from './kept.ts'
import { kinds as all, type Kind, wentOnFrom } from './protocol.ts'
import { type KindResults, resultsOf } from './results.ts'
import { kindsTable, negationTable, overStarts, startsTable, workTable } from './tables.ts'
import type { Study } from './work.ts'

const [begins, ends] = ['<!-- measured: written by npm run study:worked -- --tables -->', '<!-- measured: end -->']

/** Where there is no page yet, one of the measured part alone; the figure lies beside it. */
export async function writePage(workbench: Workbench, study: Study, file: string): Promise<void> {
  const kinds = await keptWith(file.replace(/\.md$/, '.json'), resultsOf(workbench, study))
  const before = existsSync(file) ? readFileSync(file, 'utf8') : `${begins}\n${ends}\n`
  const put = (path: string, text: string) => writeAtomic(path, [Buffer.from(text)], { overwrite: true })
  await put(file, withMeasured(before, measuredLines(kinds)))
  await put(join(dirname(file), 'study.svg'), figureOf(kinds))
}

export function withMeasured(page: string, lines: readonly string[]): string {
  const [from, to] = [page.indexOf(begins), page.indexOf(ends)]
  if (from < 0 || to < from) throw new Error(`the page lacks "${begins}" or "${ends}" behind it`)
  return [page.slice(0, from + begins.length), '', ...lines, ''].join('\n') + page.slice(to)
}

export function measuredLines(kinds: readonly KindResults[]): string[] {
  const without = all.filter((kind) => kinds.every((one) => one.kind !== kind)).map(titled)
  return [
    ...workTable(kinds),
    ...(without.length > 0 ? ['', `Not measured yet: ${without.join(', ')}.`] : []),
    ...['', '### Kinds of fine-tuning', '', ...kindsTable(kinds)],
    ...['', '![Accuracy of every start and of what went on from it](study.svg)', ''],
    ...['### Over starts', '', ...overStarts(kinds)],
    ...kinds.flatMap((one) => [
      ...['', `### ${titled(one.kind)} vectors`, '', ...startsTable(one)],
      ...(wentOnFrom(one.kind).length < one.starts.size
        ? ['', 'Starts without DV-BASI are alone here: what goes on from them was left out for time.']
        : []),
    ]),
    ...['', '### Negation', '', ...negationTable(kinds)],
  ]
}

const titled = (kind: Kind): string =>
  ({ standard: 'Standard', linear: 'Linear', 'tau-jp': 'τJp', talos: 'TaLoS' })[kind]
