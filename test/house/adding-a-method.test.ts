// Methods and objectives are added from here alone, each in the one list it belongs to, and are then everywhere: a card
// where the engine has the way of learning or the loss, a second page where it has not. And it is counted: the pages
// that name a method or objective are its own, and nobody asks for one by its name.

import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

import { methodsCommand, pageLines } from '../../src-main/cli/methods.ts'
import type { RunId } from '../../src-main/contract/branded.ts'
import { methods } from '../../src-main/contract/methods/index.ts'
import { methodPage, objectivePage } from '../../src-main/contract/methods/page.ts'
import { objectives } from '../../src-main/contract/objectives/index.ts'
import { configIssues, configJsonSchema, resolveConfig } from '../../src-main/contract/run/resolve.ts'
import type { EngineEvent, ResumeState } from '../../src-main/contract/run/run.ts'
import { type Backend, openBackend } from '../../src-main/engine/devices/backend.ts'
import { run } from '../../src-main/engine/runs/run.ts'
import { hashFile } from '../../src-main/files/hash.ts'
import { openSource } from '../../src-main/files/source.ts'
import { resumeOf } from '../../src-main/history/resume.ts'
import { createRun } from '../../src-main/history/runs.ts'
import { recipeOf } from '../../src-main/workbench/export/recipe.ts'
import { keepEvent } from '../../src-main/workbench/runs/keep.ts'
import { formFields } from '../../src-renderer/components/form/form-fields.ts'
import { groupsOf } from '../../src-renderer/components/form/form-groups.ts'
import { folder as golden, goldenExample } from '../golden/fixture.ts'
import { folder, now, opened } from '../history/rows.ts'

vi.mock('../../src-main/contract/methods/index.ts', async (original) => {
  const { methods: own } = await original<typeof import('../../src-main/contract/methods/index.ts')>()
  const [{ toyMethod }, { toyWalk }] = await Promise.all([
    import('./adding/toy-method.ts'),
    import('./adding/toy-walk.ts'),
  ])
  return { methods: [...own, toyMethod, toyWalk] }
})
vi.mock('../../src-main/engine/learning/ways/index.ts', async (original) => {
  const { ways } = await original<typeof import('../../src-main/engine/learning/ways/index.ts')>()
  return { ways: [...ways, (await import('./adding/halving.ts')).halving] }
})
vi.mock('../../src-main/contract/objectives/index.ts', async (original) => {
  const { objectives: own } = await original<typeof import('../../src-main/contract/objectives/index.ts')>()
  const [{ toyObjective }, { toyScore }] = await Promise.all([
    import('./adding/toy-objective.ts'),
    import('./adding/toy-score.ts'),
  ])
  return { objectives: [...own, toyObjective, toyScore] }
})
vi.mock('../../src-main/engine/learning/losses/index.ts', async (original) => {
  const { losses } = await original<typeof import('../../src-main/engine/learning/losses/index.ts')>()
  return { losses: [...losses, (await import('./adding/brier.ts')).brier] }
})

const { start: _, iterations: __, ...shared } = goldenExample
const two = { tasks: shared.tasks.slice(0, 2), blocks: 'layer' }
const plain = {
  ...shared,
  ...two,
  initialCoefficient: undefined,
  learningRate: undefined,
  weightDecay: undefined,
  steps: 4,
}
const absolute = (path: string): string => join(golden, path)
const messages = (change: Record<string, unknown>): string[] =>
  configIssues({ ...plain, ...change }).map(({ field, message }) => `${field}: ${message}`)

