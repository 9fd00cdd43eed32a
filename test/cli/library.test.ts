// basil library in a terminal: add, list, show, tag, describe, refresh, forget, beside a window that is open.
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import type { Entry } from '../../src-main/contract/api/library.ts'
import { checkpoint, lay, libraryAt } from '../workbench/library/setting.ts'
import { temporaryFolder } from '../workbench/toy.ts'
import { basil as inTerminal, type Outcome } from './terminal.ts'

const basil = (home: string, ...args: string[]): Promise<Outcome> => inTerminal(['library', ...args], { home })

test('what is added is read and hashed when the command ends, and can be listed, shown, tagged, refreshed and forgotten', async () => {
  const [home, folder] = [temporaryFolder(), temporaryFolder()]
  lay(folder, {
    'MNIST/finetuned.safetensors': checkpoint(1),
    'zeroshot.safetensors': checkpoint(2),
    'broken.pt': 'not a checkpoint',
  })
  const added = await basil(home, 'add', folder, '--json')
  expect([added.code, added.err]).toEqual([0, ''])
  const { entries, refused } = JSON.parse(added.out) as { entries: Entry[]; refused: unknown[] }
  expect(refused).toEqual([])
  expect(entries.map(({ name, state, sha256 }) => [name, state, sha256?.length ?? 0])).toEqual([
    ['MNIST/finetuned.safetensors', 'present', 64],
    ['broken.pt', 'unreadable', 0],
    [expect.stringMatching(/zeroshot.safetensors$/), 'present', 64],
  ])
  const plain = await basil(home, 'list')
  expect(plain.out).toContain(`set  ${folder.split('/').at(-1)} in ${folder}: MNIST; 0 heads`)
  expect(plain.out).toContain('unreadable: ')
  expect(JSON.parse((await basil(home, 'tag', '1', 'best', 'mnist', '--json')).out)).toMatchObject({
    tags: ['best', 'mnist'],
  })
  expect(
    JSON.parse((await basil(home, 'describe', '1', '--role', 'head', '--notes', 'a note', '--json')).out),
  ).toMatchObject({
    role: 'head',
    notes: 'a note',
    tags: ['best', 'mnist'],
  })
  rmSync(join(folder, 'zeroshot.safetensors'))
  expect((await basil(home, 'refresh')).out).toContain('missing: ')
  expect((await basil(home, 'forget', '2', '3')).out).toContain('2 forgotten')
  expect(existsSync(join(folder, 'broken.pt'))).toBe(true)
  const shown = await basil(home, 'show', '1')
  expect(shown.out).toContain('weight  F32  (4)')
  expect(shown.out).toContain('a note')
  expect(await basil(home, 'show', '2', '--json')).toMatchObject({
    code: 3,
    out: expect.stringContaining('"file-missing"'),
  })
})

test('while a window is open, listing and showing work, and adding says who writes', async () => {
  const [home, folder] = [temporaryFolder(), temporaryFolder()]
  lay(folder, { 'a.safetensors': checkpoint(1) })
  const { library } = await libraryAt(home)
  await library.add([folder])
  await library.settled()
  const [listed, shown, added] = await Promise.all([
    basil(home, 'list', '--json'),
    basil(home, 'show', '1'),
    basil(home, 'add', folder, '--json'),
  ])
  expect((JSON.parse(listed.out) as { entries: Entry[] }).entries).toMatchObject([
    { path: join(folder, 'a.safetensors'), state: 'present' },
  ])
  expect(shown).toMatchObject({ code: 0, err: '' })
  expect(added.code).toBe(1)
  expect(JSON.parse(added.out)).toMatchObject({
    error: { code: 'folder-busy', why: expect.stringContaining(`process ${process.pid}`) },
  })
})

test('nothing but refusals ends with exit code 3', async () => {
  const none = await basil(temporaryFolder(), 'add', '/nowhere/at/all.pt')
  expect(none).toMatchObject({ code: 3, out: expect.stringContaining('0 added, 0 were there already, 1 refused') })
})
