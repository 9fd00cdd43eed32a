// A history with a row in every table, and everything of it that a person can be shown.

import { bytes, type RunId, runId, type Sha256, sha256 } from '../../src-main/contract/branded.ts'
import { type ClusterTaskRow, clusterTasks, newTask, putClusterTasks } from '../../src-main/history/cluster-tasks.ts'
import { addData, dataSets } from '../../src-main/history/data-sets.ts'
import { runDetail } from '../../src-main/history/detail.ts'
import { coefficientsOf, putEpoch } from '../../src-main/history/epochs.ts'
import {
  createEvaluation,
  listEvaluations,
  openingsOf,
  putOpenings,
  putReport,
  reportOf,
} from '../../src-main/history/evaluations.ts'
import { createJob, jobsOf, putJobState } from '../../src-main/history/jobs.ts'
import {
  addEntries,
  contentOf,
  describeEntry,
  entriesOf,
  putFacts,
  putHash,
} from '../../src-main/history/library/entries.ts'
import { usesOf } from '../../src-main/history/library/uses.ts'
import { listRuns } from '../../src-main/history/listing/list.ts'
import { markRuns, tagRuns } from '../../src-main/history/marks.ts'
import { parentsOf } from '../../src-main/history/parents.ts'
import { resumeOf } from '../../src-main/history/resume.ts'
import { putEvaluation } from '../../src-main/history/run-evaluations.ts'
import { putManifest, putOpening, testOpeningsOf } from '../../src-main/history/run-images.ts'
import { countIterations, createRun, endRun, putOpened } from '../../src-main/history/runs.ts'
import { endStage, putStage } from '../../src-main/history/stages.ts'
import type { History } from '../../src-main/history/statement.ts'
import { createStudy, listStudies, putStudyRun, putStudyState, studyOf } from '../../src-main/history/studies.ts'
import { studyRunsOf } from '../../src-main/history/study-places.ts'
import { closePieces, putSteps } from '../../src-main/history/tunings/curve.ts'
import { listTunings, putTuningData, tuningDetail } from '../../src-main/history/tunings/detail.ts'
import { putLook } from '../../src-main/history/tunings/looks.ts'
import {
  createTuning,
  putTuningFinished,
  putTuningNote,
  putTuningOpened,
  putTuningOpening,
  putTuningTarget,
  putTuningWritten,
  reviveTuning,
} from '../../src-main/history/tunings/tunings.ts'
import { recipeOf } from '../../src-main/workbench/export/recipe.ts'
import { epoch, manifest, now, resumeAt, stage, table, toyConfig } from './rows.ts'
import { openedTuning, tuningConfig, tuningStep } from './tuning-rows.ts'

const digest = (n: number): Sha256 => sha256(n.toString(16).padStart(2, '0').repeat(32))
const engine = { name: 'toy', kind: 'wasm' as const, threads: 1, simd: '', reason: '', versions: { toy: '1' } }

/** A finished run of a start and an iteration, with three epochs each. */
export function putRun(history: History, name: string): RunId {
  const run = createRun(history, toyConfig({ name, iterations: 1 }), now)
  const file = (role: 'pretrained' | 'vector', n: number) => ({
    role,
    file: `/models/${n}`,
    name: `${n}`,
    bytes: n,
    sha256: digest(n),
  })
  const parents = [file('pretrained', 1), file('vector', 2), file('vector', 3)]
  const images = [{ task: 'cars', classes: 2, training: 10, validation: 0, test: 10 }]
  putOpened(history, run, { type: 'opened', engine, blocks: ['a', 'b', 'c'], parents, parameters: 12, images })
  putManifest(history, run, manifest({ task: 'cars' }))
  for (const number of [0, 1]) {
    putStage(history, run, stage(number))
    for (const e of [0, 1, 2]) putEpoch(history, run, epoch(number, e), resumeAt(epoch(number, e)), e)
    const coefficients = number ? [table(5)[0] ?? []] : table(4)
    endStage(history, run, {
      stage: number,
      accepted: true,
      best: 4,
      still: 1,
      metric: 0.5,
      coefficients,
      losses: [3, 2, 1],
    })
    countIterations(history, run)
  }
  putOpening(history, run, { task: 'cars', images: '/models/cars#test', opened: now.toISOString() })
  const tasks = ['cars', 'dtd'].map((task, i) => ({
    task,
    loss: 0.5 + i,
    accuracy: 0.25 + i / 8,
    relativeAccuracy: 0.75,
  }))
  for (const model of ['pretrained', 'finetuned'] as const)
    putEvaluation(history, run, { split: 'test', model, stage: null, tasks })
  putEvaluation(history, run, { split: 'test', model: 'iteration', stage: 1, tasks })
  endRun(history, run, 'done', now, null, 12.5)
  return run
}