describe('a method that was added', () => {
  test('is in the schema with its sentence, as a method and as a start, and so are objectives', () => {
    expect(configJsonSchema()).toMatchObject({
      properties: {
        method: {
          enum: expect.arrayContaining(['toy', 'walk']),
          enumDescriptions: expect.arrayContaining([
            'Toy scaling: Learns a coefficient for every vector and block from a half',
          ]),
        },
        start: { properties: { method: { enum: expect.arrayContaining(['toy', 'walk']) } } },
        objective: {
          enum: expect.arrayContaining(['sharp', 'score']),
          enumDescriptions: expect.arrayContaining(['Toy score: The square of what probabilities miss']),
        },
      },
    })
  })

  test('has the fields it reads in the form, and no others', () => {
    const fields = formFields()
    expect(fields.get('method')?.choices).toContain('toy')
    expect(fields.get('objective')?.choices).toContain('sharp')
    const chosen = { method: 'toy', start: 'atlas', objective: 'sharp', linearised: 'no', aims: ['learn'] }
    const none = { value: () => false, issue: () => false }
    const learning = (of: Partial<typeof chosen>) =>
      groupsOf(fields.keys(), { ...chosen, ...of }, none).find(({ title }) => title === 'Learning')?.names ?? []
    expect(learning({}).sort()).toEqual(
      ['clamp', 'epochs', 'initialCoefficient', 'learningRate', 'patience', 'steps'].sort(),
    )
    expect(learning({ method: 'walk' })).toEqual(['steps'])
    const all = (of: Partial<typeof chosen>) =>
      groupsOf(fields.keys(), { ...chosen, ...of }, none).flatMap(({ names }) => names)
    expect(all({})).toContain('trim')
    expect(all({})).not.toContain('control')
    expect(all({ method: 'walk' })).not.toContain('trim')
    expect(all({ method: 'dv-basi', start: 'toy' })).toContain('start.learningRate')
    expect(all({ method: 'dv-basi', start: 'walk' })).not.toContain('start.learningRate')
  })

  test('is in the terminal, with its paper, what it needs and the values of its fields', () => {
    expect(methodsCommand().helpInformation()).toMatch(/"toy",\s+"walk"/)
    const page = methodPage('toy')
    const text = page ? pageLines(page).join('\n') : ''
    expect(text).toContain('Toy et al.: On Toys. TOY 2025')
    expect(text).toContain(
      'at least 2 fine-tuned models, at most 3 fine-tuned models and images of each task with labels',
    )
    expect(text).toMatch(/initialCoefficient \(κ\)\s+0\.5\s+0\.2 to 0\.8/)
    expect(objectivePage('sharp')?.needs).toBe('It needs labels, and batches of a number of images to choose among.')
  })

  test('has what contradicts it told in sentences', () => {
    expect(messages({ method: 'toy' })).toEqual([])
    expect(messages({ method: 'toy', vectors: ['a'] })).toEqual(['vectors: name at least 2 fine-tuned models'])
    expect(messages({ method: 'toy', vectors: ['a', 'b', 'c', 'd'] })).toEqual(['vectors: toy takes at most 3 of them'])
    expect(messages({ method: 'toy', initialCoefficient: 0.9 })).toEqual([
      'initialCoefficient: in toy it has to be at most 0.8',
    ])
    expect(messages({ method: 'toy', objective: 'entropy' })).toEqual([
      'objective: toy needs labels, and entropy learns without: use cross-entropy, sharp or score',
    ])
    expect(messages({ method: 'toy', start: { method: 'walk' } })).toEqual([
      'start: toy has no start; only dv-basi has',
    ])
    expect(messages({ method: 'walk', objective: 'sharp' })).toEqual([
      'batch: sharp chooses among the images of a step: give a number',
    ])
    expect(messages({ method: 'dv-basi' })[0]).toContain('"toy" or "walk"')
  })

  test('has its own values where fields are empty', () => {
    const { start, trim } = resolveConfig({ ...plain, method: 'toy' }, absolute)
    expect(start).toMatchObject({ method: 'toy', initialCoefficient: 0.5, learningRate: 0.02, weightDecay: 0.1 })
    expect(trim).toBe(0.4)
    expect(resolveConfig({ ...plain, method: 'walk' }, absolute).trim).toBeNull()
  })
})

