// Studies at work: one at a time, its runs one after the other through the workbench's own door, so that each is
// checked, kept and resumed like any other. A run that fails is a row of the table with its reason and the study goes
// on; what stops it from outside (the engine lost, a full disk, the person) pauses the study, and it goes on where it
// was: done runs stay, an interrupted one is resumed.
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { StudyDetail, StudyRun, StudySummary } from '../../contract/api/studies.ts'
import { BasilError, type ErrorRecord, recordOf } from '../../contract/errors.ts'
import type { ResolvedConfig } from '../../contract/run/config.ts'
import type { RunEvent } from '../../contract/run/run.ts'
import { parseStudy, plannedRuns } from '../../contract/run/study.ts'
import type { History } from '../../history/statement.ts'
import {
  createStudy,
  forgetStudy,
  listStudies,
  type Planned,
  pauseStudies,
  plannedConfig,
  putStudyRun,
  putStudyState,
  studyOf,
  studyRunsOf,
} from '../../history/studies.ts'
import { uniform } from '../../numbers/random.ts'
import { streamOf } from '../../numbers/streams.ts'
import { tableOf } from './table.ts'

/** What a study needs of the workbench. */
export interface StudyPlace {
  history: History
  home: string
  /** Throws run-state while a run goes on, and where nothing may be begun. */
  requireIdle(): void
  check(config: ResolvedConfig): Promise<unknown>
  /** made: called with the run's number in the transaction that makes it. */
  start(config: ResolvedConfig, made: (run: number) => void): Promise<number>
  resume(run: number): Promise<number>
  watch(run: number): AsyncGenerator<RunEvent, void>
  cancel(run: number): Promise<boolean>
}

type Absolute = (config: unknown) => ResolvedConfig

export interface Studies {
  list(): StudySummary[]
  show(study: number): StudyDetail
  /**
   * Every run that a definition stands for; absolute: a configuration to one with nothing left open. Throws
   * config-invalid.
   */
  plan(definition: unknown, absolute: Absolute): Planned[]
  /** Checks every different configuration before the first is begun. Gives the study's number. */
  start(definition: unknown, absolute: Absolute): Promise<number>
  /**
   * After its present run, or now. A reader asks the process that is at work, which pauses after its present run.
   * false: nobody is at it.
   */
  pause(study: number, now: boolean): Promise<boolean>
  resume(study: number): Promise<number>
  /** Throws run-state while it is at work. */
  forget(study: number): boolean
  /** Throws run-state while a study is at work. */
  requireIdle(): void
  /** Every change of what list and show give, until the study no longer works. */
  follow(study: number): AsyncGenerator<{ version: number }>
  watch(): AsyncGenerator<{ version: number }>
  /** The engine must be ended meanwhile; a run at work becomes interrupted. */
  close(): Promise<void>
}

interface AtWork {
  study: number
  run: number | null
  pausing: 'no' | 'after' | 'now'
  over: Promise<void>
}

