// A study on a cluster that is a folder: its tasks are worked on by processes of their own, and come back as runs of
// this history with the bits of those that are made here.
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { temporaryFolder, toyWorkbench } from '../workbench/toy.ts'
import { absoluteIn, bitsOfEither, modelsIn, toyClusters, toyStudy, untilOver } from './toy-cluster.ts'

test('runs there are runs here, to the bits of those that are made here', async () => {
  const folder = temporaryFolder()
  const absolute = absoluteIn(modelsIn(join(folder, 'models')))
  const there = await toyClusters({ home: join(folder, 'a'), folder: join(folder, 'cluster') })
  const study = await there.studies.start(toyStudy([1, 2]), absolute, 'toys')
  const over = await untilOver(there, study)
  expect(over).toMatchObject({ state: 'done', planned: 4, done: 4, error: null })
  const status = there.clusters.status(study)
  expect(status?.tasks.map(({ state, words }) => [state, words])).toEqual(Array(4).fill(['done', 'done']))
  const here = await toyWorkbench(join(folder, 'b'))
  const same = await untilOver(here, await here.studies.start(toyStudy([1, 2]), absolute))
  const bits = over.runs.map(({ run }) => bitsOfEither(there, run))
  expect(bits).toEqual(same.runs.map(({ run }) => bitsOfEither(here, run)))
  expect(bits[0]).toContain('coefficients')
  const detail = there.runs.show(over.runs[0]?.run as never)
  expect(detail.parents.map(({ file }) => file)).toEqual(
    here.runs.show(same.runs[0]?.run as never).parents.map(({ file }) => file),
  )
  expect(detail.log?.some(({ what }) => what.startsWith('Worked on by'))).toBe(true)
})
