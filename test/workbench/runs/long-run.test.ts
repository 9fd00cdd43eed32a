// Five thousand epochs told one by one: what the page keeps of them is what they are, and nothing besides.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

import { expect, test } from 'vitest'

import { runId } from '../../../src-main/contract/branded.ts'
import type { RunEvent } from '../../../src-main/contract/run/run.ts'
import { linePicture } from '../../../src-renderer/plot/picture/lines.ts'
import { accuracyChart, lossChart } from '../../../src-renderer/plot/run-charts.ts'
import { applyEvent, type LiveRun, liveRun } from '../../../src-renderer/state/run/apply-event.ts'
import { withLog } from '../../../src-renderer/state/run/log.ts'
import { partsDone } from '../../../src-renderer/state/run/share.ts'
import { run, scores } from '../../renderer/run-fixture.ts'

setFlagsFromString('--expose-gc')
const collect: unknown = runInNewContext('gc')
function held(): number {
  if (typeof collect !== 'function') throw new Error('V8 does not give its collector')
  for (let i = 0; i < 3; i++) collect()
  return process.memoryUsage().heapUsed
}

const updates = 5_000
const of = { run: runId(7), stage: 3 }
const begin: RunEvent = {
  ...{ type: 'stage', ...of, kind: 'iteration', method: 'dv-basi', vectors: ['difference vector'] },
  ...{ epochsPlanned: updates, stepsPerEpoch: 3 },
}
const epoch = (number: number): RunEvent => ({
  ...{ type: 'epoch', ...of, epoch: number, step: 3 * number, losses: number ? [1, 2, 3] : [], metric: 1 / number },
  ...{ gradients: number ? [1, 2, 3] : [], best: true, tasks: scores([0.5, number / updates]) },
  ...{ coefficients: [[number, 1, 2]], seconds: number, remainingSeconds: 1 },
})
const pulse = (number: number): RunEvent => ({
  ...{ type: 'pulse', run: of.run, memory: { process: number, device: null }, remainingSeconds: number },
  pace: { stage: 3, step: number, stepSeconds: 1, imageSeconds: null, measuring: null },
})

function drawn(live: LiveRun): number {
  const look = { smoothing: 0.8, logX: false, logY: false }
  const pictures = [accuracyChart(live.detail), lossChart(live.detail)].map((chart) =>
    linePicture({ ...chart, look, width: 600, height: 200 }),
  )
  return pictures.reduce((sum, { scene }) => sum + scene.shapes.length, 0) + partsDone(live).length
}

test('five thousand updates, drawn now and then, leave their numbers in memory and no more', () => {
  let live = applyEvent(liveRun(run()), begin)
  const before = held()
  for (let n = 0; n < updates; n++) {
    for (const event of [epoch(n), pulse(n)]) live = withLog(applyEvent(live, event), event, new Date(0))
    if (n % 500 === 0) expect(drawn(live)).toBeGreaterThan(10)
  }
  const grown = held() - before
  console.log(`${updates} updates: ${(grown / 2 ** 20).toFixed(1)} MiB, ${(grown / updates).toFixed(0)} bytes each`)
  expect(live.detail.iterations.at(-1)?.epochs).toHaveLength(updates)
  expect(live.detail.log ?? []).toEqual([]) // no epoch is an entry
  expect(grown).toBeLessThan(16 * 2 ** 20)
})
