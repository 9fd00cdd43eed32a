// An epoch that left a model taking nearly all images for one class says so in the history, and to a terminal; others
// say nothing.
import { expect, test } from 'vitest'

import { detailLines, lineOf } from '../../src-main/cli/print.ts'
import { runDetail } from '../../src-main/history/detail.ts'
import { putEpoch } from '../../src-main/history/epochs.ts'
import { openHistory } from '../../src-main/history/open.ts'
import { createRun } from '../../src-main/history/runs.ts'
import { putStage } from '../../src-main/history/stages.ts'
import { temporaryFolder, toyConfig } from '../workbench/toy.ts'
import { epoch, resumeAt } from './rows.ts'

test('a collapse is kept with its epoch and shown in capitals', async () => {
  const history = await openHistory(temporaryFolder(), { lives: () => true })
  const run = createRun(history, toyConfig(), new Date(0))
  putStage(history, run, {
    stage: 0,
    kind: 'start',
    method: 'atlas',
    vectors: ['one'],
    epochsPlanned: 2,
    stepsPerEpoch: 1,
  })
  const collapse = [{ task: 'cars', share: 0.973 }]
  const [sound, fallen] = [epoch(0, 0), { ...epoch(0, 1), collapse }]
  for (const e of [sound, fallen]) putEpoch(history, run, e, resumeAt(e), 1)
  const detail = runDetail(history, run)
  expect(detail.start?.epochs.map((e) => e.collapse)).toEqual([undefined, collapse])
  expect(detailLines(detail).join('\n')).toContain(
    'epoch 1: COLLAPSE: 97.3 % of the images of cars are taken for one class',
  )
  expect(lineOf({ type: 'epoch', run, ...fallen })).toMatchObject({
    live: false,
    text: expect.stringContaining('COLLAPSE: 97.3 %'),
  })
  expect(lineOf({ type: 'epoch', run, ...sound })).toMatchObject({ live: true })
  history.close()
})
