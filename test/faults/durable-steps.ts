// Everything that Basil puts on a disk, one action after another, and what is to hold when the n-th step of an action
// fails: all of it or nothing is there, the error is one of Basil's own, and tried again it ends with the same rows and
// files. Used with steps that fail in the statements (failing-steps.ts) and in the system's calls (power/disk.cc).
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

import { bytes, runId, sha256 } from '../../src-main/contract/branded.ts'
import { BasilError } from '../../src-main/contract/errors.ts'
import type { EngineEvent } from '../../src-main/contract/run/run.ts'
import { tuningStates } from '../../src-main/files/tuning-states.ts'
import { type Disk, disk as realDisk } from '../../src-main/files/write-atomic.ts'
import { writeModel } from '../../src-main/files/written-model.ts'
import { makeBackup } from '../../src-main/history/backups.ts'
import { createJob, putJobState } from '../../src-main/history/jobs.ts'
import { addEntries, describeEntry, putHash } from '../../src-main/history/library/entries.ts'
import { markRuns } from '../../src-main/history/marks.ts'
import { openHistory } from '../../src-main/history/open.ts'
import { createRun, reviveRun } from '../../src-main/history/runs.ts'
import { checkIntegrity } from '../../src-main/history/soundness.ts'
import { emptyLog, type History, transaction } from '../../src-main/history/statement.ts'
import { createStudy, putStudyRun } from '../../src-main/history/studies.ts'
import { keepEvent } from '../../src-main/workbench/runs/keep.ts'
import { rowsIn } from '../history/dump.ts'
import { epoch, manifest, now, resumeAt, stage, table, toyConfig } from '../history/rows.ts'
import { modelOf } from './power/scenes.ts'

export interface Faults {
  /** The n-th step from now on fails, or it and all behind it. */
  arm(n: number, how: 'once' | 'for good', code: 'full' | 'broken'): void
  /** None fails any more. Gives how many steps there were since it was armed. */
  heal(): number
  disk?: Disk
}

interface Place {
  home: string
  history: History
  disk: Disk
}
type Action = (place: Place) => unknown

const run = runId(1)
const keep =
  (event: EngineEvent): Action =>
  ({ history }) =>
    keepEvent(history, run, event, 1.5, now)
const engine = { name: 'toy', kind: 'wasm' as const, threads: 1, simd: '', reason: '', versions: { toy: '1' } }
const parents = [1, 2].map((n) => {
  const role = n === 1 ? ('pretrained' as const) : ('vector' as const)
  return { role, file: `/models/${n}`, name: `${n}`, bytes: n, sha256: sha256(`${n}`.repeat(64)) }
})
const images = [{ task: 'cars', classes: 2, training: 10, validation: 0, test: 10 }]
const scores = [{ task: 'cars', loss: 0.5, accuracy: 0.25, relativeAccuracy: 0.75 }]
const end = { accepted: true, best: 4, still: 1, metric: 0.5, coefficients: table(4), losses: [3, 2, 1] }
const found = { path: '/models/1', target: '/models/1', parts: [], bytes: bytes(1), modified: 1.5, quick: null }

const exported =
  (value: number): Action =>
  async ({ home, disk }) => {
    const out = join(home, 'model.safetensors')
    return writeModel(await modelOf(value), { out, overwrite: value > 1, container: 'safetensors', metadata: {}, disk })
  }

/** Done again, it begins another run. */
const begins: Action = ({ history }) => createRun(history, toyConfig({ iterations: 1 }), now)

