// Image folders and lists of images, in miniature: which images, in which order, under which labels and class names,
// and what is said of those that are not as they should be. Two hundred thousand entries are read once or twice, and
// keep little.
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

import { expect, test } from 'vitest'

import { recognise } from '../../../../src-main/engine/datasets/sources/find.ts'
import { parseSpec, specText } from '../../../../src-main/engine/datasets/spec.ts'
import type { FolderEntry, OpenFiles } from '../../../../src-main/engine/formats/source.ts'
import { openFiles } from '../../../../src-main/files/folder.ts'
import { counting, sourceOf } from '../../formats/bytes.ts'
import { disk, images, listing, openSplit, refusal, withImages } from './disk.ts'

test("an image folder is read in torchvision's order: classes, folders in them and files by code point, hidden ones left out", async () => {
  const root = disk({
    ...images(
      'train/b/2.jpg',
      'train/b/10.PNG',
      'train/b/deep/0.webp',
      'train/b/deep/x/0.jpg',
      'train/b/deep-er/0.jpg',
      'train/b.2/1.jpg',
      'train/B/x.jpeg',
      'train/é/1.bmp',
      'train/\u{1F33F}/1.gif',
    ),
    ...images(
      'train/\uFB01/1.tiff',
      'train/B/a\\:b.jpg',
      'train/b/.hidden.jpg',
      'train/.cache/1.jpg',
      'valid/b/1.ppm',
      'test/c/1.jpg',
      'extra/b/1.jpg',
    ),
    'train/b/notes.txt': 'no image',
    'train/empty/': '',
  })
  // U+FB01 before U+1F33F, which UTF-16 would turn round
  const classes = ['B', 'b', 'b.2', 'c', 'empty', 'é', '\uFB01', '\u{1F33F}']
  expect(await recognise(root, openFiles)).toMatchObject({ splits: ['train', 'valid', 'test'], known: null })
  expect(await listing(root, 'train')).toEqual({
    names: [
      'B/a\\:b.jpg',
      'B/x.jpeg',
      'b/10.PNG',
      'b/2.jpg',
      'b/deep/0.webp',
      'b/deep-er/0.jpg',
      'b/deep/x/0.jpg',
      'b.2/1.jpg',
      'é/1.bmp',
      '\uFB01/1.tiff',
      '\u{1F33F}/1.gif',
    ],
    labels: [0, 0, 1, 1, 1, 1, 1, 2, 5, 6, 7],
    classes,
  })
  // A split that lacks classes, or has one of its own, counts the same labels.
  expect(await listing(root, 'valid')).toEqual({ names: ['b/1.ppm'], labels: [1], classes })
  expect(await listing(root, 'test')).toEqual({ names: ['c/1.jpg'], labels: [3], classes })
})

test('folders of classes without splits are "all"', async () => {
  const root = disk(images('cat/1.jpg', 'ant/1.jpg', 'ant/2.jpg'))
  const all = { names: ['ant/1.jpg', 'ant/2.jpg', 'cat/1.jpg'], labels: [0, 0, 1], classes: ['ant', 'cat'] }
  expect([await listing(root, 'all'), await listing(root, '')]).toEqual([all, all])
  await expect(openSplit(root, 'train', openFiles)).rejects.toMatchObject(refusal('data-invalid', /it has all/))
})

test.each([
  ['a folder that is not there', {}, 'missing', '', 'file-missing', /no (file|folder) at this place/],
  ['a folder without images', { 'notes/a.md': 'x' }, '', '', 'data-invalid', /it reads: .*image folder/],
  ['a split without images', { ...images('train/a/1.jpg'), 'val/a/': '' }, '', 'val', 'split-empty', /not one image/],
  ['a split that is not there', images('train/a/1.jpg'), '', 'test', 'data-invalid', /it has train/],
])('refuses %s', async (_, tree, path, split, code, why) => {
  await expect(openSplit(join(disk(tree), path), split, openFiles)).rejects.toMatchObject(refusal(code, why))
})

test('an image that is gone is an error of its own, and the others stay', async () => {
  const root = disk({ 'train.csv': 'a.jpg,0\ngone.jpg,1\n', ...images('a.jpg') })
  await withImages(root, 'train', async (found) => {
    await expect(found.image(1)).rejects.toMatchObject(refusal('file-missing', /no file/, /gone\.jpg/))
    expect(await found.image(0)).toHaveProperty('encoded')
  })
})

const pictures = images('a/1.jpg', 'b/2.jpg', 'b/3 3.jpg')

