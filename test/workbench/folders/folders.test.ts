// What a page may see of this machine's folders: the home folder and what the person named, never what lies elsewhere,
// by no spelling and by no link.
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { beforeEach, expect, it, vi } from 'vitest'

import type { ErrorRecord } from '../../../src-main/contract/errors.ts'
import { recordOf } from '../../../src-main/contract/errors.ts'
import { createFolders, type Folders } from '../../../src-main/workbench/folders/folders.ts'
import { placeFor, requireFolder, requirePlace, requireTarget } from '../../../src-main/workbench/folders/target.ts'
import { temporaryFolder } from '../toy.ts'

let [home, elsewhere] = ['', '']
let folders: Folders

beforeEach(() => {
  home = realpathSync(temporaryFolder())
  elsewhere = realpathSync(temporaryFolder())
  vi.stubEnv('HOME', home)
  vi.stubEnv('USERPROFILE', home)
  mkdirSync(join(home, 'models', '.cache'), { recursive: true })
  mkdirSync(join(elsewhere, 'private'))
  for (const [name, text] of [
    ['b.safetensors', 'four'],
    ['model.safetensors.index.json', '{}'],
    ['run.json', '{}'],
    ['train.parquet', ''],
    ['notes.txt', 'words'],
  ] as const)
    writeFileSync(join(home, 'models', name), text)
  writeFileSync(join(elsewhere, 'secret.pt'), 'x')
  folders = createFolders(() => [])
})

const refusal = (asked: Promise<unknown>): Promise<ErrorRecord> =>
  asked.then(
    () => expect.unreachable(),
    (error: unknown) => recordOf(error),
  )

it('lists a folder with kinds by name, sizes and times, folders first', async () => {
  const { path, parent, entries, roots, notes } = await folders.list(join(home, 'models'))
  expect([path, parent, notes]).toEqual([join(home, 'models'), home, []])
  expect(entries.map(({ name, kind, bytes }) => [name, kind, bytes])).toEqual([
    ['.cache', 'folder', null],
    ['b.safetensors', 'checkpoint', 4],
    ['model.safetensors.index.json', 'checkpoint', 2],
    ['notes.txt', 'file', 5],
    ['run.json', 'configuration', 2],
    ['train.parquet', 'data', 0],
  ])
  expect(entries.every(({ modified }) => modified !== null && !Number.isNaN(Date.parse(modified)))).toBe(true)
  expect(roots[0]).toEqual({ name: 'Home', path: home })
  expect(await folders.list(null)).toMatchObject({ path: home, parent: null })
})

it('shows nothing outside the roots, by whatever spelling', async () => {
  for (const path of [
    elsewhere,
    '/',
    join(home, '..'),
    `${home}/models/../..`,
    `${home}x`,
    `${elsewhere}/private/..`,
  ]) {
    const { code, what, why, next } = await refusal(folders.list(path))
    expect([path, code === 'not-allowed' || code === 'file-missing']).toEqual([path, true])
    for (const sentence of [what, why, next]) expect(sentence).toMatch(/\w+ \w+/)
    expect(next).not.toMatch(/basil /)
  }
  expect(await refusal(folders.list(`${home}\0`))).toMatchObject({ code: 'file-unreadable' })
})

it('follows no link out of the roots, neither as a folder to list nor as an entry', async () => {
  symlinkSync(elsewhere, join(home, 'out'))
  symlinkSync(join(elsewhere, 'secret.pt'), join(home, 'models', 'secret.pt'))
  symlinkSync(join(home, 'nowhere'), join(home, 'models', 'dangling.pt'))
  symlinkSync(join(home, 'models', 'b.safetensors'), join(home, 'models', 'a.safetensors'))
  expect(await refusal(folders.list(join(home, 'out')))).toMatchObject({ code: 'not-allowed' })
  expect(await refusal(folders.list(join(home, 'out', 'private')))).toMatchObject({ code: 'not-allowed' })
  const { entries, notes } = await folders.list(join(home, 'models'))
  expect(entries.map(({ name }) => name)).not.toContain('secret.pt')
  expect(entries.find(({ name }) => name === 'a.safetensors')).toMatchObject({ kind: 'checkpoint', bytes: 4 })
  expect(notes).toEqual(['2 entries are left out: links that lead elsewhere or nowhere.'])
})

