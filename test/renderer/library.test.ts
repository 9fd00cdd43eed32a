import { describe, expect, it } from 'vitest'

import type { CheckpointSet, Entry } from '../../src-main/contract/api/library.ts'
import { sha256 } from '../../src-main/contract/branded.ts'
import { resolveConfig } from '../../src-main/contract/run/resolve.ts'
import { accuraciesOf, setSentence } from '../../src-renderer/plot/sets.ts'
import { rowsInSight, topOf } from '../../src-renderer/plot/window.ts'
import { arrange } from '../../src-renderer/state/checkpoints/arrange.ts'
import { quickKey, recipeIn } from '../../src-renderer/state/checkpoints/dropped.ts'
import {
  headReference,
  modelsOf,
  modelsOfRecipe,
  modelsOfSet,
  together,
  withModels,
} from '../../src-renderer/state/checkpoints/models.ts'

const entry = (id: number, change: Partial<Entry> = {}): Entry => ({
  id,
  path: `/models/${change.name ?? `m${id}.pt`}`,
  name: `m${id}.pt`,
  bytes: 100 * id,
  modified: '2026-01-01T00:00:00.000Z',
  added: '2026-01-01T00:00:00.000Z',
  state: 'present',
  error: null,
  sha256: sha256(`${id}`.repeat(64)),
  format: 'pytorch',
  layout: 'open_clip',
  architecture: { name: 'ViT-B/32' },
  dtype: 'F32',
  tensors: 152,
  blocks: 152,
  parameters: 1,
  role: 'fine-tuned',
  roleGiven: false,
  dataset: null,
  tags: [],
  notes: '',
  twins: [],
  runs: 0,
  ...change,
})

describe('a table of rows in sight', () => {
  const shape = { total: 500, rowHeight: 36, open: null, extra: 0 }
  it('draws few rows of many, and keeps the height of all', () => {
    for (const top of [0, 1, 5000, 17_000, 18_000]) {
      const { first, last, before, after } = rowsInSight(shape, top, 640, 6)
      expect(last - first).toBeLessThan(40)
      expect(before + (last - first + 1) * 36 + after).toBe(500 * 36)
      expect(first * 36).toBeLessThanOrEqual(top)
      expect(Math.min(500, last + 1) * 36).toBeGreaterThanOrEqual(Math.min(500 * 36, top + 640))
    }
  })

  it('makes room for the detail under an open row, in sight or not', () => {
    const opened = { ...shape, open: 10, extra: 150 }
    expect(topOf(opened, 10)).toBe(360)
    expect(topOf(opened, 11)).toBe(396 + 150)
    for (const top of [0, 380, 450, 560, 9000]) {
      const { first, last, before, after } = rowsInSight(opened, top, 200, 0)
      const detail = first <= 10 && last >= 10 ? 150 : 0
      expect(before + (last - first + 1) * 36 + detail + after).toBe(500 * 36 + 150)
      expect(before).toBeLessThanOrEqual(top)
    }
  })

  it('has no rows where there are none', () => {
    expect(rowsInSight({ ...shape, total: 0 }, 0, 600, 6)).toEqual({ first: 0, last: -1, before: 0, after: 0 })
  })
})

describe('the list of checkpoints', () => {
  const all = [
    entry(1, { name: 'b10.pt', role: 'pre-trained', tags: ['mine'] }),
    entry(2, { name: 'b9.pt', state: 'missing', tensors: null }),
    entry(3, { name: 'a.pt', twins: [1], dataset: 'MNIST' }),
  ]
  const any = { search: '', role: '', state: '', tag: '' } as const
  const names = (rows: Entry[]) => rows.map((e) => e.name)
  const byName = { key: 'name', down: false } as const

  it('is found by words anywhere in the row, and narrowed', () => {
    expect(names(arrange(all, any, byName))).toEqual(['a.pt', 'b9.pt', 'b10.pt'])
    expect(names(arrange(all, { ...any, search: 'MNIST  fine' }, byName))).toEqual(['a.pt'])
    expect(names(arrange(all, { ...any, search: '1111' }, byName))).toEqual(['b10.pt'])
    expect(names(arrange(all, { ...any, role: 'pre-trained' }, byName))).toEqual(['b10.pt'])
    expect(names(arrange(all, { ...any, state: 'missing' }, byName))).toEqual(['b9.pt'])
    expect(names(arrange(all, { ...any, state: 'twins' }, byName))).toEqual(['a.pt'])
    expect(names(arrange(all, { ...any, tag: 'mine' }, byName))).toEqual(['b10.pt'])
  })

  it('is sorted by a column, with rows that have no value last either way', () => {
    expect(names(arrange(all, any, { key: 'bytes', down: true }))).toEqual(['a.pt', 'b9.pt', 'b10.pt'])
    expect(names(arrange(all, any, { key: 'tensors', down: false })).at(-1)).toBe('b9.pt')
    expect(names(arrange(all, any, { key: 'tensors', down: true })).at(-1)).toBe('b9.pt')
  })
})

