// Lists of runs against a plain filter and sort over rows that were read one by one: two thousand random queries, every
// order, groups; and what is told of a query that is wrong.
import { expect, test } from 'vitest'

import type { ListedRun, SortKey } from '../../src-main/contract/api/runs.ts'
import { type RunId, runId } from '../../src-main/contract/branded.ts'
import { closeness, dayOf, fieldOf, folded, numberIn, spanIn } from '../../src-main/contract/run/query/fields.ts'
import { asksForTrash, printQuery, type Query, type Term } from '../../src-main/contract/run/query/query.ts'
import { foundRuns, groupsOf, listRuns, overviewOf } from '../../src-main/history/listing/list.ts'
import { markRuns, tagRuns, trashRuns } from '../../src-main/history/marks.ts'
import { createRun, endRun } from '../../src-main/history/runs.ts'
import type { History } from '../../src-main/history/statement.ts'
import { createStudy, forgetStudy, putStudyRun } from '../../src-main/history/studies.ts'
import { randomQuery } from '../contract/run/random-query.ts'
import { folder, opened, read, toyConfig } from './rows.ts'

const states = ['done', 'stopped', 'failed', 'cancelled', 'interrupted'] as const
const names = [
  'Sweep of "cars": 0.1',
  'über alles',
  'ATLAS a b',
  'x-1',
  "'; DROP TABLE runs; --",
  '100 %_ sure',
  'run 3',
]

/** Forty runs that differ in everything a list can ask for. */
function putRuns(history: History): RunId[] {
  const runs = Array.from({ length: 40 }, (_, i) => {
    const method = (['dv-basi', 'atlas', 'task-arithmetic'] as const)[i % 3]
    const change = {
      name: names[i % names.length] ?? '',
      method,
      seed: i % 5,
      ...(method === 'dv-basi' ? { iterations: 1 + (i % 3) } : { start: undefined, iterations: undefined }),
      pretrained: `base-${i % 2 ? 'B-32' : 'L-14'}.pt`,
      ...(method === 'atlas' && { linearised: 'jvp' as const }),
    }
    const made = createRun(
      history,
      toyConfig(change),
      new Date(Date.UTC(2026, 9 + (i % 2), 1 + (i % 7), 20)),
      'interrupted',
    )
    const state = states[i % states.length] ?? 'done'
    endRun(history, made, state, new Date(), null, [5, 90, 600, 5400][i % 4] ?? 0)
    const accuracy = i % 4 ? [0.5, 0.8, 0.8731][i % 3] : null
    history.db
      .prepare('UPDATE runs SET accuracy = ?, relative_accuracy = ?, iterations_done = ? WHERE run = ?')
      .run(accuracy, i % 6 ? 0.9 + (i % 5) / 30 : null, i % 3, made)
    return made
  })
  tagRuns(
    history,
    runs.filter((_, i) => i % 3 === 0),
    ['paper'],
    [],
  )
  tagRuns(
    history,
    runs.filter((_, i) => i % 7 === 0),
    ['Über', 'a b'],
    [],
  )
  markRuns(history, runs.slice(10, 14), () => ({ pinned: true }))
  markRuns(history, runs.slice(5, 9), () => ({ notes: 'cars, once more\nÜBER "x"' }))
  trashRuns(history, runs.slice(20, 26), new Date())
  const planned = runs.slice(0, 10).map((_, place) => ({ arm: `${place}`, part: '', seed: 1, config: toyConfig() }))
  for (const part of [0, 10]) {
    const study = createStudy(history, { name: `study of ${part}`, arms: [] } as never, planned, new Date())
    for (let place = 0; place < 10; place++) putStudyRun(history, study, place, runs[part + place] ?? runId(0))
  }
  return runs
}

/** The rows of all runs, trash and all, each read by itself. */
const everyRow = (history: History): ListedRun[] => [
  ...listRuns(history, { limit: 500 }).rows,
  ...listRuns(history, { limit: 500, query: 'is:trash' }).rows,
]

const near = (kind: Parameters<typeof closeness>[0], a: number, b: number): boolean =>
  closeness(kind) === 0 ? a === b : Math.abs(a - b) < closeness(kind)

