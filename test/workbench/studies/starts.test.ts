// Arms that go on from the same start are found by what their runs were told, not by their names; steps are those that
// the runs have on record; and the table's differences are paired by seed.
import { expect, test } from 'vitest'

import { startLines } from '../../../src-main/cli/study/starts-table.ts'
import type { StudyRun } from '../../../src-main/contract/api/studies.ts'
import { runId } from '../../../src-main/contract/branded.ts'
import type { RunConfig } from '../../../src-main/contract/run/config.ts'
import type { RunDetail } from '../../../src-main/contract/run/run.ts'
import { type DoneArm, doneArms, startsOf } from '../../../src-main/workbench/studies/starts.ts'
import { toyConfig } from '../toy-run.ts'

const ties = { method: 'merge', merge: 'ties' } as const
const alone = { start: undefined, iterations: undefined, epochs: undefined }
const changes: [string, Partial<RunConfig>, number][] = [
  ['aTLAS', { ...alone, method: 'atlas', epochs: 6 }, 0],
  ['TIES', { ...alone, ...ties }, 0],
  ['TIES + DV-BASI', { start: ties, iterations: 2, epochs: 3 }, 96],
  ['TIES + restart only', { start: ties, iterations: 2, epochs: 3, control: 'restart' }, 96],
  ['TIES of 30 % + DV-BASI', { start: { ...ties, set: { density: 0.3 } }, iterations: 2, epochs: 3 }, 96],
  ['half of TIES, DV-BASI', { start: { ...ties, initialCoefficient: 0.5 }, iterations: 2, epochs: 3 }, 96],
]
const arms: DoneArm[] = changes.map(([arm, change, iterations]) => ({
  arm,
  config: toyConfig({ seed: 3, ...change }),
  steps: { start: [iterations ? 0 : arm === 'aTLAS' ? 96 : 0], iterations: [iterations] },
}))

test('an arm goes on from another where its start is that one, whatever it is called', () => {
  const found = startsOf(arms)
  expect(found?.starts).toEqual([
    {
      arm: 'TIES',
      onward: new Map([
        ['DV-BASI', 'TIES + DV-BASI'],
        ['restart only', 'TIES + restart only'],
      ]),
    },
  ])
  expect(found?.ways).toEqual(['DV-BASI', 'restart only'])
  expect(found?.rivals).toEqual(['aTLAS'])
  expect(found?.steps).toEqual(
    new Map([
      ['aTLAS', [96]],
      ['DV-BASI', [96]],
      ['restart only', [96]],
    ]),
  )
  const renamed = startsOf(arms.map((one) => (one.arm === 'TIES' ? { ...one, arm: 'the merge' } : one)))
  expect(renamed?.starts[0]?.onward.get('TIES + DV-BASI')).toBe('TIES + DV-BASI')
  expect(startsOf(arms.filter(({ arm }) => arm !== 'TIES'))).toBeNull()
})

let place = 0
const ran = (arm: string, seed: number, accuracy: number, more: Partial<StudyRun> = {}): StudyRun => {
  place++
  const nothing = { relativeAccuracy: null, control: null, pretrained: null, finetuned: null, leaks: [], error: null }
  return { place, arm, part: '', seed, run: runId(place), state: 'done', accuracy, ...nothing, ...more }
}

test('steps are counted in the runs, the start apart; what is not done, or has parts, is left out', () => {
  const stage = (step: number): RunDetail['start'] => ({ epochs: [{ step: 0 }, { step }] }) as RunDetail['start']
  const show = () => ({ config: toyConfig(), start: stage(7), iterations: [stage(16), stage(14)] }) as RunDetail
  const runs = [ran('a', 0, 0.5), ran('a', 1, 0.5, { state: 'failed' }), ran('b', 0, 0.5, { part: 'cars' })]
  expect(doneArms(runs, show)).toEqual([{ arm: 'a', config: toyConfig(), steps: { start: [7], iterations: [30] } }])
})

test('the table has a row a start, the mean of them, and intervals of differences that are paired by seed', () => {
  const starts = startsOf(arms)
  const runs = [0, 1, 2].flatMap((seed) => [
    ran('aTLAS', seed, 0.7),
    ran('TIES', seed, 0.6),
    ran('TIES + DV-BASI', seed, [0.7, 0.75, 0.8][seed] ?? 0),
    ran('TIES + restart only', seed, [0.69, 0.73, 0.77][seed] ?? 0),
  ])
  const lines = starts ? startLines(starts, runs) : []
  expect(lines[0]).toBe('| start | seeds | alone | DV-BASI | restart only | DV-BASI − restart only | DV-BASI − aTLAS |')
  // 1, 2, 3 points: 2 -+ 4.3027 / sqrt(3); 0, 5, 10: five times that around 5
  const figures = '60.0 ± 0.0 | 75.0 ± 5.0 | 73.0 ± 4.0 | +2.00 [−0.48, +4.48] | +5.00 [−7.42, +17.42] |'
  expect(lines.slice(2, 4)).toEqual([`| TIES | 3 | ${figures}`, `| mean of 1 | 3 | ${figures}`])
  expect(lines).toContain('aTLAS, from a start of its own: 70.0 ± 0.0.')
  expect(lines).toContain('Steps after the start, of all runs that are done: aTLAS 96, DV-BASI 96, restart only 96.')
})