/** A finished fine-tuning of five steps, two of which came after its last state. */
export function putTuning(history: History, name = 'tuned'): number {
  const tuning = createTuning(history, tuningConfig(name), { out: null }, now)
  reviveTuning(history, tuning)
  putTuningOpened(history, tuning, openedTuning())
  putTuningData(history, tuning, manifest({ task: 'cars' }))
  putTuningNote(history, tuning, 'a note')
  putTuningOpening(history, tuning, { task: 'cars', images: '/models/cars#test' }, now)
  for (const first of [0, 2, 3])
    putSteps(
      history,
      tuning,
      [0, 1].slice(0, first ? 1 : 2).map((i) => tuningStep(first + i)),
    )
  closePieces(history, tuning, 3)
  putSteps(history, tuning, [tuningStep(4)])
  for (const steps of [0, 3, 5])
    putLook(history, tuning, { steps, epoch: steps / 5, loss: 0.5, accuracy: 0.25, best: true })
  putTuningTarget(history, tuning, '/models/tuned')
  const finished = { stopped: false, steps: 5, split: 'test' as const, accuracy: 0.75, pretrained: 0.5 }
  putTuningFinished(history, tuning, { type: 'finished', ...finished, seconds: 1, dataWaitSeconds: 0 })
  const file = { file: '/models/tuned', bytes: 8, sha256: digest(9), tensors: 1, adapter: null }
  putTuningWritten(history, tuning, { type: 'written', ...file }, now)
  return tuning
}

const task: ClusterTaskRow = {
  ...newTask(0),
  ...{ state: 'lost', words: 'OUT_OF_MEMORY', job: '12_0', host: 'n1', gpus: '0', seconds: 2.5 },
  ...{ file: 'events-0001.jsonl', bytes: 77, before: 1.5 },
  error: { code: 'out-of-memory', what: 'a', where: 'b', why: 'c', next: 'd' },
}

/** Three finished runs, and of everything else one. */
export function putAll(history: History): void {
  const runs = ['first', 'second', 'third'].map((name) => putRun(history, name))
  const config = toyConfig()
  const study = createStudy(
    history,
    { name: 'study', arms: [] } as never,
    [{ arm: 'a', part: '', seed: 7, config }],
    now,
  )
  putStudyRun(history, study, 0, runs[1] ?? runId(0))
  putClusterTasks(history, study, [task])
  putStudyState(history, study, 'done')
  const request = { models: [{ name: 'm' }], tasks: [{ name: 'cars', data: '/models/cars#test' }], split: 'test' }
  const evaluation = createEvaluation(history, request as never, now)
  putOpenings(history, evaluation, request as never, now)
  putReport(history, evaluation, { models: [{ accuracy: 0.5 }], words: 'a report' } as never)
  const path = '/models/1'
  const [id = 0] = addEntries(
    history,
    [{ path, target: path, parts: [], bytes: bytes(1), modified: 1.5, quick: digest(4) }],
    now,
  )
  putHash(history, id, digest(1))
  putFacts(history, id, {
    file: path,
    bytes: 1,
    tensors: [{ name: 'w' }],
    metadata: { by: 'hand' },
    format: 'x',
  } as never)
  describeEntry(history, id, { role: 'pre-trained', tags: ['kept'], notes: 'a note' })
  addData(history, ['/data/cars'], now)
  const job = createJob(history, { kind: 'evaluation', title: 'm on cars', request, evaluation }, now)
  putJobState(history, job, 'done', now)
  putTuning(history)
  tagRuns(history, runs.slice(1), ['kept', 'paper'], [])
  markRuns(history, runs.slice(1), () => ({ notes: 'a note', pinned: true }))
}

/** Everything, in one text. One question that fails as damaged does not keep the others from being asked. */
export function shown(history: History): { text: string; errors: unknown[] } {
  const errors: unknown[] = []
  const ask = (question: () => unknown): unknown => {
    try {
      return question()
    } catch (error) {
      errors.push(error)
      return null
    }
  }
  const list = ask(() => listRuns(history, { offset: 0, limit: 100 })) as ReturnType<typeof listRuns> | null
  const runs = (list?.rows ?? []).map(({ run }) => [
    ask(() => runDetail(history, run)),
    ask(() => parentsOf(history, run)),
    ask(() => resumeOf(history, run)),
    ask(() => recipeOf(history, run, null)),
    ask(() => testOpeningsOf(history, run)),
    ...[0, 1].flatMap((s) => [0, 1, 2].map((e) => ask(() => coefficientsOf(history, run, s, e)))),
  ])
  const studies = ask(() =>
    listStudies(history).map(({ study }) => [
      studyOf(history, study),
      studyRunsOf(history, study),
      clusterTasks(history, study),
    ]),
  )
  const evaluations = ask(() => listEvaluations(history).map((e) => [e, ask(() => reportOf(history, e.evaluation))]))
  const library = ask(() =>
    entriesOf(history).map((e) => [e, ask(() => contentOf(history, e.id)), e.sha256 && usesOf(history, e.sha256)]),
  )
  const tunings = ask(() => listTunings(history).map(({ tuning }) => ask(() => tuningDetail(history, tuning))))
  const openings = ask(() => openingsOf(history, ['/models/cars#test']))
  return {
    text: JSON.stringify([
      ...[list, runs, studies, evaluations, library, openings, tunings],
      ...[ask(() => dataSets(history)), ask(() => jobsOf(history))],
    ]),
    errors,
  }
}
