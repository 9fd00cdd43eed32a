// Five hundred files, hostile ones among them: nothing else waits for them.
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

import Database from 'better-sqlite3'
import { expect, onTestFinished, test, vi } from 'vitest'

import { checkpoint, setting, settled } from './setting.ts'

const hostile = join(import.meta.dirname, '..', '..', 'golden', 'formats', 'hostile')
const many = 500

/** Statements that the database was asked for, by whoever, and the most of them between two turns of the event loop. */
function watchStatements(): { total(): number; stop(): { most: number; longest: number } } {
  const statement = Object.getPrototypeOf(new Database(':memory:').prepare('SELECT 1')) as Record<
    string,
    (...values: unknown[]) => unknown
  >
  const seen = { total: 0, before: 0, most: 0, longest: 0, at: performance.now() }
  for (const name of ['run', 'get', 'all', 'iterate']) {
    const plain = statement[name] as (...values: unknown[]) => unknown
    vi.spyOn(statement, name).mockImplementation(function (this: unknown, ...values) {
      seen.total++
      return plain.apply(this, values)
    })
  }
  const turn = (): void => {
    seen.most = Math.max(seen.most, seen.total - seen.before)
    seen.longest = Math.max(seen.longest, performance.now() - seen.at)
    Object.assign(seen, { before: seen.total, at: performance.now() })
    next = setImmediate(turn)
  }
  let next = setImmediate(turn)
  onTestFinished(() => void vi.restoreAllMocks())
  return {
    total: () => seen.total,
    stop: () => {
      clearImmediate(next)
      return seen
    },
  }
}

test('five hundred files, hostile ones among them, are added, read and hashed a few at a time; the list is a few statements', async () => {
  const odd = readdirSync(hostile).filter((name) => /\.(pt|safetensors)$/.test(name))
  const good = Array.from(
    { length: many - odd.length },
    (_, i) => [`model-${i % 20}/step-${i}.safetensors`, checkpoint(i)] as const,
  )
  const { folder, workbench, library } = await setting(Object.fromEntries(good))
  mkdirSync(join(folder, 'downloads'))
  for (const name of odd) copyFileSync(join(hostile, name), join(folder, 'downloads', name))

  const statements = watchStatements()
  let [slowest, dearest, lists, beats, isOver] = [0, 0, 0, 0, false]
  const listening = (async () => {
    for await (const { work } of library.watch()) {
      beats++
      const asked = performance.now()
      const before = statements.total()
      const listed = library.list()
      dearest = Math.max(dearest, statements.total() - before)
      const { entries } = await listed
      slowest = Math.max(slowest, performance.now() - asked)
      lists++
      expect(entries.length).toBeLessThanOrEqual(many)
      if (isOver && work === null) return
    }
  })()
  const began = performance.now()
  const { added, refused } = await library.add([folder])
  const told = performance.now() - began
  expect([added.length, refused]).toEqual([many, []])
  const entries = await settled(workbench)
  const { most, longest } = statements.stop()
  const seconds = (performance.now() - began) / 1000
  isOver = true
  library.describe({ id: added[0] ?? 0, notes: 'the last beat' })
  await listening

  const ms = (time: number): string => `${time.toFixed(1)} ms`
  console.log(
    `${many} files: rows after ${ms(told)}, read and hashed after ${seconds.toFixed(1)} s; at most ${most} statements a turn of the event loop, the longest ${ms(longest)}; ${dearest} statements a list, the slowest of ${lists} ${ms(slowest)}`,
  )
  expect(most).toBeLessThan(2 * many) // five a file: all of them in one go would be 2,500
  expect(dearest).toBeLessThan(8)
  expect(beats).toBeLessThanOrEqual(10 * seconds + 5)
  expect(lists).toBeGreaterThan(2)
  const unreadable = entries.filter(({ state }) => state === 'unreadable')
  expect(unreadable.length).toBeGreaterThan(15)
  for (const { path, error } of unreadable) {
    expect(path).toContain('downloads')
    expect(error?.why, path).not.toBe('')
  }
  expect(
    entries
      .filter(({ path }) => !path.includes('downloads'))
      .every(({ state, sha256 }) => state === 'present' && sha256),
  ).toBe(true)
})