/** Each is one transaction, or one file. */
const actions: Record<string, Action> = {
  'start a run': begins,
  'what it opened': keep({ type: 'opened', engine, blocks: ['a', 'b', 'c'], parents, parameters: 12, images }),
  'its images': keep({ type: 'data', data: manifest({ task: 'cars' }) }),
  'a stage': keep({ type: 'stage', ...stage(0) }),
  'an epoch': keep({ type: 'epoch', ...epoch(0, 0), resume: resumeAt(epoch(0, 0)) }),
  'another epoch': keep({ type: 'epoch', ...epoch(0, 1), resume: resumeAt(epoch(0, 1)) }),
  'the end of a stage': keep({ type: 'stage-end', stage: 0, ...end }),
  'the log into the file': ({ history }) => emptyLog(history),
  'an opening of test data': keep({ type: 'opening', task: 'cars', images: '/models/cars#test' }),
  'an evaluation': keep({
    type: 'evaluation',
    evaluation: { split: 'test', model: 'iteration', stage: 0, tasks: scores },
  }),
  'going on': ({ history }) => reviveRun(history, run),
  'the end of a run': keep({ type: 'finished', stopped: false, seconds: 12.5, dataWaitSeconds: 0 } as EngineEvent),
  'its marks': ({ history }) => markRuns(history, [run], () => ({ notes: 'a note', pinned: true })),
  'a study': ({ history }) =>
    transaction(history, () => {
      const planned = ['a', 'b'].map((arm) => ({ arm, part: '', seed: 7, config: toyConfig() }))
      putStudyRun(history, createStudy(history, { name: 'study', arms: [] } as never, planned, now), 0, run)
    }),
  'an entry of the library': ({ history }) => addEntries(history, [found], now),
  'its hash': ({ history }) => putHash(history, 1, sha256('4'.repeat(64))),
  'its description': ({ history }) => describeEntry(history, 1, { role: 'pre-trained', tags: ['kept'], notes: '' }),
  'a job': ({ history }) => createJob(history, { kind: 'evaluation', title: 'm', request: {}, evaluation: 1 }, now),
  'its end': ({ history }) => putJobState(history, 1, 'done', now),
  'an export': exported(1),
  'an export over it': exported(2),
  'a checkpoint of a fine-tuning': async ({ home, disk }) => {
    const tensor = { name: 'a', dtype: 'F32' as const, shape: [1000], bytes: 4000 }
    const states = await tuningStates(join(home, 'states'), disk)
    const before = await states.open('last')
    await before?.close()
    if (before !== null) return // it has its name, and was not told so
    await states.keep('last', { record: {}, tensors: [tensor], bytes: async () => Buffer.alloc(4000, 7) })
  },
  'a backup': async ({ home, history }) => {
    const made = existsSync(join(home, 'backups')) ? readdirSync(join(home, 'backups')) : []
    if (!made.some((name) => name.startsWith('daily-'))) await makeBackup(history, now, () => true)
  },
}

/** All rows, and every file that has its name. */
function seenIn({ home, history }: Place): string {
  const files = readdirSync(home, { recursive: true, encoding: 'utf8' })
    .filter((name) => /model\.safetensors$|last-\d+\.safetensors$/.test(name))
    .sort()
  return JSON.stringify([
    rowsIn(history.db).tables,
    files.map((name) => [name, readFileSync(join(home, name)).toString('hex')]),
  ])
}

export interface Tried {
  count: number // steps that failed
  lost: string[]
  differ: string[]
}

const open = async (home: string, disk: Disk = realDisk): Promise<Place> => ({
  home,
  history: await openHistory(home, { now: () => now }),
  disk,
})

/**
 * Each apart-th step of each action, beginning with one that depends on its place. isMine: of the actions by their
 * places; the others are done, and nothing fails in them.
 */
export async function everyStep(
  scratch: string,
  faults: Faults,
  apart: number,
  isMine: (place: number) => boolean = () => true,
): Promise<Tried> {
  const tried: Tried = { count: 0, lost: [], differ: [] }
  const before = join(scratch, 'before')
  mkdirSync(before)
  const untouched = await open(before)
  untouched.history.close()
  for (const [i, [name, action]] of Object.entries(actions).entries()) {
    const wanted = join(scratch, 'wanted')
    cpSync(before, wanted, { recursive: true })
    const place = await open(wanted)
    const was = seenIn(place)
    faults.arm(0, 'once', 'full')
    await action({ ...place, disk: faults.disk ?? realDisk })
    const steps = faults.heal()
    const expected = seenIn(place)
    place.history.close()
    const reopened = await open(wanted)
    const anew = seenIn(reopened)
    reopened.history.close()
    for (const how of isMine(i) ? (['once', 'for good'] as const) : [])
      for (let n = 1 + ((i + (how === 'once' ? 0 : 1)) % apart); n <= steps; n += apart)
        for (const code of ['full', 'broken'] as const) {
          const fault = await failedStep({ scratch, before, action, faults, n, how, code, was, expected, anew })
          tried.count++
          if (fault !== null) tried[fault.kind].push(`${name}, step ${n} of ${steps}, ${how}, ${code}: ${fault.what}`)
        }
    rmSync(before, { recursive: true })
    cpSync(wanted, before, { recursive: true })
    rmSync(wanted, { recursive: true })
  }
  return tried
}

