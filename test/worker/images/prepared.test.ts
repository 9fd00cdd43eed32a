// A data set on disk as a run gets it: prepared once by threads, kept, shared, and told about; what cannot be read is
// listed.
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import type { Progress } from '../../../src-main/contract/run/run.ts'
import { openPrepared, type PreparedImages, type WantedImages } from '../../../src-main/engine/datasets/prepared.ts'
import { parseSpec } from '../../../src-main/engine/datasets/spec.ts'
import { cacheRoom } from '../../../src-main/files/cache-room.ts'
import { imageCache } from '../../../src-main/files/image-cache.ts'
import { imageHost } from '../../../src-main/worker/images/host.ts'
import { imagePool } from '../../../src-main/worker/images/pool.ts'

const pictures = join(import.meta.dirname, '../../golden/formats/images')
const pool = imagePool(2)

interface Site {
  data: string
  host: ReturnType<typeof imageHost>
  counted: { prepared: number }
}

/** Two classes of four images in train/, one each in test/; capBytes of the cache. */
function site(capBytes = 1e9): Site {
  const home = mkdtempSync(join(tmpdir(), 'basil-data-'))
  onTestFinished(() => rmSync(home, { recursive: true, force: true }))
  const data = join(home, 'set')
  for (const split of ['train', 'test'])
    for (const label of ['a', 'b']) {
      mkdirSync(join(data, split, label), { recursive: true })
      const names =
        split === 'test'
          ? ['tiny.png']
          : label === 'a'
            ? ['tiny.png', 'landscape.jpg', 'gray.png', 'rgba.png']
            : ['portrait.png', 'cmyk.jpg', 'tiny-gray.png', 'palette.png']
      for (const name of names) copyFileSync(join(pictures, name), join(data, split, label, name))
    }
  const counted = { prepared: 0 }
  const images = join(home, 'cache')
  const counting: typeof pool = {
    ...pool,
    prepare: (...job) => {
      counted.prepared++
      return pool.prepare(...job)
    },
  }
  return { data, host: imageHost(imageCache(images, cacheRoom([images], { capBytes })), counting), counted }
}

async function open(
  { data, host }: Pick<Site, 'data' | 'host'>,
  split: string,
  wanted: Partial<WantedImages> = {},
): Promise<{ images: PreparedImages; progress: Progress[] }> {
  const progress: Progress[] = []
  const opening = openPrepared(
    {
      spec: parseSpec(`${data}#${split}`),
      size: 32,
      augment: null,
      onUnreadable: 'skip',
      signal: new AbortController().signal,
      ...wanted,
    },
    host,
  )
  for (;;) {
    const step = await opening.next()
    if (step.done) {
      onTestFinished(() => step.value.close())
      return { images: step.value, progress }
    }
    progress.push(step.value)
  }
}

const pixelsOf = async (images: PreparedImages, indices: number[], pass?: number): Promise<Uint8Array[]> =>
  (await (await images.fetch(indices, pass))()).map((picture) => picture.pixels as Uint8Array)

test('each image is prepared once; the next opening, of whatever part, takes what is kept, to the bit', async () => {
  const here = site()
  const first = await open(here, 'train')
  expect(here.counted.prepared).toBe(8)
  expect(first.progress.at(-1)).toMatchObject({ done: 8, total: 8, remainingSeconds: 0 })
  expect([...first.images.labels]).toEqual([0, 0, 0, 0, 1, 1, 1, 1])
  const all = await pixelsOf(first.images, [0, 1, 2, 3, 4, 5, 6, 7])
  const again = await open(here, 'train')
  expect(await pixelsOf(again.images, [7, 0])).toEqual([all[7], all[0]])
  const shots = await open(here, 'train?shots=2&seed=1')
  expect([...shots.images.labels]).toEqual([0, 0, 1, 1])
  expect(shots.images.facts.drawn).toBe('2 images a class, seed 1')
  const of = [0, 1, 2, 3].map(
    (n) => Array.from({ length: 8 }, (_, i) => i).find((i) => first.images.name(i) === shots.images.name(n)) as number,
  )
  expect(await pixelsOf(shots.images, [0, 1, 2, 3])).toEqual(of.map((i) => all[i]))
  expect(here.counted.prepared).toBe(8)
  expect(again.images.facts).toEqual(first.images.facts)
})

test('a grey image is kept and given as one plane, a coloured one as three', async () => {
  const { images } = await open(site(), 'train')
  const lengths = new Map(
    (await pixelsOf(images, [0, 1, 2, 3, 4, 5, 6, 7])).map((p, i) => [images.name(i).split('/').pop(), p.length]),
  )
  expect([lengths.get('gray.png'), lengths.get('tiny-gray.png'), lengths.get('tiny.png')]).toEqual([1024, 1024, 3072])
})

