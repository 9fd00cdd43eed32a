// Studies made by hand: runs of two arms, one of them with a name that tables have to quote.

import type { StudyDetail, StudyRun } from '../../src-main/contract/api/studies.ts'
import { runId } from '../../src-main/contract/branded.ts'
import type { RunConfig } from '../../src-main/contract/run/config.ts'
import { studySchema } from '../../src-main/contract/run/study.ts'
import { tableOf } from '../../src-main/workbench/studies/table.ts'

export const one = (arm: string, seed: number, accuracy: number | null): StudyRun => ({
  place: 0,
  arm,
  part: '',
  seed,
  run: accuracy === null ? null : runId(7),
  state: accuracy === null ? 'waiting' : 'done',
  accuracy,
  relativeAccuracy: accuracy,
  control: null,
  pretrained: 0.5,
  finetuned: 0.9,
  leaks: [],
  error: null,
})

export const configuration: RunConfig = {
  method: 'dv-basi',
  pretrained: 'p',
  vectors: ['a'],
  tasks: [{ name: 'A', data: 'd', head: 'h' }],
  start: { method: 'atlas', epochs: 2 },
}

export function study(runs: StudyRun[]): StudyDetail {
  const definition = studySchema.parse({
    name: 'by hand',
    config: configuration,
    arms: [{ label: 'first' }, { label: 'a, "quoted" | arm', paper: { accuracy: 71.5 } }],
    seeds: [0, 1, 2],
  })
  const known = { study: 1, name: 'by hand', created: '', planned: runs.length, done: runs.length, error: null }
  return { ...known, state: 'done', definition, runs, table: tableOf(runs) }
}

export const second = 'a, "quoted" | arm'

export const whole = study(
  [0, 1, 2].flatMap((seed) => [one('first', seed, 0.7 + seed / 100), one(second, seed, 0.72 + (seed * seed) / 100)]),
)
