// Lists of runs: those a query finds, in any order, grouped or not, a page at a time; and what there is to choose from.
// An order that was found stays for the next page of it, as long as no run changes.
import type { AskedRuns, Grouping, ListedRun, RunGroup, RunsOverview, SortKey } from '../../contract/api/runs.ts'
import type { RunId } from '../../contract/branded.ts'
import { BasilError } from '../../contract/errors.ts'
import { parseQuery, type Query } from '../../contract/run/query/query.ts'
import { jobAbout } from '../jobs.ts'
import { marksOf } from '../marks.ts'
import { soundSummary } from '../runs.ts'
import { type History, row, rows, snapshot } from '../statement.ts'
import { conditionOf, type Values } from './conditions.ts'
import { freshTable } from './table.ts'

type Asked = Partial<AskedRuns>
type Page = Asked & { offset?: number; limit: number }

const sortKeys: Record<SortKey, string> = {
  run: 'run',
  name: 'name',
  method: 'method',
  objective: 'objective',
  state: 'now',
  accuracy: 'accuracy',
  relative: 'relative',
  iterations: 'iterations',
  seed: 'seed',
  created: 'created',
  duration: 'seconds',
  study: 'study',
  base: "nullif(base, '')",
  tags: "nullif(tags, '[]')",
  notes: "nullif(notes, '')",
}

const groupings: Record<Exclude<Grouping, 'none'>, { key: string; order: string }> = {
  study: { key: "coalesce(study, '')", order: 'study IS NULL, study DESC' },
  base: { key: 'base', order: 'base' },
  day: { key: 'day', order: 'day DESC' },
  method: { key: 'method', order: 'method' },
}

/** The runs with their state at this moment: waiting and paused are those that wait, or are held, in the queue. */
const among = (list: keyof Moment): string => `l.run IN (SELECT value FROM json_each(:${list}))`
const goesOn = "l.state IN ('running', 'interrupted', 'cancelled', 'failed')"
const runsNow = `(SELECT l.*, CASE
    WHEN l.state = 'running' AND ${among('living')} THEN l.state
    WHEN ${goesOn} AND ${among('waiting')} THEN 'waiting'
    WHEN ${goesOn} AND ${among('paused')} THEN 'paused'
    WHEN l.state = 'running' THEN 'interrupted' ELSE l.state END AS now
    FROM listed_runs l)`

/** Throws config-invalid where the query is wrong. */
export function listRuns(
  history: History,
  { offset = 0, limit, ...asked }: Page,
): { total: number; rows: ListedRun[] } {
  return reading(history, (version) => {
    const found = orderOf(history, asked, version)
    const page = found.slice(offset, offset + limit)
    return { total: found.length, rows: page.map((run) => listedRun(history, run)) }
  })
}

/** Numbers of all that are found, in their order. */
export function foundRuns(history: History, asked: Asked): RunId[] {
  return reading(history, (version) => [...orderOf(history, asked, version)])
}

export function groupsOf(history: History, { query = '', group = 'none' }: Asked): RunGroup[] {
  if (group === 'none') return []
  return reading(history, () => {
    const { text, values } = conditionOf(requireQuery(query))
    const { key, order } = groupings[group]
    const found = rows<Omit<RunGroup, 'name'>>(
      history,
      `SELECT CAST(${key} AS TEXT) AS key, count(*) AS runs, max(accuracy) AS accuracy,
       max(relative) AS relativeAccuracy FROM ${runsNow} WHERE ${text} GROUP BY key ORDER BY ${order}`,
      { ...values, ...momentOf(history) },
    )
    const names = group === 'study' ? studyNames(history) : new Map<string, string>()
    return found.map((one) => ({ ...one, name: names.get(one.key) ?? '' }))
  })
}