test('a file that changed makes its data set be prepared anew', async () => {
  const here = site()
  await open(here, 'train')
  copyFileSync(join(pictures, 'landscape.jpg'), join(here.data, 'train', 'a', 'tiny.png'))
  utimesSync(join(here.data, 'train', 'a', 'tiny.png'), 1, 1)
  const { images } = await open(here, 'train')
  expect(here.counted.prepared).toBe(16)
  const [jpeg, replaced] = await pixelsOf(images, [1, 3])
  expect(images.name(3)).toMatch(/tiny\.png$/)
  expect(replaced).toEqual(jpeg)
})

test('an image that cannot be read is one listed row, and the others are used; it can be refused', async () => {
  const here = site()
  writeFileSync(join(here.data, 'train', 'b', 'broken.png'), 'this is no image')
  const { images } = await open(here, 'train')
  expect(images.count).toBe(8)
  expect(images.facts).toMatchObject({ available: 9, count: 8, perClass: [4, 4], classes: ['a', 'b'], skippedCount: 1 })
  expect(images.facts.skipped).toEqual([
    { name: expect.stringMatching(/broken\.png$/), reason: expect.stringContaining('no JPEG, PNG') },
  ])
  await expect(open(here, 'train', { onUnreadable: 'refuse' })).rejects.toMatchObject({
    record: { code: 'data-invalid', why: expect.stringContaining('broken.png') },
  })
})

test('images that cannot be read are told in the order of their split, whichever thread is done first', async () => {
  const { data, host } = site()
  const names = ['a/gray.png', 'a/tiny.png', 'b/palette.png']
  for (const name of names) writeFileSync(join(data, 'train', name), 'this is no image')
  let others = 0
  let release = (): void => undefined
  const last = new Promise<void>((resolve) => {
    release = resolve
  })
  let begun = 0
  const late: typeof host = {
    ...host,
    prepare: async (...job) => {
      const isFirst = begun++ === 0 // the first of the split, a/gray.png, is done when all others are
      if (isFirst) await last
      return host.prepare(...job).finally(() => {
        if (++others === 7) release()
      })
    },
  }
  const { images } = await open({ data, host: late }, 'train')
  expect(images.facts.skipped.map(({ name }) => name)).toEqual(names.map((name) => expect.stringMatching(`${name}$`)))
})

test('where nothing can be read the split is empty, and says so', async () => {
  const here = site()
  for (const label of ['a', 'b']) writeFileSync(join(here.data, 'test', label, 'tiny.png'), '')
  await expect(open(here, 'test')).rejects.toMatchObject({
    record: {
      code: 'split-empty',
      why: expect.stringMatching(/^none of its 2 can be read; the first is a\/tiny\.png: it is no JPEG, PNG/),
    },
  })
})

test('what does not fit into the cache is prepared when it is used, to the same pixels', async () => {
  const [kept, unkept] = [site(), site(1000)]
  const [a, b] = [(await open(kept, 'train')).images, (await open(unkept, 'train')).images]
  expect([a.facts.cached, b.facts.cached]).toEqual([true, false])
  expect(await pixelsOf(b, [5, 2])).toEqual(await pixelsOf(a, [5, 2]))
  expect(unkept.counted.prepared).toBe(10)
  expect(b.facts.pixels).toBe(a.facts.pixels)
})

test('augmented images differ from pass to pass, repeat for the same one, and leave evaluation alone', async () => {
  const here = site()
  const augment = { seed: 3, task: 1 }
  const { images } = await open(here, 'train', { augment })
  const [one, two] = [await pixelsOf(images, [1], 0), await pixelsOf(images, [1], 1)]
  expect(one).not.toEqual(two)
  expect(await pixelsOf((await open(here, 'train', { augment })).images, [1], 0)).toEqual(one)
  const plain = await open(here, 'train')
  expect(await pixelsOf(images, [1])).toEqual(await pixelsOf(plain.images, [1]))
  expect(await pixelsOf(plain.images, [1], 4)).toEqual(await pixelsOf(plain.images, [1])) // not asked for
})

test('stopped while images are prepared: it ends, and what was prepared is kept', async () => {
  const here = site()
  const stop = new AbortController()
  const opening = openPrepared(
    { spec: parseSpec(`${here.data}#train`), size: 32, augment: null, onUnreadable: 'skip', signal: stop.signal },
    here.host,
  )
  await opening.next()
  stop.abort()
  await expect(opening.next()).rejects.toThrow()
  const before = here.counted.prepared
  await open(here, 'train')
  expect(here.counted.prepared).toBeLessThan(before + 8)
  expect(readdirSync(here.data)).toEqual(['test', 'train'])
})
