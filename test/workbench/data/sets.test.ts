// Data sets of a window: added by folder or root, read, marked when they go, shown in pictures, prepared, and searched
// for leaks that were planted.
import { renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'

import { expect, test } from 'vitest'

import { basilErrorOf } from '../../../src-main/contract/wire/errors-over-rpc.ts'
import { fieldSplit } from '../../../src-main/engine/datasets/splits/draw.ts'
import { temporaryFolder } from '../toy.ts'
import { mnistAt, petsAt } from './miniatures.ts'
import { dataAt, whole } from './setting.ts'

const errorOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(String, (error: unknown) => basilErrorOf(error).record)

test('a folder is added as what it is, a root as what is in it; counts, classes and the field’s splits follow', async () => {
  const root = temporaryFolder()
  await petsAt(join(root, 'pets'))
  mnistAt(join(root, 'digits'))
  writeFileSync(join(root, 'notes.pdf'), 'nothing')
  symlinkSync(join(root, 'unplugged'), join(root, 'flowers'))
  const { workbench, data } = await dataAt(temporaryFolder())
  const { added, refused } = await data.add({ paths: [root, join(root, 'notes.pdf'), join(root, 'nowhere')] })
  expect([added.length, refused.map(({ code, where }) => [code, basename(where)])]).toEqual([
    2,
    [
      ['file-missing', 'flowers'],
      ['data-invalid', 'notes.pdf'],
      ['file-missing', 'nowhere'],
    ],
  ])
  await workbench.dataSets.settled()
  const rows = await data.list()
  expect(rows.map(({ name, known, state, splits, classes }) => [name, known, state, splits, classes])).toEqual([
    [
      'MNIST',
      true,
      'present',
      [
        { name: 'train', count: 30 },
        { name: 'test', count: 10 },
      ],
      10,
    ],
    [
      'pets',
      false,
      'present',
      [
        { name: 'train', count: 20 },
        { name: 'test', count: 6 },
      ],
      2,
    ],
  ])
  expect(rows[0]?.field).toEqual([
    { name: 'field-train', count: 27 },
    { name: 'field-val', count: 3 },
    { name: 'field-test', count: 10 },
  ])
  expect(rows.map(({ leftOut }) => leftOut.map(({ split, reason, names }) => [split, reason, names]))).toEqual([
    [],
    [['test', '.heic, a kind that is not read', ['dog/3.heic']]],
  ])
  const [mnist = 0] = added
  const { facts } = await data.show({ id: mnist })
  const val = fieldSplit(30).val
  expect(facts?.field[1]).toMatchObject({
    of: 'train',
    count: 3,
    drawn: expect.stringContaining('random_split with seed 0'),
  })
  expect(facts?.field[1]?.perClass.reduce((a, b) => a + b)).toBe(val.length)
  expect(facts?.classes?.[3]).toBe('3')
  const drawn = await data.draw({ id: mnist, split: 'field-train?shots=1&seed=7' })
  expect([drawn.perClass, drawn.drawn]).toEqual([
    new Array(10).fill(1),
    expect.stringContaining('1 images a class, seed 7'),
  ])
  expect(await errorOf(data.draw({ id: mnist, split: 'field-train?shot=1' }))).toMatchObject({ code: 'data-invalid' })
  expect((await data.add({ paths: [root] })).known.toSorted()).toEqual(added.toSorted())
})

test('data that goes is a marked row that keeps what was known, comes back when it does, and can be forgotten', async () => {
  const [root, home] = [temporaryFolder(), temporaryFolder()]
  await petsAt(join(root, 'pets'))
  const first = await dataAt(home)
  const [id = 0] = (await first.data.add({ paths: [join(root, 'pets')] })).added
  await first.workbench.dataSets.settled()
  await first.workbench.close()
  renameSync(join(root, 'pets'), join(root, 'elsewhere'))
  const { workbench, data } = await dataAt(home)
  await workbench.dataSets.settled()
  expect(await data.list()).toMatchObject([
    { id, state: 'missing', name: 'pets', classes: 2, error: { code: 'file-missing' } },
  ])
  renameSync(join(root, 'elsewhere'), join(root, 'pets'))
  expect(await data.refresh()).toBe(true)
  expect(await data.list()).toMatchObject([{ id, state: 'present', error: null }])
  rmSync(join(root, 'pets', 'train'), { recursive: true })
  rmSync(join(root, 'pets', 'test'), { recursive: true })
  await data.refresh()
  expect(await data.list()).toMatchObject([{ id, state: 'unreadable', classes: 2, error: { code: 'data-invalid' } }])
  expect([await data.forget({ ids: [id] }), await data.list()]).toEqual([1, []])
  expect(await errorOf(data.show({ id }))).toMatchObject({ code: 'file-missing', where: `row ${id}` })
})

test('pictures come by class and page; an image that cannot be read has its reason in place of a picture', async () => {
  const root = temporaryFolder()
  await petsAt(root)
  const { data } = await dataAt(temporaryFolder())
  const [id = 0] = (await data.add({ paths: [root] })).added
  const dogs = await data.previews({ id, split: 'test', wanted: { label: 1, from: 1, count: 60 } })
  expect([dogs.total, dogs.images.map(({ name, label }) => [name, label])]).toEqual([
    3,
    [
      ['dog/1.png', 1],
      ['dog/2.png', 1],
    ],
  ])
  expect(dogs.images[0]?.picture).toMatch(/^data:image\/webp;base64,.{100}/)
  expect(dogs.images[1]).toMatchObject({ picture: null, reason: expect.stringContaining('no JPEG') })
  const named = await data.previews({ id, split: 'train', wanted: { names: ['dog/4.png', 'cat/3.png', 'bird/1.png'] } })
  expect(named.images.map(({ name }) => name)).toEqual(['dog/4.png', 'cat/3.png'])
})

test('planted twins are found, exact and alike, and nothing else; what was prepared is kept and shown with what could not be read', async () => {
  const root = temporaryFolder()
  await petsAt(root)
  const { data } = await dataAt(temporaryFolder())
  const [id = 0] = (await data.add({ paths: [root] })).added
  await data.refresh()
  const { result, progress } = await whole(await data.leaks({ id, size: 32 }))
  expect(new Set(progress.map(({ total }) => total))).toEqual(new Set([26]))
  expect(result.pairs.map(({ here, there, exact, alike }) => [here, there, exact, alike])).toEqual([
    ['field-val', 'field-train', 0, 0],
    ['field-test', 'field-train', 1, 1],
    ['field-test', 'field-val', 0, 0],
  ])
  expect(result.pairs[1]?.twins.map(({ here, there, exact }) => [here.name, there.name, exact])).toEqual([
    ['cat/0.png', 'cat/3.png', true],
    ['dog/1.png', 'dog/4.png', false],
  ])
  const shown = await data.show({ id })
  expect(shown).toMatchObject({ leaked: 2, unreadable: 1, leaks: { size: 32 } })
  expect(shown.prepared.flatMap(({ skipped }) => skipped)).toMatchObject([
    { name: 'dog/2.png', reason: expect.stringContaining('no JPEG') },
  ])
  const again = await whole(await data.prepare({ id, splits: ['train', 'test'], size: 32 }))
  expect(again.result.map(({ count, cached }) => [count, cached])).toEqual([
    [20, true],
    [5, true],
  ])
})

test('a run may name what was added, by its splits and options, and nothing beside it', async () => {
  const root = temporaryFolder()
  await petsAt(join(root, 'pets'))
  const { workbench, client, data } = await dataAt(temporaryFolder())
  await data.add({ paths: [join(root, 'pets')] })
  const { grant } = await client.projects.library()
  const config = (images: string) => ({
    method: 'atlas',
    pretrained: images,
    vectors: [images],
    tasks: [{ name: 'pets', data: images, head: images }],
  })
  const images = `${join(root, 'pets')}#field-val?shots=4&seed=1`
  expect(workbench.projects.resolve(grant, config(images)).tasks[0]?.data).toBe(images)
  expect(() => workbench.projects.resolve(grant, config(`${join(root, 'dogs')}#train`))).toThrow(/outside/)
  expect(() => workbench.projects.resolve(grant, config('pets#train'))).toThrow(/outside/)
})

test('a reader sees the rows and changes none', async () => {
  const [root, home] = [temporaryFolder(), temporaryFolder()]
  await petsAt(join(root, 'pets'))
  const writer = await dataAt(home)
  await writer.data.add({ paths: [join(root, 'pets')] })
  await writer.workbench.dataSets.settled()
  const { data } = await dataAt(home, {}, false)
  expect((await data.list()).map(({ name }) => name)).toEqual(['pets'])
  expect(await errorOf(data.add({ paths: [root] }))).toMatchObject({ code: 'folder-busy' })
})
