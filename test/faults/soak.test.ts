// A day of work at a quickened pace (R21): 10 minutes stand for 24 hours, 500 runs with their pages opened and closed.
// What the workbench's process holds, garbage collected, and what both processes have resident, may grow by 1 MB in an
// hour of that day once they are warm; open files stay as many as they were, the history's WAL and all logs stay
// small. The slope is Theil and Sen's, the median over all pairs of samples, which a collection at one of them does
// not move; its interval is Kendall's at 95 %. That tensors stay as many is test/golden/flat-memory.test.ts's.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { expect, test } from 'vitest'

import { temporaryFolder } from '../workbench/toy.ts'
import { countOf, tell } from './promises.ts'
import type { Sample } from './soak-main.ts'

const minutes = countOf('R21')
const runsAMinute = 50
const hoursAMinute = 2.4 // of the day that is stood for
const isPaced = minutes >= 10 // shorter ones are done as fast as they can be: they only see that nothing is left behind
const warm = 0.3 // of the samples are not looked at
const [mb, most] = [1e6, 1e6] // bytes, bytes an hour

test(`${minutes} minutes of work leave nothing behind`, async () => {
  const began = performance.now()
  const runs = minutes * runsAMinute
  const args = ['--expose-gc', join(import.meta.dirname, 'soak-main.ts'), temporaryFolder(), String(runs)]
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...args, isPaced ? String(60_000 / runsAMinute) : '0'],
    {
      maxBuffer: 2 ** 26,
    },
  )
  const samples = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Sample)
  const late = samples.slice(Math.floor(warm * samples.length))
  const growth = (of: (sample: Sample) => number) =>
    theilSen(late.map((sample) => [(sample.run / runsAMinute) * hoursAMinute, of(sample)]))
  const slopes = { held: growth((s) => s.held), rss: growth((s) => s.rss), engine: growth((s) => s.engineRss) }
  const spread = (of: (sample: Sample) => number): number => Math.max(...late.map(of)) - Math.min(...late.map(of))
  const [wal, logs] = [Math.max(...samples.map((s) => s.wal)), Math.max(...samples.map((s) => s.logs))]
  const left = [spread((s) => s.files), spread((s) => s.engineFiles), spread((s) => s.resources)]
  const told = Object.entries(slopes).map(
    ([name, { slope, low, high }]) => `${name} ${inMb(slope)} (${inMb(low)} to ${inMb(high)})`,
  )
  tell('R21', began, {
    ...{ count: minutes, lost: Math.max(...left), differ: 0 },
    besides: `${samples.length} runs; MB an hour of the day: ${told.join(', ')}; open files ${late.at(-1)?.files} and ${late.at(-1)?.engineFiles}, WAL ${inMb(wal)} MB at most, logs ${inMb(logs)} MB`,
  })
  expect(samples).toHaveLength(runs)
  expect(left).toEqual([0, 0, 0])
  expect(wal).toBeLessThanOrEqual(64 * 2 ** 20)
  expect(logs).toBeLessThanOrEqual(64 * 2 ** 20)
  if (isPaced) for (const [name, { slope }] of Object.entries(slopes)) expect(slope, name).toBeLessThanOrEqual(most)
})

const inMb = (bytes: number): string => (bytes / mb).toFixed(2)

/** Of points (hours, bytes): the median slope of all pairs, and between which it lies. */
function theilSen(points: readonly (readonly [number, number])[]): { slope: number; low: number; high: number } {
  const slopes = points
    .flatMap(([x, y], i) => points.slice(i + 1).map(([u, v]) => (v - y) / (u - x)))
    .sort((a, b) => a - b)
  const n = points.length
  const half = (1.96 * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18)) / 2 // of the pairs, on each side of the middle
  const at = (place: number): number =>
    slopes[Math.min(slopes.length - 1, Math.max(0, Math.round(place)))] ?? Number.NaN
  const middle = slopes.length / 2
  return { slope: at(middle), low: at(middle - half), high: at(middle + half) }
}