describe('a dropped file', () => {
  const header = (metadata: unknown) => {
    const json = new TextEncoder().encode(
      JSON.stringify({ __metadata__: metadata, w: { dtype: 'F32', shape: [0], data_offsets: [0, 0] } }),
    )
    const length = new Uint8Array(8)
    new DataView(length.buffer).setBigUint64(0, BigInt(json.length), true)
    return new Blob([length, json])
  }
  const local = ({
    name = 'archive/basil.json',
    text = '{"basil.recipe":"R"}',
    method = 0,
    flags = 0,
    size = 0,
  } = {}) => {
    const fixed = new DataView(new ArrayBuffer(30))
    fixed.setUint32(0, 0x04034b50, true)
    fixed.setUint16(6, flags, true)
    fixed.setUint16(8, method, true)
    fixed.setUint32(18, size || text.length, true)
    fixed.setUint16(26, name.length, true)
    fixed.setUint16(28, 3, true)
    return new Blob([fixed, name, 'pad', text, 'the rest of the archive'])
  }

  it('tells its recipe from the head of safetensors or of a PyTorch archive', async () => {
    expect(await recipeIn(header({ 'basil.recipe': 'R' }))).toBe('R')
    expect(await recipeIn(local())).toBe('R')
  })

  it.each([
    ['another program’s safetensors', header({ format: 'pt' })],
    ['safetensors without metadata', header(undefined)],
    ['a recipe that is no text', header({ 'basil.recipe': { run: 1 } })],
    ['an archive that begins with something else', local({ name: 'archive/data.pkl' })],
    ['a name that only ends alike', local({ name: 'archive/notbasil.json' })],
    ['a compressed entry', local({ method: 8 })],
    ['sizes that follow later', local({ flags: 8 })],
    ['an entry longer than the file', local({ size: 5000 })],
    ['text that is no JSON', local({ text: '{"basil.recipe":' })],
    ['an empty file', new Blob([])],
    ['a length past the end', new Blob([new Uint8Array([255, 255, 255, 255, 0, 0, 0, 0, 1, 2, 3])])],
  ])('has none in %s', async (_name, file) => {
    expect(await recipeIn(file)).toBeNull()
  })

  it('reads no more than a head of 16 MiB', async () => {
    const length = new Uint8Array(8)
    new DataView(length.buffer).setBigUint64(0, 2n ** 24n + 1n, true)
    const asked: number[] = []
    const huge = {
      size: 2 ** 30,
      slice: (from: number, to: number) => {
        asked.push(to - from)
        return new Blob([length, new Uint8Array(22)]).slice(0, to - from)
      },
    }
    expect(await recipeIn(huge as unknown as Blob)).toBeNull()
    expect(Math.max(...asked)).toBeLessThan(64)
  })

  it('has the quick key that the library gives it', async () => {
    const digest = async (bytes: Uint8Array<ArrayBuffer>) => {
      const view = new DataView(await crypto.subtle.digest('SHA-256', bytes))
      return [0, 8, 16, 24].map((at) => view.getBigUint64(at).toString(16).padStart(16, '0')).join('')
    }
    const bytes = Uint8Array.from({ length: 200_000 }, (_, i) => (i * 7919) % 251)
    const ends = Uint8Array.from([...bytes.subarray(0, 65_536), ...bytes.subarray(-65_536)])
    expect(await quickKey(new Blob([bytes]))).toBe(await digest(ends))
    expect(await quickKey(new Blob(['short']))).toBe(await digest(new TextEncoder().encode('shortshort')))
  })
})

