// A data folder with many short runs in its history, all different and all over.

import { putEpoch } from '../../src-main/history/epochs.ts'
import { openHistory } from '../../src-main/history/open.ts'
import { createRun, endRun, putOpened } from '../../src-main/history/runs.ts'
import { endStage, putStage } from '../../src-main/history/stages.ts'
import { transaction } from '../../src-main/history/statement.ts'
import { epoch, resumeAt, stage, table } from '../history/rows.ts'
import { toyConfig } from '../workbench/toy-run.ts'

/** Numbered from 1. Three stages of three epochs each. */
export async function putRuns(home: string, count: number): Promise<void> {
  const history = await openHistory(home)
  const engine = { name: 'toy', kind: 'wasm', threads: 1, simd: 'none', reason: '', versions: {} } as const
  transaction(history, () => {
    for (let n = 1; n <= count; n++) {
      const run = createRun(history, toyConfig({ name: `short ${n}`, seed: n }), new Date())
      putOpened(history, run, {
        type: 'opened',
        engine,
        blocks: ['x', 'y', 'z'],
        parents: [],
        parameters: 6,
        images: [],
      })
      for (const number of [0, 1, 2]) {
        putStage(history, run, stage(number))
        for (const e of [0, 1, 2, 3]) {
          const record = { ...epoch(number, e), metric: n / (e + number + 1), coefficients: small(number, e) }
          putEpoch(history, run, record, { ...resumeAt(record), completed: [] }, e)
        }
        const end = { stage: number, accepted: true, best: 6, still: 1, metric: 0.2, losses: [1, 0.5] }
        endStage(history, run, { ...end, coefficients: small(number, 3) })
      }
      endRun(history, run, 'done', new Date(), null, 3)
    }
  })
  await history.close()
}

/** Two vectors in the start, one row in an iteration. */
const small = (stage: number, epoch: number): number[][] =>
  table(epoch / 10)
    .slice(0, stage ? 1 : 2)
    .map((row) => row.map((value) => Math.atan(value)))