export function overviewOf(history: History): RunsOverview {
  return reading(history, () => {
    const alike = rows<{ now: string; method: string; tags: string; base: string; study: number | null; runs: number }>(
      history,
      `SELECT now, method, tags, base, study, count(*) AS runs FROM ${runsNow} WHERE NOT trashed GROUP BY 1, 2, 3, 4, 5`,
      momentOf(history),
    )
    const counted = (valuesOf: (one: (typeof alike)[number]) => readonly string[]) => {
      const counts = new Map<string, number>()
      for (const one of alike) for (const value of valuesOf(one)) counts.set(value, (counts.get(value) ?? 0) + one.runs)
      return [...counts].map(([value, runs]) => ({ value, runs })).sort((a, b) => (a.value < b.value ? -1 : 1))
    }
    const names = studyNames(history)
    const [marked] = rows<{ pinned: number; trashed: number }>(
      history,
      'SELECT total(pinned AND NOT trashed) AS pinned, total(trashed) AS trashed FROM listed_runs',
    )
    return {
      states: counted(({ now }) => [now]),
      methods: counted(({ method }) => [method]),
      tags: counted(({ tags }) => JSON.parse(tags) as string[]),
      bases: counted(({ base }) => (base === '' ? [] : [base])),
      studies: counted(({ study }) => (study === null ? [] : [String(study)]))
        .map(({ value, runs }) => ({ study: Number(value), name: names.get(value) ?? '', runs }))
        .sort((a, b) => b.study - a.study),
      pinned: marked?.pinned ?? 0,
      trashed: marked?.trashed ?? 0,
    }
  })
}

function studyNames(history: History): Map<string, string> {
  const found = rows<{ study: number; name: string }>(history, 'SELECT study, name FROM studies')
  return new Map(found.map(({ study, name }) => [String(study), name]))
}

function reading<T>(history: History, read: (version: number) => T): T {
  freshTable(history) // temporary storage cannot be set up within a snapshot
  return snapshot(history, () => read(freshTable(history)))
}

function requireQuery(text: string): Query {
  const { query, fault } = parseQuery(text)
  if (query) return query
  throw new BasilError({
    code: 'config-invalid',
    what: 'The search is not understood',
    where: `character ${fault.at + 1}: ${text.slice(fault.at, fault.end)}`,
    why: fault.why,
    next: fault.next,
  })
}

const orders = new WeakMap<History, Map<string, readonly RunId[]>>()
const mostOrders = 4

function orderOf(history: History, { query = '', sort, group = 'none' }: Asked, version: number): readonly RunId[] {
  const { by, down } = sort ?? { by: 'run', down: true }
  const { text, values } = conditionOf(requireQuery(query))
  const key = sortKeys[by]
  const first = group === 'none' ? '' : `${groupings[group].order}, `
  const statement = `SELECT run FROM ${runsNow} WHERE ${text}
    ORDER BY ${first}pinned DESC, ${key} IS NULL, ${key} ${down ? 'DESC' : 'ASC'}, run DESC`
  const all: Values = { ...values, ...momentOf(history) }
  const known = orders.get(history) ?? new Map<string, readonly RunId[]>()
  orders.set(history, known)
  const name = JSON.stringify([version, statement, all])
  const found = known.get(name) ?? rows<{ run: RunId }>(history, statement, all).map(({ run }) => run)
  known.delete(name)
  known.set(name, found)
  for (const old of [...known.keys()].slice(0, -mostOrders)) known.delete(old)
  return found
}

/** Numbers of runs, as JSON. */
type Moment = Record<'living' | 'waiting' | 'paused', string>

/** What the state of a run depends on beside its row: who works on it, and its place in the queue. */
function momentOf(history: History): Moment {
  const numbers = (text: string): RunId[] => rows<{ run: RunId }>(history, text).map(({ run }) => run)
  const running = numbers("SELECT run FROM listed_runs WHERE state = 'running'")
  const open = numbers(
    "SELECT DISTINCT run FROM jobs WHERE state IN ('waiting', 'paused') AND kind = 'run' AND run IS NOT NULL",
  )
  const states = Map.groupBy(open, (run) => jobAbout(history, 'run', run)?.state)
  return {
    living: JSON.stringify(running.filter((run) => history.lives(run))),
    waiting: JSON.stringify(states.get('waiting') ?? []),
    paused: JSON.stringify(states.get('paused') ?? []),
  }
}

function listedRun(history: History, run: RunId): ListedRun {
  const text = 'SELECT base, study FROM listed_runs WHERE run = :run'
  const { base, study } = row<Pick<ListedRun, 'base' | 'study'>>(history, text, { run }) ?? { base: '', study: null }
  const { tags, ...marks } = marksOf(history, run)
  return { ...soundSummary(history, run), base, study, tags: [...tags], ...marks }
}