describe('models of the library in a run', () => {
  const set: CheckpointSet = {
    folder: '/models/ViT-B-32',
    model: 'ViT-B-32',
    pretrained: 1,
    finetuned: [
      { dataset: 'MNIST', id: 2, linear: true },
      { dataset: 'MNIST', id: 3, linear: false },
      { dataset: 'Cars', id: 4, linear: true },
    ],
    heads: [{ dataset: 'MNIST', id: 5 }],
    accuracies: [
      { dataset: 'MNIST', split: 'test', model: 'fine-tuned', linear: false, accuracy: 0.99 },
      { dataset: 'MNIST', split: 'test', model: 'pre-trained', linear: false, accuracy: 0.5 },
      { dataset: 'MNIST', split: 'validation', model: 'fine-tuned', linear: false, accuracy: 0.98 },
      { dataset: 'MNIST', split: 'test', model: 'fine-tuned', linear: true, accuracy: 0.97 },
    ],
    findings: [],
  }
  const of = (id: number | null) => (id === null ? null : entry(id, id === 1 ? { role: 'pre-trained' } : {}))
  const task = (name: string) => ({ name, data: `t#${name}`, head: `t#head.${name}`, finetuned: 'old.pt' })
  const near = (path: string) => path.replace('/models/', '')

  it('come from a whole set: ordinary models before linearised ones, heads and fine-tuned models at their tasks', () => {
    const models = modelsOfSet(set, of, new Map([['MNIST', '/models/head.pt#w']]))
    expect(models).toMatchObject({ pretrained: '/models/m1.pt', vectors: ['/models/m3.pt', '/models/m4.pt'] })
    const files = withModels({ pretrained: 'x', vectors: ['y'], tasks: [task('mnist'), task('emoji')] }, models, near)
    expect(files).toMatchObject({ pretrained: 'm1.pt', vectors: ['m3.pt', 'm4.pt'] })
    expect(files.tasks).toMatchObject([{ head: 'head.pt#w', finetuned: 'm3.pt' }, { head: 't#head.emoji' }])
    expect(files.tasks[1]?.finetuned).toBeUndefined() // it was another model's
  })

  it('come from selected rows by their roles', () => {
    const rows = [entry(1, { role: 'pre-trained' }), entry(2, { dataset: 'Cars' }), entry(3, { role: 'head' })]
    expect(modelsOf(rows)).toEqual({
      pretrained: '/models/m1.pt',
      vectors: ['/models/m2.pt'],
      tasks: [{ dataset: 'Cars', finetuned: '/models/m2.pt' }],
    })
  })

  it('later choices stand over earlier ones, those for one task side by side', () => {
    const first = {
      vectors: ['a'],
      tasks: [
        { dataset: 'MNIST', finetuned: 'a' },
        { dataset: 'Cars', head: 'c' },
      ],
    }
    expect(together(first, { pretrained: 'p', tasks: [{ dataset: 'MNIST', head: 'h' }] })).toEqual({
      pretrained: 'p',
      vectors: ['a'],
      tasks: [
        { dataset: 'MNIST', finetuned: 'a', head: 'h' },
        { dataset: 'Cars', head: 'c' },
      ],
    })
  })

  it('come from a recipe as far as its parents are at hand', () => {
    const recipe = {
      basil: '1',
      run: 3,
      name: 'old run',
      method: 'dv-basi',
      grouping: 'layer' as const,
      iteration: 1,
      epoch: null,
      pretrained: { file: '', name: 'p', sha256: sha256('0') },
      vectors: [],
      groups: ['a'],
      start: [[1]],
      iterations: [[0.1], [0.2]],
    }
    const parent = { name: 'x', sha256: sha256('0'), entry: null }
    const parents = [
      { ...parent, role: 'pretrained' as const, file: '/p.pt' },
      { ...parent, role: 'vector' as const, file: null },
      { ...parent, role: 'vector' as const, file: '/v.pt' },
    ]
    expect(modelsOfRecipe({ recipe, parents, run: null })).toMatchObject({
      pretrained: '/p.pt',
      vectors: ['/v.pt'],
      settings: { name: 'old run', method: 'dv-basi', blocks: 'layer', linearised: 'no', iterations: 2 },
    })
    const learned = resolveConfig(
      {
        method: 'dv-basi',
        pretrained: 'p',
        vectors: ['v'],
        tasks: [{ name: 'a', data: 'd', head: 'h' }],
        start: { method: 'atlas', steps: 7 },
        learningRate: 0.02,
      },
      (p) => p,
    )
    const told = modelsOfRecipe({ recipe: { ...recipe, config: learned }, parents, run: null })
    expect(told.settings).toMatchObject({ learningRate: 0.02, start: { method: 'atlas', steps: 7 }, blocks: 'layer' })
    expect([told.pretrained, told.vectors, told.settings && 'tasks' in told.settings]).toEqual([
      '/p.pt',
      ['/v.pt'],
      false,
    ])
    expect(
      modelsOfRecipe({ recipe: { ...recipe, method: 'of another time' }, parents, run: null }).settings,
    ).not.toHaveProperty('method')
  })

  it('a head is named in a file of several, and is the file where there is one', () => {
    const heads = [{ name: 'head.mnist' }, { name: 'head.cars' }]
    expect(headReference('/h.safetensors', heads, 'MNISTVal')).toBe('/h.safetensors#head.mnist')
    expect(headReference('/head_Cars.pt', [{ name: 'weight' }], 'Cars')).toBe('/head_Cars.pt')
  })

  it('a set is said in one sentence, its accuracies are a table', () => {
    expect(setSentence(set)).toBe('pre-trained, 3 fine-tuned (2 linearised), 1 head, accuracies of 1 data set')
    expect(accuraciesOf(set)).toEqual([
      { dataset: 'MNIST', split: 'test', pretrained: 0.5, finetuned: 0.99, linearised: 0.97 },
      { dataset: 'MNIST', split: 'validation', pretrained: null, finetuned: 0.98, linearised: null },
    ])
  })
})
