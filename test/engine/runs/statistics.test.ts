// Runs that begin with a merge that looks at images, on wasm: each method end to end, with its statistics among the
// run's files; broken off and resumed to the same bits; done again without looking again; the model rebuilt from the
// parents and the statistics alone, and verified byte for byte.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { merges } from '../../../src-main/contract/merges/index.ts'
import { stepsOf } from '../../../src-main/contract/merges/step.ts'
import type { ResolvedConfig } from '../../../src-main/contract/run/config.ts'
import type { Recipe } from '../../../src-main/contract/run/recipe.ts'
import type { EngineEvent, Parent, ResumeState } from '../../../src-main/contract/run/run.ts'
import { type Backend, openBackend } from '../../../src-main/engine/devices/backend.ts'
import { run } from '../../../src-main/engine/runs/run.ts'
import { statisticsStore } from '../../../src-main/files/statistics-store.ts'
import { rebuild } from '../../../src-main/worker/rebuild.ts'
import { verify } from '../../../src-main/worker/verify.ts'
import { firstImages, goldenConfig, goldenExample } from '../../golden/fixture.ts'
import { hostOf } from './host.ts'

type Event<T extends EngineEvent['type']> = Extract<EngineEvent, { type: T }>
const of = <T extends EngineEvent['type']>(all: readonly EngineEvent[], type: T) =>
  all.filter((event): event is Event<T> => event.type === type)

const home = mkdtempSync(join(tmpdir(), 'basil-looking-runs-'))
const kept = join(home, 'statistics')
let backend: Backend
beforeAll(async () => {
  backend = await openBackend({ prefer: 'wasm' })
})
afterAll(() => {
  backend.close()
  rmSync(home, { recursive: true })
})

async function events(config: ResolvedConfig, resume: ResumeState | null = null, parents: Parent[] = []) {
  const found: EngineEvent[] = []
  const host = { ...hostOf(backend, resume), parents, statistics: statisticsStore(kept) }
  for await (const event of run(config, host)) found.push(event)
  return found
}

const looking = merges.filter(({ needs }) => needs.statistics)
const setOf = (name: string) => ({ images: 6, ...(name === 'fisher' && { batch: 3 }) })

const tasks = (await firstImages(32)).slice(0, 2)
const two = { vectors: goldenExample.vectors.slice(0, 2), tasks, batch: 32 }
const asked = (name: string) => ({ method: 'merge', merge: name, set: setOf(name) })
const startBy = (name: string) => ({ start: asked(name), iterations: 1, steps: 2 })
const alone = (name: string) => ({ ...asked(name), ...nothingLearned })
const nothingLearned = { start: undefined, iterations: undefined, steps: undefined, initialCoefficient: undefined }

describe.each(looking.map(({ name }) => name))('%s', (name) => {
  test('resumed to the same bits, not looked at again, and rebuilt from what is kept', async () => {
    const config = goldenConfig('cross-entropy', { ...two, ...(name === 'regmean' ? startBy : alone)(name) })
    const before = backend.memory().tensors
    const whole = await events(config)
    expect(backend.memory().tensors).toBe(before)
    const looked = of(whole, 'progress').filter(({ what }) => /^(Inputs of layers|Squared gradients)/.test(what))
    const [opened] = of(whole, 'opened')
    const statistics = (opened?.parents ?? []).filter(({ role }) => role === 'statistics')
    expect(statistics).toHaveLength(name === 'regmean-plus-plus' ? 1 : 2)
    for (const { name: file } of statistics) expect(readdirSync(kept)).toContain(file)
    expect(of(whole, 'finished')).toHaveLength(1)

    const epoch = of(whole, 'epoch').at(-1)
    const again = await events(config, structuredClone(epoch?.resume ?? null), opened?.parents)
    expect(of(again, 'progress').filter(({ what }) => /^(Inputs of layers|Squared)/.test(what))).toEqual([])
    expect(of(again, 'stage-end').at(-1)).toEqual(of(whole, 'stage-end').at(-1))
    expect(of(again, 'evaluation').at(-1)).toEqual(of(whole, 'evaluation').at(-1))
    if (name !== 'pave' && name !== 'esm') expect(looked.length).toBeGreaterThan(0)

    const [first, ...others] = of(whole, 'stage-end').map(({ coefficients }) => coefficients)
    const brief = ({ file, name: called, sha256 }: Parent) => ({ file, name: called, sha256 })
    const byRole = (role: Parent['role']) => (opened?.parents ?? []).filter((parent) => parent.role === role).map(brief)
    const recipe: Recipe = {
      basil: '2',
      steps: stepsOf(config),
      statistics: byRole('statistics'),
      run: null,
      name,
      method: config.method,
      grouping: config.blocks,
      iteration: config.iterations,
      epoch: null,
      pretrained: byRole('pretrained')[0] as Recipe['pretrained'],
      vectors: byRole('vector'),
      groups: opened?.blocks ?? [],
      start: first ?? [],
      iterations: others.map(([row]) => row ?? []),
    }
    const out = join(home, `${name}.safetensors`)
    await rebuild({ recipe, out, overwrite: false, form: { container: 'safetensors', layout: null, dtype: null } })
    const files = [recipe.pretrained, ...recipe.vectors, ...(recipe.statistics ?? [])].map(({ file }) => file)
    const verified = await verify({ file: out, parents: files })
    expect(verified.tensors).toBe(32)
    expect(readFileSync(out).includes(home)).toBe(false) // no path of this machine

    // other statistics are other parents
    const [one] = statistics
    const copy = join(home, `other-${one?.name}`)
    const bytes = readFileSync(one?.file ?? '')
    bytes.writeUInt8((bytes.at(-3) as number) ^ 1, bytes.length - 3)
    writeFileSync(copy, bytes)
    const wrong = files.map((file) => (file === one?.file ? copy : file))
    await expect(verify({ file: out, parents: wrong })).rejects.toMatchObject({ record: { code: 'file-changed' } })
  })
})

test('the labels of test data stay locked: the likelihood of observed labels is refused before anything is computed', async () => {
  const config = goldenConfig('entropy', {
    method: 'merge',
    merge: 'fisher',
    set: { images: 4, labels: 'observed' },
    ...nothingLearned,
  })
  const locked = { ...config, tasks: config.tasks.map((task) => ({ ...task, test: task.data })) }
  await expect(events(locked)).rejects.toMatchObject({
    record: { code: 'data-invalid', what: expect.stringMatching(/labels .* locked until the end/) },
  })
})
