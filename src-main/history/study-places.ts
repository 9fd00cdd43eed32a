// The planned runs of a study and its tasks elsewhere, read once and kept in memory, so that a look at ten thousand of
// them costs what is new: triggers of the writing connection say which rows may read otherwise, as for lists of runs,
// and what another process writes is seen by the file's data version. Each place has the version of its last change, a
// number that rises and is never that of another sitting; so whoever knows one version is told what changed since.
import type { Database } from 'better-sqlite3'

import type { StudyRun, StudySummary } from '../contract/api/studies.ts'
import type { RunId } from '../contract/branded.ts'
import type { ErrorRecord } from '../contract/errors.ts'
import type { ResolvedConfig } from '../contract/run/config.ts'
import { comparedScores, mean } from '../contract/run/means.ts'
import type { Evaluation, RunState } from '../contract/run/run.ts'
import { sound } from './checksums.ts'
import { type ClusterTaskRow, clusterTasks } from './cluster-tasks.ts'
import { evaluationsOf, finalScores } from './run-evaluations.ts'
import { parsedLeaks } from './run-images.ts'
import { stateNow } from './runs.ts'
import { damageIn, type History, row, rows } from './statement.ts'

export interface StudyPlace {
  readonly run: StudyRun
  readonly task: ClusterTaskRow | null // null: none elsewhere
  readonly at: number // the version of its last change
  readonly told: RunState | null // as it is stored; what it is now depends on who is at it
}

/** The very same as long as nothing of it changes. */
export interface StudyPlaces {
  readonly began: number // the first version that is known of it
  readonly version: number
  readonly file: number // SQLite's data version of what others wrote
  readonly all: ReadonlyMap<number, StudyPlace> // in the order in which they are to be done
}

interface Kept {
  studies: Map<number, StudyPlaces> // the one that was asked for last is the last
  stale: Map<number, Set<number> | 'all'>
}

const kept = new WeakMap<Database, Kept>()
const mostStudies = 4
let newest = Date.now() // later than every version of a sitting before this one

/** In the order in which they are to be done. */
export function studyRunsOf(history: History, study: number): StudyRun[] {
  return [...studyPlaces(history, study).all.values()].map(({ run }) => run)
}

export function studyPlaces(history: History, study: number): StudyPlaces {
  if (history.db.inTransaction) return readAll(history, study, 0) // which may be taken back
  const { studies, stale } = kept.get(history.db) ?? begin(history)
  const [before, marked] = [studies.get(study), stale.get(study)]
  const file = Number(history.db.pragma('data_version', { simple: true }))
  studies.delete(study) // where a row is damaged nothing is kept
  stale.delete(study)
  const isKnown = before?.file === file && marked !== 'all'
  const now = isKnown ? lookedAt(history, study, before, marked) : settled(before, readAll(history, study, file))
  studies.set(study, now)
  const [oldest] = studies.keys()
  if (studies.size > mostStudies && oldest !== undefined) studies.delete(oldest)
  return now
}

export type StudyCounts = Pick<StudySummary, 'planned' | 'done'>

/** Of those that are kept, and else asked for, so that a list of studies reads none of them whole. */
export function studyCounts(history: History, study: number): StudyCounts {
  if (kept.get(history.db)?.studies.has(study)) return countsOf(studyPlaces(history, study))
  const text = `SELECT count(*) AS planned, total(r.state IS 'done') AS done
     FROM study_runs LEFT JOIN runs r USING (run) WHERE study = :study`
  return row<StudyCounts>(history, text, { study }) ?? { planned: 0, done: 0 }
}

export function countsOf({ all }: StudyPlaces): StudyCounts {
  let done = 0
  for (const { run } of all.values()) if (run.state === 'done') done++
  return { planned: all.size, done }
}

/** What changed since a version; whole: all of it, as that version is not known. */
export function changedSince({ began, version, all }: StudyPlaces, since: number) {
  const whole = since < began || since > version
  return { whole, places: [...all.values()].filter(({ at }) => whole || at > since) }
}

function begin({ db, write }: History): Kept {
  const made: Kept = { studies: new Map(), stale: new Map() }
  kept.set(db, made)
  if (!write) return made // what it does not write itself is another's
  db.function('basil_study_place', (study: unknown, place: unknown) => {
    const marked = made.stale.get(Number(study)) ?? new Set()
    if (marked !== 'all') made.stale.set(Number(study), place === null ? 'all' : marked.add(Number(place)))
    return null
  })
  for (const [name, event, told] of triggers)
    db.exec(`CREATE TEMP TRIGGER study_places_${name} AFTER ${event} BEGIN ${told}; END`)
  return made
}

const triggers = [
  ['came', 'INSERT ON main.study_runs', 'SELECT basil_study_place(NEW.study, NULL)'],
  ['went', 'DELETE ON main.study_runs', 'SELECT basil_study_place(OLD.study, NULL)'],
  ['changed', 'UPDATE ON main.study_runs', 'SELECT basil_study_place(NEW.study, NEW.place)'],
  ['task', 'INSERT ON main.cluster_tasks', 'SELECT basil_study_place(NEW.study, NEW.place)'],
  ['task_changed', 'UPDATE ON main.cluster_tasks', 'SELECT basil_study_place(NEW.study, NEW.place)'],
  ['task_went', 'DELETE ON main.cluster_tasks', 'SELECT basil_study_place(OLD.study, OLD.place)'],
  [
    'run',
    'UPDATE OF state, error, leaks ON main.runs',
    'SELECT basil_study_place(study, place) FROM study_runs WHERE run = NEW.run',
  ],
] as const

