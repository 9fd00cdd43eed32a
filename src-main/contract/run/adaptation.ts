// Adaptation to many sets as one study: every task of a configuration in turn is the target, learned on its test images
// without their labels, with the vectors of all other sets; aTLAS with UFM first, then DV-BASI from its optimum. An arm
// is a method, its parts are the targets. What the configuration leaves open is as published: batches of 128, AdamW at
// 0.001 with a cosine, 10 epochs.

import { BasilError } from '../errors.ts'
import { configSchema, type RunConfig } from './config.ts'
import { configIssues } from './resolve.ts'
import { type Arm, type StudyDefinition, studySchema } from './study.ts'

const published = { batch: 128, learningRate: 0.001, schedule: 'cosine' } as const
const epochs = 10

/** rivals: aTLAS alone, with UFM, with entropy and with SAR, beside it. */
function adaptationArms(config: RunConfig, { rivals }: { rivals: boolean }): Arm[] {
  const length = config.steps === undefined ? { epochs: config.epochs ?? epochs } : { steps: config.steps }
  const begin = { ...length, ...config.start, method: 'atlas' }
  const alone = {
    method: 'atlas',
    start: null,
    iterations: null,
    control: 'none',
    initialCoefficient: null,
    epochs: null,
    steps: null,
    ...length,
  }
  const methods: [string, Record<string, unknown>][] = [
    ['UFM + DV-BASI', { method: 'dv-basi', objective: 'ufm', start: begin, ...length }],
    ...(rivals
      ? [
          ['UFM', { ...alone, objective: 'ufm' }] as [string, Record<string, unknown>],
          ['entropy', { ...alone, objective: 'entropy' }] as [string, Record<string, unknown>],
          ['SAR', { ...alone, objective: 'sar' }] as [string, Record<string, unknown>],
        ]
      : []),
  ]
  const targets = config.tasks.filter(({ aim = 'learn' }) => aim === 'learn')
  return methods.flatMap(([label, change]) =>
    targets.map((target) => ({
      label,
      part: target.name,
      change: { ...change, pool: 'others', augment: false, tasks: [{ ...target, data: target.test ?? target.data }] },
    })),
  )
}

/**
 * Throws config-invalid. Labelled validation data of a target chooses its states where it is given; else the
 * objective's own loss does.
 */
export function adaptationOf(config: unknown, { rivals }: { rivals: boolean }): StudyDefinition {
  const [issue] = configIssues(config)
  if (issue)
    throw new BasilError({
      code: 'config-invalid',
      what: 'The study is not valid',
      where: issue.field,
      why: issue.message,
      next: 'correct the configuration',
    })
  const given = config as RunConfig // as it was written: what it leaves open is filled in here
  const open = { batch: given.batch, learningRate: given.learningRate, schedule: given.schedule }
  const base = {
    ...given,
    ...published,
    ...Object.fromEntries(Object.entries(open).filter(([, v]) => v !== undefined)),
  }
  const name = `Adaptation: ${given.name ?? `${given.tasks.length} sets`}`.slice(0, 200)
  return studySchema.parse({ name, config: configSchema.parse(base), arms: adaptationArms(given, { rivals }) })
}