it('takes what was typed as a root of this session, a file by its folder', async () => {
  expect(await folders.open(join(elsewhere, 'secret.pt'))).toMatchObject({ path: elsewhere, parent: null })
  const { entries } = await folders.list(join(elsewhere, 'private'))
  expect(entries).toEqual([])
  expect((await folders.open('~/models')).path).toBe(join(home, 'models'))
  expect(await refusal(folders.open(join(elsewhere, 'none')))).toMatchObject({
    code: 'file-missing',
    what: 'There is no such folder',
  })
  expect(await refusal(createFolders(() => []).list(elsewhere))).toMatchObject({ code: 'not-allowed' })
})

it('has the folders of the library and the data sets among its roots, once, and never a whole disk', async () => {
  const named = createFolders(() => [join(elsewhere, 'private'), elsewhere, join(elsewhere, 'secret.pt'), '/x.pt', '/'])
  const { roots } = await named.list(elsewhere)
  expect(roots.map(({ path }) => path).filter((path) => path === '/' || path.startsWith(elsewhere))).toEqual([
    join(elsewhere, 'private'),
    elsewhere,
  ])
  expect([await named.holds(elsewhere), await named.holds('/')]).toEqual([true, false])
})

it('answers a folder of more than ten thousand entries with the first of them, and says so', async () => {
  const many = join(home, 'many')
  mkdirSync(many)
  for (let i = 0; i < 10_050; i++) writeFileSync(join(many, `m${i}.pt`), '')
  const { entries, notes } = await folders.list(many)
  expect([entries.length, entries[0]?.name]).toEqual([10_000, 'm0.pt'])
  expect(notes).toEqual(['This folder has 10,050 entries; the first 10,000 are shown.'])
})

it('takes a target of a page only in a folder that may be shown, under a name, and where nothing lies', async () => {
  const target = join(home, 'models', 'new.safetensors')
  expect(await requireTarget(folders, target)).toEqual({ out: target, overwrite: false })
  symlinkSync(elsewhere, join(home, 'out'))
  const bad = [
    ...[join(elsewhere, 'x.pt'), join(home, 'out', 'x.pt'), 'x.pt', `${home}/../x.pt`, `${home}/models/..`],
    ...[join(home, 'none', 'x.pt'), `${home}/x\0.pt`],
  ]
  for (const path of bad)
    expect([path, (await refusal(requireTarget(folders, path))).code]).toEqual([path, 'not-allowed'])
  expect(await refusal(requireTarget(folders, join(home, 'models', 'b.safetensors')))).toMatchObject({
    code: 'target-exists',
  })
  await requirePlace(folders, join(home, 'models', 'b.safetensors')) // of what is written on, and only there
  expect(await refusal(requirePlace(folders, join(elsewhere, 'x.pt')))).toMatchObject({ code: 'not-allowed' })
  const dialog = { pickTarget: async () => undefined }
  expect(await placeFor(folders, dialog, undefined, 'm')).toBeNull()
  expect(await placeFor(folders, { pickTarget: async () => null }, undefined, 'm')).toBeUndefined()
  expect(await placeFor(folders, { pickTarget: async () => '/m' }, undefined, 'm')).toEqual({
    ...{ out: '/m', overwrite: true },
  })
  expect(await placeFor(folders, dialog, target, 'm')).toEqual({ out: target, overwrite: false })
})

it('has the folder that was typed last among very many, and shows some of them', async () => {
  const folders = createFolders(() => [])
  for (let n = 0; n < 70; n++) {
    const found = await folders.open(temporaryFolder())
    expect(found.roots.length).toBeLessThanOrEqual(60)
  }
})

it('takes no folder of a page that is not a whole path', async () => {
  const refused = await refusal(requireFolder({ holds: async () => true }, 'exports'))
  expect(refused.code).toBe('not-allowed')
})