function compares(operator: string, order: number, isEqual: boolean): boolean {
  if (operator === ':') return isEqual
  return operator === '>' ? order > 0 : operator === '>=' ? order >= 0 : operator === '<' ? order < 0 : order <= 0
}

/** As the query's own page says it. */
function meets(run: ListedRun, term: Term): boolean {
  if ('word' in term) {
    const word = folded(term.word)
    const day = word.includes('-') ? spanIn(word) : null
    return (
      [run.name, run.method, run.linearised ? 'linearised' : '', run.objective, run.state, ...run.tags, run.notes].some(
        (text) => folded(text.replace(/\s/g, ' ')).includes(word),
      ) ||
      (/^\d+$/.test(word) && (run.run === Number(word) || run.seed === Number(word))) ||
      (day !== null && run.created >= day.from && run.created < day.to)
    )
  }
  const iterations = run.iterationsPlanned > 0 ? run.iterationsDone : null
  const { field, operator, values } = term
  const is = {
    pinned: run.pinned,
    trash: run.trashed !== null,
    linearised: run.linearised,
    tagged: run.tags.length > 0,
    noted: run.notes !== '',
  }
  const texts = {
    name: run.name,
    base: run.base,
    note: run.notes,
    state: run.state,
    method: run.method,
    objective: run.objective,
  }
  const numbers = {
    run: run.run,
    study: run.study,
    seed: run.seed,
    iterations,
    accuracy: run.accuracy,
    relative: run.relativeAccuracy,
    duration: run.seconds,
  }
  return values.some((value) => {
    const { kind } = fieldOf(field)
    if (field === 'is') return Object.entries(is).some(([mark, has]) => mark === value && has)
    if (field === 'tag') return run.tags.some((tag) => folded(tag) === folded(value))
    if (field === 'date') {
      const { from, to } = spanIn(value) ?? { from: '', to: '' }
      const order = run.created < from ? -1 : run.created >= to ? 1 : 0
      return compares(operator, order, order === 0)
    }
    const text = Object.entries(texts).find(([name]) => name === field)?.[1]
    if (text !== undefined)
      return kind === 'text' ? folded(text).includes(folded(value)) : folded(text) === folded(value)
    const number = Object.entries(numbers).find(([name]) => name === field)?.[1] ?? null
    if (number === null) return false
    const wanted = numberIn(kind, value)
    return compares(operator, number - wanted, near(kind, number, wanted))
  })
}

const plainly = (all: readonly ListedRun[], query: Query): RunId[] =>
  all
    .filter((run) => asksForTrash(query) || run.trashed === null)
    .filter((run) => query.every((term) => meets(run, term) !== term.not))
    .map(({ run }) => run)

test('two thousand random queries find what a plain filter finds, and leave the history as it is', async () => {
  const history = await opened(folder())
  putRuns(history)
  const all = everyRow(history)
  expect(all).toHaveLength(40)
  let some = 0
  for (let seed = 0; seed < 2000; seed++) {
    const query = randomQuery(seed)
    const text = printQuery(query)
    const found = foundRuns(history, { query: text })
    expect([text, [...found].sort((a, b) => a - b)]).toEqual([text, plainly(all, query).sort((a, b) => a - b)])
    if (found.length > 0 && found.length < 34) some++
  }
  expect(some).toBeGreaterThan(300) // the queries tell runs apart
  expect(everyRow(history)).toEqual(all)
})

const sortValues: Record<SortKey, (run: ListedRun) => string | number | null> = {
  run: ({ run }) => run,
  name: ({ name }) => folded(name),
  method: ({ method }) => method,
  objective: ({ objective }) => objective,
  state: ({ state }) => state,
  accuracy: ({ accuracy }) => accuracy,
  relative: ({ relativeAccuracy }) => relativeAccuracy,
  iterations: ({ iterationsPlanned, iterationsDone }) => (iterationsPlanned > 0 ? iterationsDone : null),
  seed: ({ seed }) => seed,
  created: ({ created }) => created,
  duration: ({ seconds }) => seconds,
  study: ({ study }) => study,
  base: ({ base }) => base || null,
  tags: ({ tags }) => (tags.length > 0 ? JSON.stringify(tags) : null),
  notes: ({ notes }) => notes || null,
}

