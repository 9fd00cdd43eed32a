// Studies and their planned runs. A planned run gets its run's number in the transaction that makes the run, so that a
// study that was killed never begins one twice. What its runs came to is in study-places.ts.

import type { StudySummary } from '../contract/api/studies.ts'
import type { RunId } from '../contract/branded.ts'
import { BasilError, type ErrorRecord } from '../contract/errors.ts'
import type { ResolvedConfig } from '../contract/run/config.ts'
import type { StudyDefinition } from '../contract/run/study.ts'
import { sound } from './checksums.ts'
import { jobAbout } from './jobs.ts'
import { change, type History, row, rows, soundOnly, transaction } from './statement.ts'
import { studyCounts } from './study-places.ts'

export interface Planned {
  arm: string
  part: string
  seed: number
  config: ResolvedConfig
}

/** What it is, without what its runs came to. */
type Study = Omit<StudySummary, 'planned' | 'done'>

type StudyRow = Omit<Study, 'error'> & { error: string | null; definition: string }

type PlannedRow = Omit<Planned, 'config'> & { config: string }

/** Gives the study's number. */
export function createStudy(
  history: History,
  definition: StudyDefinition,
  planned: readonly Planned[],
  now: Date,
): number {
  return transaction(history, () => {
    const { study } = row<{ study: number }>(
      history,
      `INSERT INTO studies (name, created, state, definition) VALUES (:name, :created, 'running', :definition) RETURNING study`,
      { name: definition.name, created: now.toISOString(), definition: JSON.stringify(definition) },
    ) as { study: number }
    for (const [place, { arm, part, seed, config }] of planned.entries())
      change(
        history,
        'INSERT INTO study_runs (study, place, arm, part, seed, config) VALUES (:study, :place, :arm, :part, :seed, :config)',
        { study, place, arm, part, seed, config: JSON.stringify(config) },
      )
    return study
  })
}

/** Newest first. */
export function listStudies(history: History): StudySummary[] {
  const text = `SELECT * FROM studies WHERE ${sound(history, 'studies')} ORDER BY study DESC`
  return soundOnly(history, () =>
    rows<StudyRow>(history, text).map((found) => ({
      ...asStudy(history, found),
      ...studyCounts(history, found.study),
    })),
  )
}

/** Throws run-missing. */
export function studyOf(history: History, study: number): Study & { definition: StudyDefinition } {
  const text = `SELECT * FROM studies WHERE study = :study AND ${sound(history, 'studies')}`
  const found = row<StudyRow>(history, text, { study })
  if (found) return { ...asStudy(history, found), definition: JSON.parse(found.definition) as StudyDefinition }
  throw new BasilError({
    code: 'run-missing',
    what: 'There is no such study',
    where: `study ${study}`,
    why: 'the history has no study of that number',
    next: '"basil study list" lists all of them',
    inWindow: 'choose one of those on the page Studies',
  })
}

/** One that is not over is what its job is. */
function asStudy(history: History, { study, name, created, state: told, error }: StudyRow): Study {
  const atWork = told === 'done' ? undefined : jobAbout(history, 'study', study)?.state
  const left = atWork === 'waiting' || atWork === 'running' ? atWork : 'paused'
  return {
    ...{ study, name, created },
    state: told === 'done' ? told : left,
    error: error === null ? null : (JSON.parse(error) as ErrorRecord),
  }
}

/** null: it was not begun. */
export function studyRunAt(history: History, study: number, place: number): RunId | null {
  const text = `SELECT run FROM study_runs WHERE study = :study AND place = :place AND ${sound(history, 'study_runs')}`
  return row<{ run: RunId | null }>(history, text, { study, place })?.run ?? null
}

export function plannedConfig(history: History, study: number, place: number): ResolvedConfig {
  const text = `SELECT config FROM study_runs WHERE study = :study AND place = :place AND ${sound(history, 'study_runs')}`
  const { config } = row<{ config: string }>(history, text, { study, place }) as { config: string }
  return JSON.parse(config) as ResolvedConfig
}

/** What it was planned as, in its order. */
export function plannedOf(history: History, study: number): Planned[] {
  const text = `SELECT arm, part, seed, config FROM study_runs WHERE study = :study AND ${sound(history, 'study_runs')}
     ORDER BY place`
  return rows<PlannedRow>(history, text, { study }).map(({ config, ...planned }) => ({
    ...planned,
    config: JSON.parse(config) as ResolvedConfig,
  }))
}

/** To be called in the transaction that makes the run; null: it is begun anew. */
export function putStudyRun(history: History, study: number, place: number, run: RunId | null): void {
  change(history, 'UPDATE study_runs SET run = :run WHERE study = :study AND place = :place', { study, place, run })
}

export function putStudyState(
  history: History,
  study: number,
  state: 'running' | 'paused' | 'done',
  error: ErrorRecord | null = null,
): void {
  const told = error && JSON.stringify(error)
  change(history, 'UPDATE studies SET state = :state, error = :error WHERE study = :study', {
    study,
    state,
    error: told,
  })
}

type Columns = Record<string, string | number | null>

/** All there was of a study, for as long as it can be brought back. */
export interface ForgottenStudy {
  study: Columns
  runs: Columns[]
}

/** Its runs stay. */
export function forgetStudy(history: History, study: number): ForgottenStudy {
  return transaction(history, () => {
    const columns = 'study, name, created, state, error, definition'
    const found = row<Columns>(history, `SELECT ${columns} FROM studies WHERE study = :study`, { study }) ?? {}
    const planned = 'SELECT study, place, arm, part, seed, config, run FROM study_runs WHERE study = :study'
    const runs = rows<Columns>(history, planned, { study })
    change(history, 'DELETE FROM studies WHERE study = :study', { study })
    return { study: found, runs }
  })
}

/** Under its own number; a run that is gone by now is missing from it. */
export function bringBackStudy(history: History, { study, runs }: ForgottenStudy): void {
  transaction(history, () => {
    change(
      history,
      `INSERT INTO studies (study, name, created, state, error, definition)
       VALUES (:study, :name, :created, :state, :error, :definition)`,
      study,
    )
    for (const planned of runs)
      change(
        history,
        `INSERT INTO study_runs (study, place, arm, part, seed, config, run)
         VALUES (:study, :place, :arm, :part, :seed, :config, (SELECT run FROM runs WHERE run = :run))`,
        planned,
      )
  })
}
