// Every question that a window asks of a history of ten thousand runs, with a million coefficients and half a million
// steps: how long it takes is told, and judged only against what would be another way of asking.
import { expect, test } from 'vitest'

import { type RunId, runId } from '../../src-main/contract/branded.ts'
import { runDetail } from '../../src-main/history/detail.ts'
import { coefficientsOf } from '../../src-main/history/epochs.ts'
import { listEvaluations, openingsOf } from '../../src-main/history/evaluations.ts'
import { jobsOf } from '../../src-main/history/jobs.ts'
import { groupsOf, listRuns, overviewOf } from '../../src-main/history/listing/list.ts'
import { expectedSeconds } from '../../src-main/history/run-times.ts'
import { listStudies } from '../../src-main/history/studies.ts'
import { studyRunsOf } from '../../src-main/history/study-places.ts'
import { listTunings } from '../../src-main/history/tunings/detail.ts'
import { countOf, tell } from '../faults/promises.ts'
import { putMany } from './many.ts'
import { folder, opened } from './rows.ts'

const thousands = countOf('R20')
const times = 40 // each question is asked

test('every question of the window over ten thousand runs is answered, by an index, in the time that is told', async () => {
  const began = performance.now()
  const history = await opened(folder())
  putMany(history, thousands * 1000, 5)
  const { db } = history
  const numbers = db.prepare('SELECT run FROM runs ORDER BY run').pluck().all() as number[]
  const some = (i: number): RunId => runId(numbers[(i * 7919) % numbers.length] ?? 0)
  const count = (text: string): number => Number(db.prepare(text).pluck().get())
  expect(numbers).toHaveLength(thousands * 1000)
  expect(count('SELECT count(*) FROM epochs') * 10).toBe(thousands * 100_000) // coefficients
  expect(count('SELECT total((length(losses) - 8) / 8) FROM epochs')).toBeGreaterThanOrEqual(thousands * 50_000)

  const table = milliseconds(() => listRuns(history, { limit: 1 })) // made at the first question
  const page = { limit: 100 }
  const questions: Record<string, (i: number) => unknown> = {
    'a page': (i) => listRuns(history, { ...page, offset: (i * 211) % numbers.length }),
    'in another order': (i) =>
      listRuns(history, { ...page, sort: { by: i % 2 ? 'accuracy' : 'name', down: i % 4 > 1 }, query: `seed<${i}` }),
    filtered: (i) => listRuns(history, { ...page, query: `method:ties state:done seed:${i % 7} run>${i}` }),
    searched: (i) => listRuns(history, { ...page, query: `sweep learningrate 0.${i * 37} ` }),
    grouped: (i) => groupsOf(history, { group: i % 2 ? 'study' : 'day', query: `run>${i}` }),
    overview: () => overviewOf(history),
    'one run': (i) => runDetail(history, some(i)),
    'its curves': (i) => Array.from({ length: 10 }, (_, epoch) => coefficientsOf(history, some(i), 0, epoch)),
    'eight compared': (i) => Array.from({ length: 8 }, (_, k) => runDetail(history, some(i * 8 + k))),
    studies: () => listStudies(history),
    'one study': (i) => studyRunsOf(history, 1 + (i % 3)),
    'fine-tunings': () => listTunings(history),
    evaluations: () => listEvaluations(history),
    'openings of test data': (i) => openingsOf(history, [`/models/${i}.data#test`]),
    queue: () => jobsOf(history),
    'seconds to expect': (i) => expectedSeconds(history, some(i)),
  }
  const asked = new Set<string>()
  const prepare = db.prepare.bind(db)
  db.prepare = ((text: string) => {
    asked.add(text)
    return prepare(text)
  }) as typeof db.prepare
  const p95 = Object.entries(questions).map(([name, ask]) => {
    const taken = Array.from({ length: times }, (_, i) => milliseconds(() => ask(i))).sort((a, b) => a - b)
    return [name, taken[Math.ceil(times * 0.95) - 1] ?? Number.NaN] as const
  })
  db.prepare = prepare

  const scans = [...asked].flatMap((text) =>
    (db.prepare(`EXPLAIN QUERY PLAN ${text}`).all(parametersOf(text)) as { detail: string }[])
      .map(({ detail }) => detail)
      .filter((step) => /^SCAN \w+$/.test(step) && large.test(step))
      .map((step) => `${step}: ${text}`),
  )
  const told = p95.map(([name, value]) => `${name} ${value.toFixed(1)}`).join(', ')
  const size = `${numbers.length} runs, first list ${table.toFixed(0)} ms`
  tell('R20', began, { count: thousands, lost: scans.length, differ: 0, besides: `${size}, p95 in ms: ${told}` })
  expect(scans).toEqual([])
  expect(asked.size).toBeGreaterThan(20)
})

const large = /SCAN (epochs|stages|evaluations|parents|resume)\b/

function milliseconds(act: () => unknown): number {
  const began = performance.now()
  act()
  return performance.now() - began
}

function parametersOf(text: string): Record<string, number | string> {
  return Object.fromEntries([...text.matchAll(/:(\w+)/g)].map(([, name]) => [name, '[]']))
}
