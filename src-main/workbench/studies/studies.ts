// Studies: plans of ordinary runs, each study one job of the queue. What is wrong with any of its runs is said before
// the first begins; how it is worked on is work.ts.
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { ArmRow, StudyDetail, StudySince, StudySummary } from '../../contract/api/studies.ts'
import { BasilError, recordOf } from '../../contract/errors.ts'
import type { ResolvedConfig } from '../../contract/run/config.ts'
import { parseStudy, plannedRuns } from '../../contract/run/study.ts'
import { jobAbout, type StoredJob } from '../../history/jobs.ts'
import type { History } from '../../history/statement.ts'
import {
  bringBackStudy,
  createStudy,
  type ForgottenStudy,
  forgetStudy,
  listStudies,
  type Planned,
  putStudyState,
  studyOf,
} from '../../history/studies.ts'
import { changedSince, countsOf, type StudyPlaces, studyPlaces, studyRunsOf } from '../../history/study-places.ts'
import { uniform } from '../../numbers/random.ts'
import { streamOf } from '../../numbers/streams.ts'
import type { Ended, Work } from '../jobs/kind.ts'
import type { Jobs } from '../jobs/queue.ts'
import type { RunsAtWork } from '../runs/runs.ts'
import { tableOf } from './table.ts'
import { workThrough } from './work.ts'

/** What studies need of the workbench. */
export interface StudyPlace {
  history: History
  home: string
  jobs: Jobs
  runs: RunsAtWork
}

type Absolute = (config: unknown) => ResolvedConfig

export interface Studies {
  list(): StudySummary[]
  show(study: number): StudyDetail
  /** What changed since a version of it; 0: all of it. */
  since(study: number, version: number): StudySince
  /**
   * Every run that a definition stands for; absolute: a configuration to one with nothing left open. Throws
   * config-invalid.
   */
  plan(definition: unknown, absolute: Absolute): Planned[]
  /**
   * Checks every different configuration before the first is begun. Gives the study's number. place: a cluster, where
   * it is not worked on here.
   */
  start(definition: unknown, absolute: Absolute, place?: string): Promise<number>
  /**
   * After its present run, or now. A reader asks the process that is at work, which pauses after its present run.
   * false: nobody is at it.
   */
  pause(study: number, now: boolean): Promise<boolean>
  /** Throws run-state while it is at work or waits. */
  resume(study: number): Promise<number>
  /** Throws run-state while it is at work or waits. */
  forget(study: number): boolean
  /** One that was forgotten since the workbench was opened. Throws run-missing. */
  bringBack(study: number): number
  /** Every change of what list and show give, until the study no longer works. */
  follow(study: number): AsyncGenerator<{ version: number }>
  watch(): AsyncGenerator<{ version: number }>
}

/** What a study's job does with it. */
export interface StudiesAtWork {
  work(study: number, work: Work): Promise<Ended>
  /** It was cancelled while it waited. */
  drop(study: number): void
}

export function createStudies({ history, home, jobs, runs }: StudyPlace): { studies: Studies; atWork: StudiesAtWork } {
  const forgotten = new Map<number, ForgottenStudy>() // of this sitting
  const wish = pauseWish(home)

  const atWork = (study: number): StoredJob | null => {
    const job = jobAbout(history, 'study', study)
    return job?.state === 'waiting' || job?.state === 'running' ? job : null
  }

  function requireLeft(study: number): void {
    const job = atWork(study)
    if (job) throw isAtWork(study, job)
  }

  const studies: Studies = {
    list: () => listStudies(history),
    ...reading(history),
    plan,
    start: async (definition, absolute, place = 'here') => {
      const parsed = parseStudy(definition)
      const planned = plan(definition, absolute)
      await jobs.asking(() => checkArms(runs, planned))
      let study = 0
      jobs.add(() => {
        study = createStudy(history, parsed, planned, new Date())
        return { kind: 'study', request: { name: parsed.name }, study, place }
      })
      return study
    },
    pause: async (study, now) => {
      if (!history.write) {
        const isAtIt = studyOf(history, study).state === 'running'
        if (isAtIt) wish.ask(study)
        return isAtIt
      }
      const job = atWork(study)
      if (job) await jobs.pause(job.job, now)
      return job !== null
    },
    resume: async (study) => {
      const { name } = studyOf(history, study)
      requireLeft(study)
      const again = (): void => putStudyState(history, study, 'running')
      const known = jobAbout(history, 'study', study)
      if (known && known.state !== 'done') jobs.resume(known.job, again)
      else
        jobs.add(() => {
          again()
          return { kind: 'study', request: { name }, study, place: known?.place ?? 'here' }
        })
      return study
    },
    forget: (study) => {
      requireLeft(study)
      studyOf(history, study)
      forgotten.set(study, forgetStudy(history, study))
      jobs.beat()
      return true
    },
    bringBack: (study) => {
      const known = forgotten.get(study) ?? notForgotten(study)
      bringBackStudy(history, known)
      forgotten.delete(study)
      jobs.beat()
      return study
    },
    follow: (study) => untilLeft(jobs.watch(), () => atWork(study) === null),
    watch: () => jobs.watch(),
  }
  return {
    studies,
    atWork: {
      work: (study, work) => workThrough({ history, runs, wasAsked: wish.wasAsked }, study, work),
      drop: (study) => putStudyState(history, study, 'paused'),
    },
  }
}

