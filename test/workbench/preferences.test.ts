// What the window remembers: on the disk, one write after the other, found again, and no reason for a failed start.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, it } from 'vitest'

import { createPreferences } from '../../src-main/workbench/preferences.ts'
import { temporaryFolder } from './toy.ts'

it('is found again by the next start, key by key', async () => {
  const home = temporaryFolder()
  const preferences = createPreferences(home)
  await Promise.all([
    ...Array.from({ length: 20 }, (_, i) => preferences.keep('history.sort', i)),
    preferences.keep('compose.draft', { tasks: ['cars'], seed: null }),
    preferences.keep('gone', true),
  ])
  await preferences.keep('gone', null)
  const kept = { 'history.sort': 19, 'compose.draft': { tasks: ['cars'], seed: null } }
  expect(preferences.all()).toEqual(kept)
  expect(createPreferences(home).all()).toEqual(kept)
  expect(JSON.parse(readFileSync(join(home, 'preferences.json'), 'utf8'))).toEqual(kept)
})

it('begins empty where the file is no such thing, and writes a whole one', async () => {
  const home = temporaryFolder()
  writeFileSync(join(home, 'preferences.json'), '{"history.sort": ')
  const preferences = createPreferences(home)
  expect(preferences.all()).toEqual({})
  await preferences.keep('theme', 'dark')
  expect(createPreferences(home).all()).toEqual({ theme: 'dark' })
})

it('a folder that cannot be written is told, and the next change is kept again', async () => {
  const home = temporaryFolder()
  const missing = createPreferences(join(home, 'missing'))
  await expect(missing.keep('a', 1)).rejects.toThrow()
  const preferences = createPreferences(home)
  await preferences.keep('a', 1)
  await preferences.keep('b', 2)
  expect(createPreferences(home).all()).toEqual({ a: 1, b: 2 })
})
