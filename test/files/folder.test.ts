// Folders as the engine sees them: files and folders by name, links as what they lead to, and errors that say what is
// wrong.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, expect, test } from 'vitest'

import { openFiles } from '../../src-main/files/folder.ts'

const root = mkdtempSync(join(tmpdir(), 'basil-folder-'))
afterEach(() => rmSync(root, { recursive: true }))

test('a folder lists its files and folders, links as what they lead to, and those that lead nowhere as such', async () => {
  mkdirSync(join(root, 'inner'))
  writeFileSync(join(root, 'a.jpg'), 'x')
  symlinkSync(join(root, 'inner'), join(root, 'to-folder'))
  symlinkSync(join(root, 'a.jpg'), join(root, 'to-file'))
  symlinkSync(join(root, 'gone'), join(root, 'to-nothing'))
  symlinkSync(join(root, 'to-itself'), join(root, 'to-itself'))
  expect((await openFiles.list(root)).sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
    { name: 'a.jpg', isFolder: false },
    { name: 'inner', isFolder: true },
    { name: 'to-file', isFolder: false },
    { name: 'to-folder', isFolder: true },
    { name: 'to-itself', isFolder: false, leadsNowhere: true },
    { name: 'to-nothing', isFolder: false, leadsNowhere: true },
  ])
  expect(
    await Promise.all(
      ['', 'a.jpg', 'gone', 'a.jpg/inside', 'to-itself'].map((name) => openFiles.kind(join(root, name))),
    ),
  ).toEqual(['folder', 'file', 'missing', 'missing', 'missing'])
  await expect(openFiles.list(join(root, 'gone'))).rejects.toMatchObject({
    record: { code: 'file-missing', where: join(root, 'gone') },
  })
  await expect(openFiles.list(join(root, 'a.jpg'))).rejects.toMatchObject({
    record: { code: 'file-unreadable', why: 'it is not a folder' },
  })
})
