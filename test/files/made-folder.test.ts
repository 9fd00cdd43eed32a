// A folder is made with what is above it, and where it is not, the disk's own reason is told.
import { mkdirSync, mkdtempSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { makeFolder } from '../../src-main/files/made-folder.ts'
import { canPreload, preload, under } from '../faults/power/preload.ts'

const scratch = (): string => mkdtempSync(join(tmpdir(), 'basil-made-folder-'))

test('all that is missing is made, with its mode; what is there is let be', () => {
  const root = scratch()
  makeFolder(join(root, 'a', 'b', 'c'), 0o700)
  expect(['a', 'a/b', 'a/b/c'].map((at) => statSync(join(root, at)).mode & 0o777)).toEqual([0o700, 0o700, 0o700])
  writeFileSync(join(root, 'a', 'kept'), '')
  makeFolder(join(root, 'a'), 0o755)
  expect(statSync(join(root, 'a')).mode & 0o777).toBe(0o700)
  expect(readdirSync(join(root, 'a'))).toEqual(['b', 'kept'])
})

test('a file is not taken for a folder, be it the last or one above', () => {
  const file = join(scratch(), 'file')
  writeFileSync(file, '')
  expect(() => makeFolder(file)).toThrow('EEXIST')
  expect(() => makeFolder(join(file, 'below'))).toThrow('EEXIST')
  expect(statSync(file).isFile()).toBe(true)
})

test.runIf(canPreload)('a disk that is broken is told as broken, not as a folder that is missing', async () => {
  const [folder, library] = [scratch(), preload(scratch())]
  const [root, control] = [join(folder, 'root'), join(folder, 'control')]
  mkdirSync(root)
  const disk = { BASIL_DISK_ROOT: root, BASIL_DISK_CONTROL: control }
  const told = JSON.parse(await under(library, 'making-main.ts', [root, control], disk))
  expect(told).toEqual(['EIO', 'EIO', 'it was made', 'it was made'])
  expect(readdirSync(root)).toEqual(['backups', 'one'])
})
