// What history keeps of the machine a run was computed on, so that a resumed run goes to the same bits or says why not;
// and the kept databases of released versions (test/databases), which every later version must open with all they hold.

import { copyFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { type RunId, runId } from '../../src-main/contract/branded.ts'
import type { EngineInfo } from '../../src-main/contract/run/engine-info.ts'
import { runDetailSchema } from '../../src-main/contract/run/run.ts'
import { runDetail } from '../../src-main/history/detail.ts'
import { putEpoch } from '../../src-main/history/epochs.ts'
import { listRuns } from '../../src-main/history/listing/list.ts'
import { migrations } from '../../src-main/history/migrate.ts'
import { resumeOf } from '../../src-main/history/resume.ts'
import { createRun, putHalving, putOpened, reviveRun } from '../../src-main/history/runs.ts'
import { putStage } from '../../src-main/history/stages.ts'
import type { History } from '../../src-main/history/statement.ts'
import { follow, toyWorkbench } from '../workbench/toy.ts'
import { epoch, folder, now, opened, resumeAt, stage, toyConfig } from './rows.ts'

const databases = join(import.meta.dirname, '..', 'databases')
const wasm: EngineInfo = { name: 'wasm', kind: 'wasm', threads: 2, simd: 'SIMD', reason: '', versions: { tfjs: '4' } }
const gpu: EngineInfo = { ...wasm, name: 'TensorFlow (GPU)', kind: 'native-gpu', simd: 'native' }
const cpu: EngineInfo = { ...gpu, name: 'TensorFlow (CPU)', kind: 'native-cpu' }

async function begun(): Promise<{ history: History; run: RunId }> {
  const history = await opened(folder())
  return { history, run: createRun(history, toyConfig(), now) }
}

/** A sitting that opens and keeps some epochs of the start. */
function sit(history: History, run: RunId, engine: EngineInfo, epochs: number[], microBatch = 8): void {
  reviveRun(history, run)
  putOpened(history, run, { type: 'opened', engine, blocks: ['all'], parents: [], parameters: 1, images: [] })
  putStage(history, run, stage(0))
  for (const e of epochs) putEpoch(history, run, epoch(0, e), { ...resumeAt(epoch(0, e)), microBatch }, e)
}

test('a run of one engine names it once, however often it was resumed and with however many threads of wasm', async () => {
  const { history, run } = await begun()
  sit(history, run, wasm, [0, 1])
  sit(history, run, { ...wasm, name: 'wasm, 4 threads', threads: 4, reason: 'another' }, [2])
  expect(runDetail(history, run).engines).toEqual([{ engine: wasm, after: null }])
})

test('an engine that computes differently is recorded with the epoch it went on from, unless it kept nothing', async () => {
  const { history, run } = await begun()
  sit(history, run, wasm, []) // kept nothing: what it began is told anew
  sit(history, run, gpu, [0, 1, 2])
  sit(history, run, wasm, [])
  sit(history, run, cpu, [3])
  sit(history, run, { ...cpu, threads: 16 }, [])
  expect(runDetailSchema.parse(runDetail(history, run)).engines).toEqual([
    { engine: gpu, after: null },
    { engine: cpu, after: { stage: 0, epoch: 2 } },
    { engine: { ...cpu, threads: 16 }, after: { stage: 0, epoch: 3 } },
  ])
})

test('another card, driver or tuning is another engine; one that was not known before is not', async () => {
  const { history, run } = await begun()
  const card = { name: 'RTX 4090', driver: '570.1' }
  const other = { name: 'RTX 3060', driver: '570.1' }
  sit(history, run, gpu, [0])
  sit(history, run, { ...gpu, card }, [1])
  sit(history, run, { ...gpu, card: other }, [2])
  sit(history, run, { ...gpu, card: { ...other, driver: '580.2' } }, [3])
  sit(history, run, { ...gpu, card: { ...other, driver: '580.2' }, tuning: 'b' }, [4])
  const engines = runDetailSchema.parse(runDetail(history, run)).engines
  expect(engines.map(({ after }) => after?.epoch ?? null)).toEqual([null, 1, 2, 3])
  expect(engines[0]?.engine.card).toEqual(card)
  expect(engines[1]?.engine.card).toEqual(other)
})

test('a halved micro-batch is kept with the run; a resumed run forgets those after its last kept epoch and none before', async () => {
  const { history, run } = await begun()
  sit(history, run, wasm, [0], 32)
  const halving = (from: number) => ({ from, to: from / 2, why: 'full' })
  putHalving(history, run, halving(32))
  putEpoch(history, run, epoch(0, 1), { ...resumeAt(epoch(0, 1)), microBatch: 16 }, 1)
  putHalving(history, run, halving(16))
  expect(runDetail(history, run).halvings).toEqual([halving(32), halving(16)])
  reviveRun(history, run)
  putHalving(history, run, halving(32)) // told again, when the fine-tuned models are measured anew
  expect(runDetailSchema.parse(runDetail(history, run)).halvings).toEqual([halving(32)])
  expect(resumeOf(history, run)?.microBatch).toBe(16)
})

test.each(readdirSync(databases))(
  '%s opens with all its runs, and the interrupted one goes on to its end',
  async (name) => {
    const home = folder()
    copyFileSync(join(databases, name), join(home, 'history.sqlite'))
    const history = await opened(home)
    expect(history.notices).toEqual([])
    expect(history.db.pragma('user_version', { simple: true })).toBe(migrations().length)
    const { rows } = listRuns(history, { offset: 0, limit: 10 })
    expect(rows.map((r) => r.state).toSorted()).toEqual(['done', 'interrupted'])
    const [done, interrupted] = ['done', 'interrupted'].map((state) => {
      const found = rows.find((r) => r.state === state)
      return found && runDetailSchema.parse(runDetail(history, found.run))
    })
    expect(done).toMatchObject({ iterationsDone: 2, engines: [{ engine: { name: 'toy' }, after: null }], halvings: [] })
    expect(resumeOf(history, interrupted?.run ?? runId(0))?.microBatch).toBeNull()
    history.close()
    const workbench = await toyWorkbench(home)
    await workbench.runs.resume(interrupted?.run ?? runId(0))
    expect((await follow(workbench, interrupted?.run ?? runId(0))).at(-1)).toMatchObject({ type: 'done' })
    expect(workbench.runs.show(interrupted?.run ?? runId(0))).toMatchObject({
      accuracy: done?.accuracy,
      start: done?.start && { metric: done.start.metric },
    })
  },
)
