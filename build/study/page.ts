// The measured part of docs/study.md, between its two marks, and its figure, written anew from what the study has by
// now. What people wrote around it stays.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { writeAtomic } from '../../src-main/files/write-atomic.ts'
import type { Workbench } from '../../src-main/workbench/workbench.ts'
import { inWords } from './clock.ts'
import { figureOf } from './figure.ts'
import { type Kind, wentOnFrom } from './protocol.ts'
import { type Results, resultsOf } from './results.ts'
import { hasAny, kindsTable, negationTable, overStarts, startsTable } from './tables.ts'
import { type Study, stepsOf } from './work.ts'

const [begins, ends] = ['<!-- measured: written by npm run study:worked -- --tables -->', '<!-- measured: end -->']

/** Where there is no page yet, one of the measured part alone; the figure lies beside it. */
export async function writePage(workbench: Workbench, study: Study, file: string): Promise<void> {
  const results = resultsOf(workbench, study)
  const steps = stepsOf(study)
  const done = steps.filter((step) => step.isDone(workbench)).length
  const before = existsSync(file) ? readFileSync(file, 'utf8') : `${begins}\n${ends}\n`
  const put = (path: string, text: string) => writeAtomic(path, [Buffer.from(text)], { overwrite: true })
  await put(file, withMeasured(before, measuredLines(results, { done, steps: steps.length, seeds: study.seeds })))
  await put(join(dirname(file), 'study.svg'), figureOf(results.kinds))
}

export function withMeasured(page: string, lines: readonly string[]): string {
  const [from, to] = [page.indexOf(begins), page.indexOf(ends)]
  if (from < 0 || to < from) throw new Error(`the page lacks "${begins}" or "${ends}" behind it`)
  return [page.slice(0, from + begins.length), '', ...lines, ''].join('\n') + page.slice(to)
}

export function measuredLines(
  { kinds: all, done, engines }: Results,
  { done: doneSteps, steps, seeds }: { done: number; steps: number; seeds: number },
): string[] {
  const [kinds, without] = [all.filter(hasAny), all.filter((one) => !hasAny(one)).map(({ kind }) => titled(kind))]
  const state =
    doneSteps === steps
      ? `All ${steps} steps of ${seeds} seeds are done`
      : `${doneSteps} of ${steps} steps of ${seeds} seeds are done; a row says of how many seeds it is`
  return [
    `${state}: ${done.tunings} fine-tunings and ${done.runs} runs, ${inWords(done.seconds)} of work by the engine's clock` +
      `${done.first && done.last ? `, from ${minute(done.first)} to ${minute(done.last)} UTC` : ''}; engine: ${engines.join(', ')}.`,
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
const minute = (iso: string): string => iso.slice(0, 16).replace('T', ' ')