describe('a run of it', () => {
  let backend: Backend
  beforeAll(async () => {
    backend = await openBackend({ prefer: 'wasm' })
  })
  afterAll(() => backend.close())

  test.each([
    ['toy', 'score', { batch: 'all' }],
    ['toy', 'sharp', { batch: 24 }],
    ['walk', 'cross-entropy', {}],
  ])(
    '%s on %s: kept, broken off after an epoch, resumed to the same bits, and named by its recipe',
    async (...given) => {
      const [method, objective, change] = given
      const config = resolveConfig({ ...plain, method, objective, ...change }, absolute)
      const history = await opened(folder())
      const host = (resume: ResumeState | null) => ({
        ...{ backend, open: openSource, hash: hashFile, resume, parents: [] },
        ...{ stopping: () => false, signal: new AbortController().signal },
      })
      const kept = async (into: RunId, resume: ResumeState | null, epochs = Number.POSITIVE_INFINITY) => {
        const found: EngineEvent[] = []
        for await (const event of run(config, host(resume))) {
          keepEvent(history, into, event, 0, now)
          found.push(event)
          if (found.filter(({ type }) => type === 'epoch').length === epochs) break
        }
        return found
      }
      const [whole, broken] = [createRun(history, config, now), createRun(history, config, now)]
      const events = await kept(whole, null)
      const first = events.find(({ type }) => type === 'stage-end')
      expect(first).toMatchObject({ accepted: true })
      await kept(broken, null, 2)
      const rest = await kept(broken, resumeOf(history, broken))
      expect(rest.find(({ type }) => type === 'stage-end')).toEqual(first)
      const recipe = recipeOf(history, broken, null)
      expect(recipe).toEqual({ ...recipeOf(history, whole, null), run: broken })
      expect(recipe).toMatchObject({ method, config: { objective } })
      expect(recipe.start.flat().some((c) => c !== 0)).toBe(true)
    },
  )
})

describe('counted', () => {
  const root = join(import.meta.dirname, '..', '..')
  const own = methods.filter(({ name }) => !['toy', 'walk'].includes(name))
  const sources = ['src-main', 'src-renderer'].flatMap((top) =>
    readdirSync(join(root, top), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(ts|svelte)$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name)),
  )
  const texts = new Map(
    sources.map((file) => [relative(root, file).split(sep).join('/'), readFileSync(file, 'utf8')] as const),
  )
  const naming = (name: string): string[] =>
    [...texts].filter(([, text]) => text.includes(`'${name}'`)).map(([file]) => file)

  test('a method is its card, and a way of its own where it has one', () => {
    expect(naming('adamerging')).toEqual(['src-main/contract/methods/adamerging.ts'])
    expect(naming('cma-es').sort()).toEqual([
      'src-main/contract/methods/cma-es.ts',
      'src-main/engine/learning/ways/cma-es.ts',
    ])
    for (const { name } of own) expect(naming(name)).toContain(`src-main/contract/methods/${name}.ts`)
  })

  test('every card is a page in its folder, and in its list', () => {
    const pages = (of: string, shared: string[]) =>
      readdirSync(join(root, 'src-main/contract', of))
        .map((file) => file.replace('.ts', ''))
        .filter((name) => !shared.includes(name))
        .sort()
    expect(pages('methods', ['card', 'index', 'lookup', 'page'])).toEqual(own.map(({ name }) => name).sort())
    expect(pages('objectives', ['card', 'index', 'lookup'])).toEqual(
      objectives
        .map(({ name }) => name)
        .filter((name) => !['sharp', 'score'].includes(name))
        .sort(),
    )
  })

  test('nobody asks whether a method or objective is one by its name', () => {
    const words = ['checkpoint', 'merge'] // which mean other things too
    const names = [...own, ...objectives].map(({ name }) => name).filter((name) => !words.includes(name))
    const asks = new RegExp(
      `([!=]==? ?'(${names.join('|')})')|(\\bmethod\\W{0,4} ?[!=]==? ?'(${words.join('|')})')|includes\\(\\w*\\.?method\\)`,
    )
    const asking = [...texts].filter(([, text]) => asks.test(text)).map(([file]) => file)
    // TIES is also a way of merging, in place of a run's vectors where it is the start
    const merging = /^src-main\/contract\/(run\/coefficients|merges\/consensus\/ties)\.ts$/
    expect(asking.filter((file) => !merging.test(file))).toEqual([])
  })
})