interface Step {
  scratch: string
  before: string
  action: Action
  faults: Faults
  n: number
  how: 'once' | 'for good'
  code: 'full' | 'broken'
  was: string
  expected: string
  anew: string // when it is opened again, which marks who was at work as interrupted
}

async function failedStep(step: Step): Promise<{ kind: 'lost' | 'differ'; what: string } | null> {
  const { scratch, before, action, faults, n, how, code, was, expected, anew } = step
  const home = join(scratch, 'home')
  cpSync(before, home, { recursive: true })
  let place = await open(home, faults.disk)
  try {
    faults.arm(n, how, code)
    const errors = [await thrown(() => action(place))]
    if (how === 'for good') errors.push(await thrown(() => action(place)))
    faults.heal()
    const raw = errors.find((error) => error !== null && !(error instanceof BasilError))
    if (raw !== undefined) return { kind: 'lost', what: `a raw error: ${String(raw)}` }
    if (how === 'for good') {
      place.history.close()
      place = await open(home, faults.disk)
    }
    checkIntegrity(place.history.db)
    if (place.history.notices.length > 0) return { kind: 'lost', what: place.history.notices[0]?.what ?? '' }
    const left = seenIn(place)
    const isDone = left === expected || (how === 'for good' && left === anew)
    if (left !== was && !isDone) return { kind: 'lost', what: 'a part of it is there' }
    if (errors.includes(null) && !isDone) return { kind: 'lost', what: 'it was told as done' }
    // told as failed, and there whole: its last sync failed, and the log was read again
    if (action === begins && left === anew) return null
    if (left !== expected) await action(place)
    return seenIn(place) === expected ? null : { kind: 'differ', what: 'other rows or files, tried again' }
  } catch (error) {
    return { kind: 'lost', what: String(error) }
  } finally {
    faults.heal()
    place.history.close()
    rmSync(home, { recursive: true })
  }
}

async function thrown(act: () => unknown): Promise<unknown> {
  try {
    await act()
    return null
  } catch (error) {
    return error
  }
}

/** Opening: a new history, or one of an older version that is migrated. */
export async function everyStepOfOpening(
  scratch: string,
  faults: Faults,
  apart: number,
  from: string | null,
): Promise<Tried> {
  const tried: Tried = { count: 0, lost: [], differ: [] }
  const home = join(scratch, 'home')
  const begin = (): void => {
    rmSync(home, { recursive: true, force: true })
    mkdirSync(home)
    if (from !== null) copyFileSync(from, join(home, 'history.sqlite'))
  }
  begin()
  faults.arm(0, 'once', 'full')
  const { history } = await open(home)
  const steps = faults.heal()
  const expected = JSON.stringify(rowsIn(history.db))
  history.close()
  for (const how of ['once', 'for good'] as const)
    for (let n = 1 + (how === 'once' ? 0 : apart >> 1); n <= steps; n += apart)
      for (const code of ['full', 'broken'] as const) {
        begin()
        faults.arm(n, how, code)
        const error = await thrown(async () => (await open(home)).history.close())
        faults.heal()
        tried.count++
        const named = `opening, step ${n} of ${steps}, ${how}, ${code}`
        if (error !== null && !(error instanceof BasilError)) tried.lost.push(`${named}: a raw error: ${String(error)}`)
        const after = await thrown(async () => {
          const again = await open(home)
          checkIntegrity(again.history.db)
          const isSame = JSON.stringify(rowsIn(again.history.db)) === expected
          const notice = from === null ? undefined : again.history.notices[0]
          again.history.close()
          if (!isSame || notice) throw new Error(notice?.what ?? 'other rows')
        })
        if (after !== null) tried.differ.push(`${named}: ${String(after)}`)
      }
  rmSync(home, { recursive: true, force: true })
  return tried
}
