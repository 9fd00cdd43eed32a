// The sample's study of merges as starts, at toy size on the golden models: every arm's start is the merge that its name
// says, to the bit, and DV-BASI, its control and aTLAS go the same number of steps, counted in what the engine tells.
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { mergeCard } from '../../src-main/contract/merges/step.ts'
import { resolveConfig } from '../../src-main/contract/run/resolve.ts'
import type { EngineEvent } from '../../src-main/contract/run/run.ts'
import { type PlannedRun, parseStudy, plannedRuns } from '../../src-main/contract/run/study.ts'
import { type Backend, openBackend } from '../../src-main/engine/devices/backend.ts'
import { run } from '../../src-main/engine/runs/run.ts'
import { hashFile } from '../../src-main/files/hash.ts'
import { openSource } from '../../src-main/files/source.ts'
import { startsOf } from '../../src-main/workbench/studies/starts.ts'
import { firstImages, folder, goldenExample } from './fixture.ts'

const read = (name: string) =>
  JSON.parse(readFileSync(join(import.meta.dirname, '../../resources/sample', name), 'utf8'))
const written = read('starts.json')
const whole = plannedRuns(parseStudy({ ...written, config: read(written.config) }), () => 0)

/** The arms on three small models and one task, whose epochs are two steps. */
const { steps: _, tasks: __, ...models } = goldenExample
const config = { ...models, tasks: (await firstImages(32)).slice(0, 1), batch: 16, start: { method: 'atlas' } }
const small = parseStudy({ ...written, config, seeds: [1] })
const arms = new Map(plannedRuns(small, () => 0).map((one) => [one.arm, one]))
const titles = [...arms.keys()].filter((arm) => arm !== 'aTLAS' && !/ \+ | from /.test(arm))

test('the study is valid: 14 starts, each alone, with DV-BASI and with restarts; two rivals; three seeds', () => {
  expect(whole).toHaveLength(3 * (2 + 3 * 14))
  expect(titles).toHaveLength(14)
  for (const title of titles) {
    const step = arms.get(title)?.config
    expect(step?.method).toBe('merge')
    // named as its card is, some of them shorter
    expect(
      mergeCard(step?.merge ?? '')
        .title.toLowerCase()
        .startsWith(title.toLowerCase()),
    ).toBe(true)
    expect(arms.get(`${title} + DV-BASI`)?.config).toMatchObject({ method: 'dv-basi', initialCoefficient: 0.1 })
    const { start } = arms.get(`${title} + DV-BASI`)?.config ?? {}
    expect(start).toEqual({ method: 'merge', merge: step?.merge })
    expect(arms.get(`${title} + restart only`)?.config).toMatchObject({ method: 'dv-basi', control: 'restart', start })
  }
  const learned = whole.filter(({ config }) => config.method !== 'merge')
  for (const { config } of learned) expect((config.iterations ?? 1) * (config.epochs ?? 0)).toBe(3)
})

test("the page's example of one's own is a study too: its start is found, and its rival", () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/starts.md'), 'utf8')
  const example = JSON.parse(/```json\n(.*?)```/s.exec(page)?.[1] ?? '')
  const own = { ...read('dv-basi.json'), iterations: 3, epochs: 1 }
  const runs = plannedRuns(parseStudy({ ...example, config: own }), () => 0)
  const steps = { start: [], iterations: [] }
  const found = startsOf(runs.map(({ arm, config }) => ({ arm, config: resolveConfig(config, (path) => path), steps })))
  expect(found?.starts.map(({ arm }) => arm)).toEqual(['TIES', 'TIES', 'TIES']) // three seeds
  expect([found?.ways, [...new Set(found?.rivals)]]).toEqual([['DV-BASI', 'restart only'], ['aTLAS']])
  for (const { config } of runs.filter(({ config }) => config.method !== 'merge'))
    expect((config.iterations ?? 1) * (config.epochs ?? 0)).toBe(3)
})

describe('on wasm', () => {
  let backend: Backend
  beforeAll(async () => {
    backend = await openBackend({ prefer: 'wasm' })
  })
  afterAll(() => backend.close())

  async function events({ config }: PlannedRun): Promise<EngineEvent[]> {
    const found: EngineEvent[] = []
    const resolved = resolveConfig(config, (path) => resolve(folder, path))
    const signal = new AbortController().signal
    const host = { backend, open: openSource, hash: hashFile, resume: null, parents: [], stopping: () => false, signal }
    for await (const event of run(resolved, host)) found.push(event)
    return found
  }
  const ran = async (arm: string): Promise<EngineEvent[]> => events(arms.get(arm) as PlannedRun)

  /** The first look of the first stage: what a run begins with. */
  const beginning = (all: readonly EngineEvent[]) => {
    const first = all.find((event) => event.type === 'epoch')
    return { tasks: first?.tasks, metric: first?.metric }
  }
  const startOf = (all: readonly EngineEvent[]) =>
    all.flatMap((event) => (event.type === 'stage-end' && event.stage === 0 ? [event.coefficients] : []))[0]
  /** Losses before steps, of all stages but those that take nothing but a look. */
  const steps = (all: readonly EngineEvent[]): number =>
    all.reduce((sum, event) => sum + (event.type === 'epoch' ? event.losses.length : 0), 0)

  test.each(titles)('%s is where DV-BASI starts from it', async (title) => {
    const [merged, onward] = [await ran(title), await ran(`${title} + DV-BASI`)]
    expect(startOf(onward)).toEqual(startOf(merged))
    expect(beginning(onward)).toEqual(beginning(merged))
    expect([steps(merged), steps(onward)]).toEqual([0, 6])
  })

  test('restarts begin where DV-BASI does, and go as many steps, as does aTLAS', async () => {
    const [merged, restart] = [await ran('TIES'), await ran('TIES + restart only')]
    expect(startOf(restart)).toEqual(startOf(merged))
    expect(beginning(restart)).toEqual(beginning(merged))
    expect([steps(restart), steps(await ran('aTLAS'))]).toEqual([6, 6])
  })

  test('aTLAS from task arithmetic begins at its model', async () => {
    const [atlas, merged] = [
      beginning(await ran('aTLAS from task arithmetic')),
      beginning(await ran('task arithmetic')),
    ]
    for (const [t, { accuracy, loss }] of (merged.tasks ?? []).entries()) {
      expect(atlas.tasks?.[t]?.accuracy).toBe(accuracy)
      expect(Math.abs((atlas.tasks?.[t]?.loss ?? Number.NaN) / loss - 1)).toBeLessThan(1e-5)
    }
  })
})