test.each([
  ['list.csv', 'path,label\na/1.jpg,0\nb/2.jpg,1\n', null],
  ['list.csv', '\uFEFF"image";"class"\r\n"a/1.jpg";"ant"\r\n"b/2.jpg";"bee"\r\n', ['ant', 'bee']],
  ['list.csv', 'a/1.jpg,zebra\nb/2.jpg,yak\n', ['yak', 'zebra']],
  ['list.tsv', 'b/2.jpg\t1\na/1.jpg\t0\n', null],
  ['list.json', '[{"path": "a/1.jpg", "label": 0}, {"path": "b/2.jpg", "label": 1}]', null],
  ['list.json', '[["a/1.jpg", "ant"], ["b/2.jpg", "bee"]]', ['ant', 'bee']],
  [
    'list.jsonl',
    '{"file_name": "a/1.jpg", "label": "ant"}\n\n{"file_name": "b/2.jpg", "label": "bee"}\n',
    ['ant', 'bee'],
  ],
  ['list.txt', 'a/1.jpg 0\nb/2.jpg 1\n', null],
  ['list.txt', './a/1.jpg\nb\\2.jpg\n', ['a', 'b']],
])('%s: %j', async (name, text, classes) => {
  const root = disk({ [name]: text, ...pictures })
  const found = await listing(join(root, name), '')
  const turned = text.startsWith('b')
  const labels = classes?.[0] === 'yak' ? [1, 0] : turned ? [1, 0] : [0, 1]
  expect(found).toEqual({ names: turned ? ['b/2.jpg', 'a/1.jpg'] : ['a/1.jpg', 'b/2.jpg'], labels, classes })
})

test('lists of splits share their classes; groups and splits may be columns; names may hold spaces', async () => {
  const lists = disk({ 'train.txt': 'b/2.jpg bee\nb/3 3.jpg bee\n', 'test.txt': 'a/1.jpg ant\n', ...pictures })
  expect((await recognise(lists, openFiles)).splits).toEqual(['train', 'test'])
  expect(await listing(lists, 'train')).toEqual({
    names: ['b/2.jpg', 'b/3 3.jpg'],
    labels: [1, 1],
    classes: ['ant', 'bee'],
  })
  expect(await listing(lists, 'test')).toEqual({ names: ['a/1.jpg'], labels: [0], classes: ['ant', 'bee'] })
  const table = disk({
    'all.csv': 'split,path,label,group\ntrain,a/1.jpg,0,sea\ntest,b/2.jpg,1,land\ntest,b/3 3.jpg,1,\n',
    ...pictures,
  })
  expect((await recognise(join(table, 'all.csv'), openFiles)).splits).toEqual(['train', 'test'])
  await withImages(join(table, 'all.csv'), 'test', async ({ count, labels, groups }) => {
    expect([count, [...labels], groups]).toEqual([2, [1, 1], ['land', '']])
  })
})

test.each([
  ['list.csv', '../secret.jpg,0\n', 'data-invalid', /"\.\.\/secret\.jpg", which is not inside its folder/],
  ['list.csv', 'a/../../secret.jpg,0\n', 'data-invalid', /not inside/],
  ['list.csv', '/etc/secret.jpg,0\n', 'data-invalid', /not inside/],
  ['list.txt', 'C:\\secret.jpg 0\n', 'data-invalid', /not inside/],
  ['list.json', '[{"path": "a\\u0000.jpg", "label": 0}]', 'data-invalid', /not inside/],
  ['list.csv', '', 'split-empty', /not one image/],
  ['list.csv', 'a.jpg,-1\nb.jpg,0\n', 'label-range', /-1/],
  ['list.csv', 'a.jpg,0\nb.jpg,4294967296\n', 'label-range', /4294967296/],
  ['list.csv', 'a.jpg,0\nb.jpg,1,2,3\n', 'data-invalid', /Invalid Record Length/],
  ['list.csv', 'path,label\na/1.jpg,\n', 'data-invalid', /no label/],
  ['list.csv', '"a.jpg,0\n', 'data-invalid', /[Qq]uote/],
  ['list.csv', Buffer.from([0x61, 0xff, 0xfe, 0x0a]), 'data-invalid', /not UTF-8/],
  ['list.json', '{"train": {"a.jpg": 1}}', 'data-invalid', /no list of images/],
  ['list.json', '[{"path": "a.jpg", "label": 0}', 'data-invalid', /JSON/],
  ['list.json', '[{"label": 0}]', 'data-invalid', /no path/],
  ['list.jsonl', '{"path": "a/1.jpg", "label": 0}\n{"path"\n', 'data-invalid', /JSON/],
  ['list.txt', 'nothing like a path\n', 'data-invalid', /not "path label"/],
  ['list.txt', '1.jpg\n', 'data-invalid', /in no folder of a class/],
  ['list.csv', 'a.jpg,0\n hunter2"b,1\n', 'data-invalid', /^a quote is misplaced in line 2$/],
  ['list.json', '[{"path": hunter2}]', 'data-invalid', /^it is not JSON from line 1, column 11 on$/],
])('refuses %s: %j', async (name, text, code, why) => {
  await expect(openSplit(join(disk({ [name]: text }), name), '', openFiles)).rejects.toMatchObject(
    refusal(code, why, new RegExp(name)),
  )
})

