// The run being written: what takes its place and what does not, what it is called, and that it is found again. The
// other side is a double that answers at once.
import { beforeEach, expect, test, vi } from 'vitest'

import type { Project } from '../../../../src-main/contract/api/projects.ts'
import { configSchema } from '../../../../src-main/contract/run/config.ts'
import { resolveConfig } from '../../../../src-main/contract/run/resolve.ts'

const asked = vi.hoisted(() => ({ opened: [] as string[], kept: {} as Record<string, unknown> }))
vi.mock('../../../../src-renderer/bridge.ts', () => ({
  client: {
    projects: {
      sample: async () => sample(),
      open: async ({ path }: { path: string }) => {
        asked.opened.push(path)
        if (path.startsWith('/gone/')) throw new Error('it is gone')
        return { ...sample(), origin: { kind: 'file', path } }
      },
      library: async () => ({ grant: 'library' }),
      ofRun: async () => ({ grant: 'run' }),
    },
    preferences: {
      all: async () => asked.kept,
      keep: async ({ key, value }: { key: string; value: unknown }) => {
        asked.kept[key] = value
        return true
      },
    },
    runs: { start: async () => ({ run: 4 }) },
  },
  errorOf: (thrown: unknown) => thrown,
}))

const task = (name: string) => ({ name, data: `${name}.data#train`, head: `${name}.data#head` })
function sample(): Project {
  return {
    grant: 'sample',
    name: 'Sample',
    folder: '/sample',
    origin: { kind: 'sample' },
    presets: [],
    config: configSchema.parse({
      name: 'Sample: DV-BASI from aTLAS',
      method: 'dv-basi',
      pretrained: 'base.safetensors',
      vectors: ['finetuned-mnist.safetensors', 'finetuned-fashion.safetensors'],
      tasks: [task('mnist'), task('fashion')],
      start: { method: 'atlas', epochs: 3 },
      seed: 7,
    }),
  }
}
const cars = { pretrained: '/lib/zeroshot.pt', vectors: ['/lib/CarsVal/finetuned.pt'], tasks: [{ dataset: 'Cars' }] }

async function fresh() {
  vi.resetModules()
  const [{ compose }, { undo }, { remembered }, presets] = await Promise.all([
    import('../../../../src-renderer/state/compose.svelte.ts'),
    import('../../../../src-renderer/state/undo.svelte.ts'),
    import('../../../../src-renderer/state/remembered.svelte.ts'),
    import('../../../../src-renderer/state/compose/presets.svelte.ts'),
  ])
  await remembered.load()
  return { compose, undo, remembered, presets }
}

beforeEach(() => {
  vi.useFakeTimers()
  asked.kept = {}
  asked.opened = []
})

test('models of a set come without the tasks, the name and the settings of the sample that was open (4a)', async () => {
  const { compose } = await fresh()
  compose.adopt(sample())
  await compose.startWith(cars, 'ViT-tiny')
  expect(compose.source).toEqual({ pretrained: cars.pretrained, vectors: cars.vectors, tasks: [] })
  expect(compose.name).toBe('DV-BASI from aTLAS of Cars, seed 0')
  expect([compose.grant, compose.title, compose.withoutTask]).toEqual(['library', 'ViT-tiny', ['Cars']])
})

test('"Open the sample project" gives the sample, whatever models were chosen before (4b)', async () => {
  const { compose } = await fresh()
  await compose.startWith(cars, 'ViT-tiny')
  compose.adopt(sample())
  expect(compose.source?.vectors).toEqual(sample().config.vectors)
  expect(compose.source?.tasks.map(({ name }) => name)).toEqual(['mnist', 'fashion'])
  expect([compose.fromLibrary, compose.grant]).toEqual([false, 'sample'])
})

