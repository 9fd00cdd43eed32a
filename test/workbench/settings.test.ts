// Settings of every door: kept in the data folder, given to the engine's next process where the environment says
// nothing, refused while work goes on; what the caches take is counted and cleared, and statistics have their bound
// too.
import { existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, it } from 'vitest'

import { BasilError } from '../../src-main/contract/errors.ts'
import { cacheRoom } from '../../src-main/files/cache-room.ts'
import { heldStatisticsStore, statisticsStore, touchStatistics } from '../../src-main/files/statistics-store.ts'
import { tuningFolder } from '../../src-main/files/tuning-folders.ts'
import { engineEnvironment } from '../../src-main/workbench/native/devices.ts'
import { exportsFolder } from '../../src-main/workbench/settings/kept.ts'
import { createSettings } from '../../src-main/workbench/settings/settings.ts'
import { temporaryFolder } from './toy.ts'

function setting() {
  const home = temporaryFolder()
  const seen = { renewed: 0, busy: false }
  const settings = createSettings({
    home,
    env: {},
    jobs: {
      requireQuiet: () => {
        if (seen.busy)
          throw new BasilError({ code: 'run-state', what: 'Basil is at work', where: '', why: 'a run', next: 'wait' })
      },
    },
    renew: () => {
      seen.renewed += 1
    },
  })
  return { home, seen, settings }
}

it('what the engine needs reaches its next process, unless the environment says another', async () => {
  const { home, seen, settings } = setting()
  await settings.choose({ threads: 3, memoryGigabytes: 2.5, cacheGigabytes: 0.5 })
  expect(seen.renewed).toBe(1)
  expect(engineEnvironment(home, 'cpu', {})).toMatchObject({
    ...{ BASIL_THREADS: '3', BASIL_MEMORY_GB: '2.5', BASIL_CACHE_GB: '0.5' },
  })
  expect(engineEnvironment(home, 'cpu', { BASIL_THREADS: '1' })['BASIL_THREADS']).toBe('1')
  expect((await settings.show()).cacheBytes).toBe(0.5e9)
  await settings.choose({ threads: null })
  expect(engineEnvironment(home, 'cpu', {})['BASIL_THREADS']).toBeUndefined()
  expect((await settings.show()).limits).toMatchObject({ threads: null, memoryGigabytes: 2.5 })
})

it('is refused while work goes on, but for what the engine does not need', async () => {
  const { home, seen, settings } = setting()
  seen.busy = true
  await expect(settings.choose({ threads: 2 })).rejects.toThrow('Basil is at work')
  await expect(settings.clear('images')).rejects.toThrow('Basil is at work')
  const folder = join(home, 'models')
  await settings.choose({ exports: folder })
  expect([exportsFolder(home), existsSync(folder), seen.renewed]).toEqual([folder, true, 0])
  writeFileSync(join(home, 'file'), '')
  for (const wrong of ['models', join(home, 'file'), join(home, 'file', 'in')])
    await expect(settings.choose({ exports: wrong })).rejects.toMatchObject({
      record: { what: 'Exports cannot go to this folder', where: wrong },
    })
  expect(exportsFolder(home)).toBe(folder)
})

it('a damaged file says nothing, and the next choice is kept', async () => {
  const { home, settings } = setting()
  writeFileSync(join(home, 'settings.json'), '{"threads": "many"')
  expect((await settings.show()).limits.threads).toBeNull()
  await settings.choose({ threads: 2 })
  expect((await settings.show()).limits.threads).toBe(2)
})

it('counts what each part takes, and clears one part alone', async () => {
  const { home, settings } = setting()
  for (const [folder, name, bytes] of [
    ['cache/images', 'a.pixels', 5000],
    ['cache/features', 'b.features', 7000],
    ['statistics', 'c.safetensors', 3000],
    ['exports', 'd.safetensors', 9000],
  ] as const) {
    mkdirSync(join(home, folder), { recursive: true })
    writeFileSync(join(home, folder, name), 'x'.repeat(bytes))
  }
  const of = async (part: string) => (await settings.show()).parts.find(({ name }) => name === part)
  expect(await of('images')).toEqual({ name: 'images', bytes: 5000, files: 1 })
  expect(await of('other')).toEqual({ name: 'other', bytes: 0, files: 0 })
  await settings.clear('images')
  expect([(await of('images'))?.files, (await of('features'))?.files, (await of('exports'))?.bytes]).toEqual([
    0, 1, 9000,
  ])
})

it('statistics that were used longest ago give way when their room is full', async () => {
  const folder = temporaryFolder()
  const store = statisticsStore(folder, cacheRoom([folder], { capBytes: 2500, files: /\.safetensors$/ }))
  const tensors = [{ name: 'a', shape: [250] }] // 1,000 bytes and a head
  const write = async (identity: string) => {
    const writer = await store.begin(identity, tensors)
    await writer.write(new Float32Array(250))
    return writer.end()
  }
  const first = await write('first')
  const second = await write('second')
  const old = new Date('2026-01-01')
  utimesSync(first.file, old, old)
  utimesSync(second.file, new Date('2026-01-02'), new Date('2026-01-02'))
  expect(await store.find('first')).toBeDefined() // used just now
  const third = await write('third')
  expect(readdirSync(folder).toSorted()).toEqual([first.name, third.name].toSorted())
})

it('what one merge collects stays together until it is named, and what never has room is refused', async () => {
  const folder = temporaryFolder()
  const store = heldStatisticsStore(folder, cacheRoom([folder], { capBytes: 2500, files: /\.safetensors$/ }))
  const write = async (identity: string) => {
    const writer = await store.begin(identity, [{ name: 'a', shape: [250] }])
    await writer.write(new Float32Array(250))
    return writer.end()
  }
  const names: string[] = []
  for (const identity of ['first', 'second', 'third']) names.push((await write(identity)).name)
  expect(readdirSync(folder).toSorted()).toEqual(names.toSorted())
  await store.leave()
  await write('fourth')
  expect(readdirSync(folder).length).toBeLessThan(4)
  expect(() => store.requireRoom(2500)).not.toThrow()
  expect(() => store.requireRoom(2501)).toThrow('has no room')
})

it('statistics that a recipe names count as used, and a person’s own files stay as they are', async () => {
  const [folder, other] = [temporaryFolder(), temporaryFolder()]
  const files = [folder, other].map((at) => join(at, 'a.safetensors'))
  const old = new Date('2026-01-01')
  for (const file of files) {
    writeFileSync(file, '')
    utimesSync(file, old, old)
  }
  await touchStatistics([...files, join(folder, 'gone.safetensors')], folder)
  expect(files.map((file) => statSync(file).mtimeMs === old.getTime())).toEqual([false, true])
})

it('counts exports where they are, and not where they would be', async () => {
  const { home, settings } = setting()
  const exports = temporaryFolder()
  await settings.choose({ exports })
  writeFileSync(join(exports, 'a.safetensors'), 'x'.repeat(9000))
  const { parts } = await settings.show()
  expect(parts.find(({ name }) => name === 'exports')).toMatchObject({ files: 1 })
  expect(existsSync(join(home, 'exports'))).toBe(false)
})

it('counts the states of fine-tunings apart from everything else', async () => {
  const { home, settings } = setting()
  const folder = tuningFolder(3, home)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'last-000000200.safetensors'), 'x'.repeat(9000))
  const { parts } = await settings.show()
  expect(parts.find(({ name }) => name === 'tunings')).toMatchObject({ files: 1 })
})