/** What its runs came to. */
function reading(history: History): Pick<Studies, 'show' | 'since'> {
  const tableIn = ({ all }: StudyPlaces): ArmRow[] => tableOf([...all.values()].map(({ run }) => run))
  return {
    show: (study) => {
      const about = studyOf(history, study)
      const now = studyPlaces(history, study)
      return { ...about, ...countsOf(now), runs: studyRunsOf(history, study), table: tableIn(now) }
    },
    since: (study, version) => {
      const { definition, ...about } = studyOf(history, study)
      const now = studyPlaces(history, study)
      const { whole, places } = changedSince(now, version)
      const runs = places.map(({ run }) => run)
      const asked = { version: now.version, whole, definition: whole ? definition : null }
      return { ...about, ...countsOf(now), ...asked, runs, table: tableIn(now) }
    },
  }
}

function notForgotten(study: number): never {
  throw new BasilError({
    code: 'run-missing',
    what: 'The study cannot be brought back',
    where: `study ${study}`,
    why: 'it was not forgotten since Basil was started',
    next: 'its runs are still in the history',
  })
}

/** What is told until nobody is at it any more, and once more then. */
async function* untilLeft<T>(told: AsyncGenerator<T>, isLeft: () => boolean): AsyncGenerator<T> {
  for await (const news of told) {
    const isOver = isLeft()
    yield news
    if (isOver) return
  }
}

/** A file by which a process that only reads asks whoever is at a study to pause it, who finds it before its next run. */
function pauseWish(home: string): { ask(study: number): void; wasAsked(study: number): boolean } {
  const file = (study: number): string => join(home, `pause-study-${study}`)
  return {
    ask: (study) => writeFileSync(file(study), ''),
    wasAsked: (study) => {
      if (!existsSync(file(study))) return false
      rmSync(file(study), { force: true })
      return true
    },
  }
}

function plan(definition: unknown, absolute: Absolute): Planned[] {
  const parsed = parseStudy(definition)
  const seed = parsed.seeds[0] ?? 0
  return plannedRuns(parsed, (i) => uniform(seed, streamOf('arms'), 0, i)).map((planned) => ({
    ...planned,
    config: absolute(planned.config),
  }))
}

async function checkArms(runs: RunsAtWork, planned: readonly Planned[]): Promise<void> {
  for (const { arm, config } of planned.filter(({ seed }) => seed === planned[0]?.seed))
    await runs.check(config).catch((error: unknown) => {
      throw ofArm(arm, error)
    })
}

function ofArm(arm: string, error: unknown): BasilError {
  const record = recordOf(error)
  return new BasilError({ ...record, why: `arm "${arm}": ${record.why}` }, { cause: error })
}

function isAtWork(study: number, { state }: StoredJob): BasilError {
  return new BasilError({
    code: 'run-state',
    what: state === 'running' ? 'A study is at work' : 'A study waits for its turn',
    where: `study ${study}`,
    why: 'its runs follow one another',
    next:
      state === 'running' ? 'wait for it to end, or pause it' : '"basil queue run" works on what waits; or pause it',
    inWindow: state === 'running' ? 'wait for it to end, or pause it' : 'wait for its turn in the queue, or pause it',
  })
}