interface PlannedRow {
  place: number
  arm: string
  part: string
  seed: number
  config: string
  run: RunId | null
}

type Read = Omit<StudyPlace, 'at'>

/** place: null for all. */
function read(history: History, study: number, place: number | null): Read[] {
  const tasks = new Map(clusterTasks(history, study, place).map((task) => [task.place, task]))
  const which = place === null ? '' : 'AND place = :place'
  return rows<PlannedRow>(
    history,
    `SELECT place, arm, part, seed, config, run FROM study_runs
     WHERE study = :study ${which} AND ${sound(history, 'study_runs')} ORDER BY place`,
    { study, ...(place !== null && { place }) },
  ).map(({ config, run, ...planned }) => {
    const { end, told } = endOf(history, run, JSON.parse(config) as ResolvedConfig)
    return { run: { ...planned, ...end }, task: tasks.get(planned.place) ?? null, told }
  })
}

function readAll(history: History, study: number, file: number): StudyPlaces {
  const version = ++newest
  const all = new Map(read(history, study, null).map((one) => [one.run.place, { ...one, at: version }]))
  return { began: version, version, file, all }
}

/** What reads as it did before has its version of before. */
function settled(before: StudyPlaces | undefined, now: StudyPlaces): StudyPlaces {
  if (!before || before.all.size !== now.all.size) return now
  const all = new Map([...now.all].map(([place, one]) => [place, sameOr(before.all.get(place), one)]))
  return { ...now, began: before.began, all }
}

function sameOr(before: StudyPlace | undefined, now: StudyPlace): StudyPlace {
  const bare = (one: StudyPlace): string => JSON.stringify({ ...one, at: 0 })
  return before && bare(before) === bare(now) ? before : now
}

/** Reads the places that are marked, and asks what each is now that may have become another by itself. */
function lookedAt(
  history: History,
  study: number,
  before: StudyPlaces,
  marked: ReadonlySet<number> = new Set(),
): StudyPlaces {
  const at = newest + 1
  const changed = new Map<number, StudyPlace>()
  for (const [place, one] of before.all) {
    const now = marked.has(place) ? (read(history, study, place)[0] ?? one) : moved(history, one)
    const next = now === one ? one : sameOr(one, { ...now, at })
    if (next !== one) changed.set(place, next)
  }
  if (changed.size === 0) return before
  newest = at
  const all = new Map(before.all)
  for (const [place, one] of changed) all.set(place, one)
  return { ...before, version: at, all }
}

/** Whether somebody is at it, or will be, is in no row of its own. */
function moved(history: History, one: StudyPlace): StudyPlace {
  const { run, told } = one
  if (run.run === null || told === null || told === 'done' || told === 'stopped') return one
  const state = stateNow(history, { run: run.run, state: told })
  return state === run.state ? one : { ...one, run: { ...run, state } }
}

type End = Omit<StudyRun, 'place' | 'arm' | 'part' | 'seed'>

/** What a planned run is now. One with a damaged row came to nothing that can be told, and says so. */
function endOf(history: History, run: RunId | null, config: ResolvedConfig): { end: End; told: RunState | null } {
  const waiting: End = { run: null, state: 'waiting', ...cameTo(config, []), leaks: [], error: null }
  if (run === null) return { end: waiting, told: null }
  try {
    const text = `SELECT state, error, leaks FROM runs WHERE run = :run AND ${sound(history, 'runs')}`
    const found = row<{ state: RunState; error: string | null; leaks: string | null }>(history, text, { run })
    if (!found) return { end: waiting, told: null }
    const { state, error, leaks } = found
    const end = {
      run,
      state: stateNow(history, { run, state }),
      ...cameTo(config, state === 'done' ? evaluationsOf(history, run) : []),
      leaks: parsedLeaks(leaks),
      error: error === null ? null : (JSON.parse(error) as ErrorRecord),
    }
    return { end, told: state }
  } catch (thrown) {
    return { end: { ...waiting, run, state: 'failed', error: damageIn(thrown) }, told: null }
  }
}

type Came = Pick<StudyRun, 'accuracy' | 'relativeAccuracy' | 'control' | 'pretrained' | 'finetuned'>

/** Means over tasks: of those to forget where there are any, and those to keep are a control of their own. */
function cameTo({ tasks }: ResolvedConfig, evaluations: Evaluation[]): Came {
  const { tasks: scores, evaluatedOn } = finalScores(evaluations, tasks)
  const kept = new Set(tasks.filter(({ aim }) => aim === 'keep').map(({ name }) => name))
  const final = Object.entries(scores).map(([task, score]) => ({ task, ...score }))
  const before = (model: Evaluation['model']): number | null => {
    const measured = evaluations.find((e) => e.model === model && e.split === evaluatedOn)?.tasks ?? []
    return mean(comparedScores(measured, tasks).map(({ accuracy }) => (Number.isNaN(accuracy) ? null : accuracy)))
  }
  const own = comparedScores(final, tasks)
  return {
    accuracy: mean(own.map(({ accuracy }) => accuracy)),
    relativeAccuracy: mean(own.map(({ relativeAccuracy }) => relativeAccuracy)),
    control: mean(final.filter(({ task }) => kept.has(task)).map(({ accuracy }) => accuracy)),
    pretrained: before('pretrained'),
    finetuned: before('finetuned'),
  }
}