test('PATH#SPLIT?OPTIONS is taken apart and put together', () => {
  const none = { half: null, shots: null, n: null, seed: 0 }
  expect(parseSpec('data/food-101#train')).toEqual({ path: 'data/food-101', split: 'train', ...none })
  expect(parseSpec('data/list.csv')).toEqual({ path: 'data/list.csv', split: '', ...none })
  expect(parseSpec('data/a#b/c?d#field-val')).toEqual({ path: 'data/a#b/c?d', split: 'field-val', ...none })
  expect(parseSpec('/d/a#b/c')).toEqual({ path: '/d/a#b/c', split: '', ...none })
  expect(parseSpec('d#train?shots=16&seed=7')).toEqual({
    path: 'd',
    split: 'train',
    half: null,
    shots: 16,
    n: null,
    seed: 7,
  })
  expect(parseSpec('d?n=2000')).toEqual({ path: 'd', split: '', half: null, shots: null, n: 2000, seed: 0 })
  for (const text of ['d#train?shots=16&seed=7', 'd#field-train', 'd#?n=2000&seed=1', 'd', 'd#train?n=5&seed=0'])
    expect(specText(parseSpec(text))).toBe(text)
  for (const text of [
    'd#a?shots=0',
    'd#a?n=-1',
    'd#a?seeds=1',
    'd#a?n=5&shots=5',
    '#train',
    'd#a?seed=4294967296',
    'd#a?n=1e9',
  ])
    expect(() => parseSpec(text)).toThrow()
})

/** A disk with so many images that writing them would take longer than the test. */
function listed(tree: Record<string, FolderEntry[]>, texts: Record<string, Uint8Array> = {}): OpenFiles {
  return {
    kind: async (path) => (tree[path] ? 'folder' : texts[path] ? 'file' : 'missing'),
    list: async (folder) => tree[folder] ?? [],
    open: async (path) => sourceOf(texts[path] as Uint8Array, path),
    unpacked: async (path) => sourceOf(texts[path] as Uint8Array, path),
  }
}

test('200,000 images of a folder or of a list: folders are read once, the list once to recognise it and once to read it, and little is kept', async () => {
  const classes = Array.from({ length: 1000 }, (_, c) => `n${String(c).padStart(8, '0')}`)
  const file = (c: string, i: number): string => `${c}_${(i * 7919) % 200}.JPEG`
  const tree: Record<string, FolderEntry[]> = {
    '/d': [{ name: 'train', isFolder: true }],
    '/d/train': classes.map((name) => ({ name, isFolder: true })),
  }
  for (const c of classes)
    tree[`/d/train/${c}`] = Array.from({ length: 200 }, (_, i) => ({ name: file(c, i), isFolder: false }))
  const text = Buffer.from(
    classes
      .flatMap((c, k) => Array.from({ length: 200 }, (_, i) => `train/${c}/${file(c, i)},${k},g${i % 2}\n`))
      .join(''),
  )
  const files = listed(tree, { '/d/list.csv': text })
  const asked = { entries: 0, bytes: 0 } // of folders and of the list
  const counted: OpenFiles = {
    ...files,
    list: async (folder) => {
      const entries = await files.list(folder)
      asked.entries += entries.length
      return entries
    },
    open: async (path) => counting(await files.open(path), asked),
  }
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (const [path, split] of [
    ['/d', 'train'],
    ['/d/list.csv', ''],
  ] as const) {
    collect()
    const before = process.memoryUsage()
    Object.assign(asked, { entries: 0, bytes: 0 })
    const found = await openSplit(path, split, counted)
    collect()
    const after = process.memoryUsage()
    const kept = (after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers) / 2 ** 20
    console.log(
      `${path}: ${found.count} images of ${asked.entries} entries and ${asked.bytes} bytes, ${kept.toFixed(1)} MiB kept`,
    )
    expect([found.count, found.labels[199_999], found.name(0).slice(-26)]).toEqual([
      200_000,
      999,
      'n00000000/n00000000_0.JPEG',
    ])
    expect(asked.entries).toBeLessThan(1.1 * 200_000)
    expect(asked.bytes).toBeLessThan(2.1 * text.length)
    expect(kept).toBeLessThan(path === '/d' ? 16 : 32)
  }
})