test('every column sorts both ways, pinned runs first, runs without a value last', async () => {
  const history = await opened(folder())
  putRuns(history)
  const all = listRuns(history, { limit: 500 }).rows
  const code = (text: string | number): string | number =>
    typeof text === 'string' ? Buffer.from(text).toString('hex') : text
  for (const by of Object.keys(sortValues) as SortKey[])
    for (const down of [false, true]) {
      const order = (a: ListedRun, b: ListedRun): number => {
        const [x, y] = [sortValues[by](a), sortValues[by](b)]
        if (a.pinned !== b.pinned) return a.pinned ? -1 : 1
        if (x === null || y === null || x === y) return Number(x === null) - Number(y === null) || b.run - a.run
        return (code(x) < code(y) ? -1 : 1) * (down ? -1 : 1)
      }
      const found = foundRuns(history, { sort: { by, down } })
      expect([by, down, found]).toEqual([by, down, all.toSorted(order).map(({ run }) => run)])
    }
})

test('groups follow one another in the list, each with its count and its best', async () => {
  const history = await opened(folder())
  putRuns(history)
  const key = {
    study: (r: ListedRun) => String(r.study ?? ''),
    base: (r: ListedRun) => r.base,
    day: (r: ListedRun) => dayOf(r.created),
    method: (r: ListedRun) => r.method,
  }
  for (const group of ['study', 'base', 'day', 'method'] as const) {
    const asked = { group, query: '-seed:4' }
    const { rows } = listRuns(history, { ...asked, limit: 500 })
    const groups = groupsOf(history, asked)
    expect(groups.flatMap((one) => Array.from({ length: one.runs }, () => one.key))).toEqual(rows.map(key[group]))
    for (const one of groups) {
      const own = rows.filter((r) => key[group](r) === one.key).flatMap(({ accuracy }) => accuracy ?? [])
      expect(one.accuracy).toBe(own.length > 0 ? Math.max(...own) : null)
    }
  }
  expect(groupsOf(history, { group: 'study' }).map(({ key: study, name, runs }) => [study, name, runs])).toEqual([
    ['2', 'study of 10', 10],
    ['1', 'study of 0', 10],
    ['', '', 14],
  ])
  const { states: counted, methods, tags, pinned, trashed, studies, bases } = overviewOf(history)
  expect(counted.reduce((sum, { runs }) => sum + runs, 0)).toBe(34)
  expect(methods.map(({ value }) => value)).toEqual(['atlas', 'dv-basi', 'task-arithmetic'])
  expect([tags.map(({ value }) => value), pinned, trashed]).toEqual([['a b', 'paper', 'Über'], 4, 6])
  expect([studies.map(({ study }) => study), bases.length]).toEqual([[2, 1], 2])
})

test('a list follows every change: of a run, of what is said of it, of its study, by this process and by another', async () => {
  const home = folder()
  const history = await opened(home)
  const run = createRun(history, toyConfig({ name: 'one' }), new Date(), 'interrupted')
  const reader = await read(home)
  const both = (query: string): [number, number] => [
    foundRuns(history, { query }).length,
    foundRuns(reader, { query }).length,
  ]
  expect(both('state:interrupted one')).toEqual([1, 1])
  endRun(history, run, 'done', new Date(), null, 700)
  expect(both('state:done duration>10m')).toEqual([1, 1])
  tagRuns(history, [run], ['cars'], [])
  expect([both('tag:cars'), both('CARS'), both('-tag:cars')]).toEqual([
    [1, 1],
    [1, 1],
    [0, 0],
  ])
  const study = createStudy(
    history,
    { name: 's', arms: [] } as never,
    [{ arm: 'a', part: '', seed: 1, config: toyConfig() }],
    new Date(),
  )
  putStudyRun(history, study, 0, run)
  expect(both(`study:${study}`)).toEqual([1, 1])
  forgetStudy(history, study)
  expect(both(`study:${study}`)).toEqual([0, 0])
  history.db.prepare('DELETE FROM runs').run()
  expect(both('')).toEqual([0, 0])
})

test('a query that is wrong is refused with where and why', async () => {
  const history = await opened(folder())
  expect(() => listRuns(history, { limit: 1, query: 'a methd:x' })).toThrow(
    expect.objectContaining({
      record: expect.objectContaining({ code: 'config-invalid', where: 'character 3: methd' }),
    }),
  )
})
