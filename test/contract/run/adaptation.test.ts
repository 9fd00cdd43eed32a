// Adaptation as a study: every task in turn is a target, learned on its test images, with all vectors but its own.
import { basename } from 'node:path'

import { expect, test } from 'vitest'

import { adaptationOf } from '../../../src-main/contract/run/adaptation.ts'
import type { RunConfig } from '../../../src-main/contract/run/config.ts'
import { resolveConfig } from '../../../src-main/contract/run/resolve.ts'
import { plannedRuns } from '../../../src-main/contract/run/study.ts'

const names = ['cars', 'dtd', 'sun']
const file: RunConfig = {
  method: 'atlas',
  pretrained: 'pretrained.pt',
  vectors: names.map((name) => `finetuned-${name}.pt`),
  tasks: names.map((name) => ({ name, data: `${name}#train`, test: `${name}#test`, head: `heads#${name}` })),
}
const resolved = (config: unknown, rivals = false) =>
  plannedRuns(adaptationOf(config, { rivals }), () => 0).map((run) => ({
    ...run,
    config: resolveConfig(run.config, (path) => path),
  }))

test('one run a target: UFM on its test images, the vectors of all others, then DV-BASI', () => {
  const runs = resolved(file)
  expect(runs.map(({ arm, part }) => `${arm}: ${part}`)).toEqual(names.map((name) => `UFM + DV-BASI: ${name}`))
  for (const { part, config } of runs) {
    expect(config.tasks).toEqual([
      {
        name: part,
        aim: 'learn',
        data: `${part}#test`,
        test: `${part}#test`,
        head: `heads#${part}`,
        validation: null,
        finetuned: `finetuned-${part}.pt`,
      },
    ])
    expect(config.vectors.map((path) => basename(path))).toEqual(
      names.filter((name) => name !== part).map((name) => `finetuned-${name}.pt`),
    )
    expect(config).toMatchObject({
      method: 'dv-basi',
      objective: 'ufm',
      ufm: 'corrected',
      select: 'training-loss',
      batch: 128,
    })
    expect(config.start).toMatchObject({
      method: 'atlas',
      epochs: 10,
      learningRate: 0.001,
      schedule: 'cosine',
      initialCoefficient: 0,
    })
    expect(config.iteration).toMatchObject({
      method: 'dv-basi',
      epochs: 10,
      learningRate: 0.001,
      schedule: 'cosine',
      initialCoefficient: 0.1,
    })
  }
})

test('what the configuration says stands, and labelled validation data chooses where it is given', () => {
  const given = {
    ...file,
    batch: 16,
    learningRate: 0.01,
    schedule: 'none',
    steps: 7,
    ufm: 'paper',
    tasks: file.tasks.map((t) => ({ ...t, validation: `${t.name}#val` })),
  }
  const [first] = resolved(given)
  expect(first?.config).toMatchObject({ batch: 16, ufm: 'paper', select: 'validation-loss' })
  expect(first?.config.start).toMatchObject({ steps: 7, epochs: null, learningRate: 0.01, schedule: 'none' })
})

test('rivals have the same data, pool and length', () => {
  const runs = resolved({ ...file, epochs: 4 }, true)
  expect([...new Set(runs.map(({ arm }) => arm))]).toEqual(['UFM + DV-BASI', 'UFM', 'entropy', 'SAR'])
  const [ours, ...rivals] = runs.filter(({ part }) => part === 'dtd')
  for (const { config } of rivals) {
    expect(config.tasks).toEqual(ours?.config.tasks)
    expect(config.vectors).toEqual(ours?.config.vectors)
    expect(config.start).toEqual(ours?.config.start)
    expect(config.iterations).toBe(0)
  }
})

test('a configuration that is not sound, and a target whose own model is not known, are refused', () => {
  expect(() => adaptationOf({ ...file, tasks: [] }, { rivals: false })).toThrow(/task/)
  const unnamed = { ...file, vectors: ['one.pt', 'two.pt'] }
  expect(() => plannedRuns(adaptationOf(unnamed, { rivals: false }), () => 0)).toThrow(/say which it is/)
})