export function createStudies(place: StudyPlace): Studies {
  const { history, home } = place
  const wish = (study: number): string => join(home, `pause-study-${study}`)
  if (history.write) pauseStudies(history)
  let present: AtWork | null = null
  let version = 0
  let news = Promise.withResolvers<void>()
  let closed = false

  function tell(): void {
    version++
    const { resolve } = news
    news = Promise.withResolvers()
    resolve()
  }

  async function* watch(goesOn: () => boolean): AsyncGenerator<{ version: number }> {
    for (let seen = -1; ; ) {
      const waiting = news.promise
      if (version !== seen) {
        seen = version
        yield { version }
      } else if (!goesOn()) return
      else await waiting
    }
  }

  function begin(study: number): void {
    const mine: AtWork = { study, run: null, pausing: 'no', over: Promise.resolve() }
    present = mine
    mine.over = work(mine).then(() => {
      present = null
      tell()
    })
    tell()
  }

  /** Never rejects. */
  async function work(mine: AtWork): Promise<void> {
    const { study } = mine
    try {
      for (;;) {
        const next = studyRunsOf(history, study).find(({ state }) => unfinished.includes(state))
        const asked = wasAsked(study)
        if (!next) return putStudyState(history, study, 'done')
        if (mine.pausing !== 'no' || closed || asked) return putStudyState(history, study, 'paused')
        const error = await one(mine, next)
        if (error) return putStudyState(history, study, 'paused', error)
      }
    } catch (thrown) {
      try {
        putStudyState(history, study, 'paused', closed ? null : recordOf(thrown))
      } catch {
        // The disk takes nothing more: its row says running, and the next to open the history pauses it.
      }
    }
  }

  /** Gives what should pause the study. */
  async function one(mine: AtWork, { place: at, run, state }: StudyRun): Promise<ErrorRecord | null> {
    const { study } = mine
    const number =
      run !== null && resumed.includes(state)
        ? await place.resume(run)
        : await place.start(plannedConfig(history, study, at), (made) => putStudyRun(history, study, at, made))
    mine.run = number
    tell()
    if (mine.pausing === 'now') await place.cancel(number) // it was asked for while the run was being checked
    let last: RunEvent | undefined
    for await (const event of place.watch(number)) last = event
    mine.run = null
    tell()
    if (last?.type !== 'ended' || last.state === 'failed') return null // a row of the table, with its reason
    if (last.state !== 'interrupted')
      mine.pausing = 'after' // the person cancelled or stopped it
    else if (!closed) return last.error
    return null
  }

  /** Another process is at it: it finds the wish before its next run. */
  function ask(study: number): boolean {
    if (studyOf(history, study).state !== 'running') return false
    writeFileSync(wish(study), '')
    return true
  }

  function wasAsked(study: number): boolean {
    if (!existsSync(wish(study))) return false
    rmSync(wish(study), { force: true })
    return true
  }

  function requireIdle(): void {
    if (present) throw atWork(present.study)
  }

  return {
    list: () => listStudies(history),
    show: (study) => {
      const runs = studyRunsOf(history, study)
      return { ...studyOf(history, study), runs, table: tableOf(runs) }
    },
    plan,
    start: async (definition, absolute) => {
      const parsed = parseStudy(definition)
      const planned = plan(definition, absolute)
      place.requireIdle()
      for (const { arm, config } of planned.filter(({ seed }) => seed === planned[0]?.seed))
        await place.check(config).catch((error: unknown) => {
          throw ofArm(arm, error)
        })
      place.requireIdle() // checking takes its time
      const study = createStudy(history, parsed, planned, new Date())
      begin(study)
      return study
    },
    pause: async (study, now) => {
      if (!history.write) return ask(study)
      if (present?.study !== study) return false
      const { run, over } = present
      present.pausing = now ? 'now' : 'after'
      if (now) {
        if (run !== null) await place.cancel(run)
        await over
      }
      return true
    },
    resume: async (study) => {
      studyOf(history, study)
      place.requireIdle()
      wasAsked(study) // long ago
      putStudyState(history, study, 'running')
      begin(study)
      return study
    },
    forget: (study) => {
      if (present?.study === study) requireIdle()
      studyOf(history, study)
      forgetStudy(history, study)
      tell()
      return true
    },
    requireIdle,
    follow: (study) => watch(() => present?.study === study),
    watch: () => watch(() => !closed),
    close: async () => {
      closed = true
      tell()
      await present?.over
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

const resumed: StudyRun['state'][] = ['interrupted', 'cancelled']
const unfinished: StudyRun['state'][] = ['waiting', ...resumed]

function ofArm(arm: string, error: unknown): BasilError {
  const record = recordOf(error)
  return new BasilError({ ...record, why: `arm "${arm}": ${record.why}` }, { cause: error })
}

function atWork(study: number): BasilError {
  return new BasilError({
    code: 'run-state',
    what: 'A study is at work',
    where: `study ${study}`,
    why: 'its runs follow one another',
    next: 'wait for it to end, or pause it',
  })
}