test('a changed draft is replaced only after the person agreed, and undo brings it back', async () => {
  const { compose, undo } = await fresh()
  compose.adopt(sample())
  compose.replace('Another', () => compose.adopt({ ...sample(), name: 'unchanged, so nobody is asked' }))
  expect([compose.asked, compose.title]).toEqual([null, 'unchanged, so nobody is asked'])
  compose.set('seed', 77)
  await compose.startWith(cars, 'ViT-tiny')
  expect([compose.asked, compose.value('seed')]).toEqual(['ViT-tiny', 77])
  compose.answer(false)
  expect([compose.asked, compose.value('seed')]).toEqual([null, 77])
  await compose.startWith(cars, 'ViT-tiny')
  compose.answer(true)
  expect([compose.grant, compose.value('seed')]).toEqual(['library', undefined])
  await undo.use()
  expect([compose.grant, compose.value('seed'), compose.source?.tasks.length]).toEqual(['sample', 77, 2])
})

test('what was started is in the history, and may be replaced unasked', async () => {
  const { compose } = await fresh()
  compose.adopt(sample())
  compose.set('seed', 77)
  expect(compose.changed).toBe(true)
  expect(await compose.start()).toBe(4)
  expect(compose.changed).toBe(false)
})

test('a draft is found again after a reload, its project opened by its path (8)', async () => {
  const { compose } = await fresh()
  compose.adopt({ ...sample(), origin: { kind: 'file', path: '/mine/run.json' } })
  compose.set('seed', 77)
  compose.flip('task mnist', false)
  await vi.advanceTimersByTimeAsync(1000)
  const { compose: again } = await fresh()
  expect(again.source).toBeNull()
  await again.restore()
  expect(asked.opened).toEqual(['/mine/run.json'])
  expect(again.config).toEqual(compose.config)
  expect([again.value('seed'), again.sitsOut('task mnist'), again.grant, again.changed]).toEqual([
    77,
    true,
    'sample',
    true,
  ])
})

test('a name that nobody typed follows the method; one that was typed stays (18)', async () => {
  const { compose } = await fresh()
  compose.adopt(sample())
  expect(compose.name).toBe('Sample: DV-BASI from aTLAS')
  compose.set('method', 'task-arithmetic')
  expect(compose.name).toBe('Task arithmetic of mnist and fashion, seed 7')
  expect(compose.config['name']).toBe(compose.name)
  compose.set('batch', 4)
  expect(compose.name).toBe('Task arithmetic of mnist and fashion, seed 7, batch 4')
  compose.set('name', 'my own')
  compose.set('method', 'atlas')
  expect(compose.name).toBe('my own')
})

test.each([
  ['aTLAS of mnist and fashion, seed 7, steps 2', { method: 'atlas', start: undefined, steps: 2 }],
  [
    'DV-BASI from TIES of mnist and fashion, seed 7, learning rate 0.3',
    { start: { method: 'ties' }, learningRate: 0.3 },
  ],
])('a run that is used again as “%s” is called by what it is now', async (name, change) => {
  const { compose } = await fresh()
  const again = (called: string) => {
    const config = resolveConfig({ ...sample().config, ...change, name: called }, (path) => `/sample/${path}`)
    compose.again({ run: 1, name: called, config } as never, sample())
  }
  again(name)
  expect([compose.name, compose.changed]).toEqual([name, false])
  compose.set('seed', 1)
  expect(compose.name).toBe(name.replace('seed 7', 'seed 1'))
  again('my own')
  compose.set('seed', 1)
  expect(compose.name).toBe('my own')
})

test('the engine has to have said that it fits: nothing starts while it is being checked (4a)', async () => {
  const { compose } = await fresh()
  compose.adopt(sample())
  expect([compose.checked, compose.ready]).toEqual([null, false])
})

test('a saved configuration means the same, wherever it is opened', async () => {
  const { compose } = await fresh()
  compose.adopt(sample())
  compose.set('learningRate', 0.03)
  compose.set('start.epochs', 5)
  const here = resolveConfig(compose.config, (path) => `/sample/${path}`)
  const there = resolveConfig(JSON.parse(JSON.stringify(compose.portable)), (path) => path)
  expect(there).toEqual(here)
})

