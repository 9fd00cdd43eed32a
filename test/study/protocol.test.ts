// The worked study's plan: the same steps for all that are compared, models made once, seeds that come one after the
// other, and nothing that goes on from a start that is the pre-trained model.
import { expect, test } from 'vitest'

import {
  dvBasi,
  type Kind,
  kinds,
  longerOf,
  longerRun,
  mergesStudy,
  negationStudy,
  onwardStudy,
  restartOnly,
  sizes,
  starts,
  startsStudy,
  tunings,
  wentOnFrom,
} from '../../build/study/protocol.ts'
import { stepsOf } from '../../build/study/work.ts'
import { resolveConfig } from '../../src-main/contract/run/resolve.ts'
import { plannedRuns, type StudyDefinition } from '../../src-main/contract/run/study.ts'
import { smallProject as project } from './small-project.ts'

const folderOf = (kind: Kind) => `/models/${kind}`
const place = (kind: Kind, seed = 0) => ({ project, sizes, kind, seed, folder: folderOf(kind) })
const armsOf = (study: StudyDefinition) =>
  new Map(plannedRuns(study, () => 0).map((one) => [one.arm, resolveConfig(one.config, (path) => path)]))
const moved = { coefficient: 0.25, unmoved: [] }

test('each kind is fine-tuned on each task by the same steps, τJp beside the others, and once for all seeds', () => {
  for (const kind of kinds) {
    const all = tunings(place(kind))
    expect(all.map(({ task }) => task.name)).toEqual(['alpha', 'beta'])
    for (const one of all) expect(one).toMatchObject({ kind, steps: sizes.tuning.steps, batch: sizes.tuning.batch })
    expect(tunings(place(kind, 2))).toEqual(all)
  }
  expect(tunings(place('tau-jp')).map(({ others }) => others)).toEqual([
    [project.tasks[1]?.train],
    [project.tasks[0]?.train],
  ])
})

test('the longer run of a start that learns takes the steps of the start and of all iterations', () => {
  const { start, iterations, steps } = sizes.learning
  const arms = armsOf(startsStudy(place('standard')))
  for (const name of ['AdaMerging', 'aTLAS'] as const) {
    expect(arms.get(name)?.start.steps).toBe(start)
    expect(arms.get(longerOf(name))?.start.steps).toBe(start + iterations * steps)
  }
  expect([arms.get('AdaMerging')?.objective, arms.get('aTLAS')?.objective]).toEqual(['entropy', 'cross-entropy'])
})

test('what merges are compared with takes as many steps as the iterations', () => {
  const { iterations, steps } = sizes.learning
  const learned = armsOf(startsStudy(place('standard')))
  expect(learned.get(longerOf('TSV-M'))?.start.steps).toBe(iterations * steps)
  const added = armsOf(onwardStudy(place('standard'), moved)).get(longerRun('task arithmetic'))
  expect(added?.start).toMatchObject({ method: 'atlas', steps: iterations * steps, initialCoefficient: 0.25 })
})

test.each(kinds)('%s: DV-BASI and restarts begin at the same file and take the same steps', (kind) => {
  const arms = armsOf(onwardStudy(place(kind), moved))
  expect(arms.size).toBe(2 * wentOnFrom(kind).length + 1)
  for (const start of wentOnFrom(kind)) {
    const [own, control] = [arms.get(dvBasi(start)), arms.get(restartOnly(start))]
    expect(control).toMatchObject({ control: 'restart', vectors: own?.vectors, iterations: own?.iterations })
    expect([own?.iteration?.steps, control?.iteration?.steps]).toEqual([sizes.learning.steps, sizes.learning.steps])
    const { rate, steps } = sizes.learning
    expect([own?.iteration?.learningRate, control?.iteration?.learningRate]).toEqual([rate, rate])
    expect(0.1 - rate * steps).toBeLessThan(0) // so that it may shrink a start too
    expect([own?.iteration?.initialCoefficient, control?.iteration?.initialCoefficient]).toEqual([0.1, 0])
    expect(own?.objective).toBe(start === 'AdaMerging' ? 'entropy' : 'cross-entropy')
    expect(own?.linearised).toBe(kind === 'linear' ? 'jvp' : 'no')
  }
})

test('nothing goes on from a start that is the pre-trained model itself', () => {
  const arms = armsOf(onwardStudy(place('standard'), { coefficient: 0, unmoved: ['task arithmetic'] }))
  expect(arms.has(dvBasi('task arithmetic'))).toBe(false)
  expect(arms.has(dvBasi('aTLAS'))).toBe(true)
})

test('all six starts are alone; each target of a negation is a part beside the one control', () => {
  const alone = [...armsOf(mergesStudy(place('talos'))).keys(), ...armsOf(startsStudy(place('talos'))).keys()]
  expect(starts.every((start) => alone.includes(start))).toBe(true)
  const [only] = plannedRuns(negationStudy(place('standard')), () => 0)
  expect(only?.part).toBe('alpha')
  expect(only?.config.tasks.map(({ name, aim }) => [name, aim])).toEqual([
    ['alpha', 'forget'],
    ['beta', 'keep'],
  ])
})

test('seed by seed, and in a seed kind by kind; models are made once', () => {
  const names = stepsOf({ project, sizes, seeds: 2, kinds, folderOf }).map(({ name }) => name)
  const at = (name: string): number => names.indexOf(name)
  expect(at('standard: alpha: fine-tuned')).toBeGreaterThan(at('head of beta'))
  expect(at('talos, seed 0: onward')).toBeLessThan(at('standard, seed 1: starts'))
  expect(at('standard, seed 0: onward')).toBeLessThan(at('linear: alpha: fine-tuned'))
  expect(names.filter((name) => name.endsWith('fine-tuned'))).toHaveLength(4 * 2)
  expect(new Set(names).size).toBe(names.length)
})