test('a preset is kept and begins a run again', async () => {
  const { compose, presets } = await fresh()
  compose.adopt(sample())
  compose.set('learningRate', 0.03)
  presets.keepPreset('fast', compose.portable)
  await vi.advanceTimersByTimeAsync(1000)
  const { compose: again, presets: kept } = await fresh()
  again.adopt(sample())
  const [preset] = kept.ownPresets()
  expect(preset?.name).toBe('fast')
  if (preset) again.load(preset.config)
  expect(again.value('learningRate')).toBe(0.03)
  kept.forgetPreset('fast')
  expect(kept.ownPresets()).toEqual([])
})

test('a server that started again grants the draft its files anew, and the draft stays', async () => {
  const { compose } = await fresh()
  compose.adopt({ ...sample(), grant: 'before', origin: { kind: 'file', path: '/mine/run.json' } })
  compose.set('seed', 77)
  await compose.renew()
  expect(asked.opened).toEqual(['/mine/run.json'])
  expect([compose.grant, compose.project?.grant, compose.value('seed')]).toEqual(['sample', 'sample', 77])
})

test('a draft whose files cannot be opened again is shown all the same', async () => {
  const { compose } = await fresh()
  compose.adopt({ ...sample(), origin: { kind: 'file', path: '/gone/run.json' } })
  compose.set('seed', 77)
  await vi.advanceTimersByTimeAsync(1000)
  const { compose: again } = await fresh()
  await expect(again.restore()).rejects.toThrow('gone')
  expect([again.value('seed'), again.grant]).toEqual([77, null])
})

test('nothing is kept before what was kept is read, and the page that is left keeps what rests', async () => {
  asked.kept = { 'compose.draft': 'of the last time' }
  vi.resetModules()
  const { remembered } = await import('../../../../src-renderer/state/remembered.svelte.ts')
  remembered.set('theme', 'dark')
  await vi.advanceTimersByTimeAsync(1000)
  remembered.flush()
  expect(asked.kept).toEqual({ 'compose.draft': 'of the last time' })
  await remembered.load()
  expect([remembered.value('compose.draft'), remembered.value('theme')]).toEqual(['of the last time', 'dark'])
  remembered.flush()
  expect(asked.kept['theme']).toBe('dark')
})

test('a draft that is not finished says what is missing, and is no file yet', async () => {
  const { compose } = await fresh()
  compose.adopt(sample())
  expect(compose.unfinished).toBeNull()
  compose.set('learningRate', 'fast')
  expect(compose.unfinished?.field).toBe('learningRate')
})

test('the preset that is shown is the one that was loaded, also after undo', async () => {
  const { compose, undo } = await fresh()
  compose.adopt(sample())
  compose.load(sample().config, 'own fast')
  compose.set('seed', 77)
  compose.replace('as opened', () => compose.load(sample().config))
  expect(compose.preset).toBe('own fast')
  compose.answer(true)
  expect(compose.preset).toBe('')
  await undo.use()
  expect([compose.preset, compose.value('seed')]).toEqual(['own fast', 77])
})

test('a refinement takes its task for itself: the run being composed stays as it is', async () => {
  const { compose } = await fresh()
  const { refine } = await import('../../../../src-renderer/state/checkpoints/refine.svelte.ts')
  compose.adopt(sample())
  compose.set('seed', 77)
  const before = compose.config
  await refine.take({ dataset: 'Cars', data: '/data/cars#train', head: '/lib/cars.pt' })
  expect(refine.tasks.map(({ name }) => name)).toEqual(['mnist', 'fashion', 'Cars'])
  refine.adopt({
    ...sample(),
    grant: 'another',
    config: { ...sample().config, tasks: [{ ...task('svhn'), aim: 'learn' }] },
  })
  expect(refine.tasks.map(({ name }) => name)).toEqual(['svhn'])
  expect([compose.config, compose.grant, compose.title]).toEqual([before, 'sample', 'Sample'])
})
