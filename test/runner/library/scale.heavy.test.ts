// Five hundred files, hostile ones among them: nothing else waits for them.
import { copyFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { checkpoint, setting, settled } from './setting.ts'

const hostile = join(import.meta.dirname, '..', '..', 'golden', 'formats', 'hostile')
const many = 500

interface Pause {
  whole: number // ms between two turns of the event loop
  own: number // less what other processes had the cores while the thread was ready to go on
  computed: number // that the thread ran; the rest is the disk's, or the start of a process
}

function watchPauses(): { stop(): Pause[] } {
  const times = (): [number, number] => {
    try {
      const [ran = 0, waited = 0] = readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ').map(Number)
      return [ran / 1e6, waited / 1e6]
    } catch {
      return [performance.now(), 0] // not Linux
    }
  }
  const pauses: Pause[] = []
  let at = performance.now()
  let [ran, waited] = times()
  const timer = setInterval(() => {
    const [ranNow, waitedNow] = times()
    const whole = performance.now() - at
    pauses.push({ whole, own: whole - (waitedNow - waited), computed: ranNow - ran })
    ;[ran, waited] = [ranNow, waitedNow]
    at = performance.now()
  }, 1)
  return {
    stop: () => {
      clearInterval(timer)
      return pauses
    },
  }
}

test('five hundred files, hostile ones among them, are added, read and hashed without a pause of 50 ms; the list answers within 100 ms', async () => {
  const odd = readdirSync(hostile).filter((name) => /\.(pt|safetensors)$/.test(name))
  const good = Array.from({ length: many - odd.length }, (_, i) => [`model-${i % 20}/step-${i}.safetensors`, checkpoint(i)] as const)
  const { folder, workbench, library } = await setting(Object.fromEntries(good))
  mkdirSync(join(folder, 'downloads'))
  for (const name of odd) copyFileSync(join(hostile, name), join(folder, 'downloads', name))

  let [slowest, lists, beats, isOver] = [0, 0, 0, false]
  const listening = (async () => {
    for await (const { work } of library.watch()) {
      beats++
      const asked = performance.now()
      const { entries } = await library.list()
      slowest = Math.max(slowest, performance.now() - asked)
      lists++
      expect(entries.length).toBeLessThanOrEqual(many)
      if (isOver && work === null) return
    }
  })()
  const began = performance.now()
  const pauses = watchPauses()
  const { added, refused } = await library.add([folder])
  const told = performance.now() - began
  expect([added.length, refused]).toEqual([many, []])
  const entries = await settled(workbench)
  const longest = (kind: keyof Pause): number => Math.max(...measured.map((pause) => pause[kind]))
  const measured = pauses.stop()
  const seconds = (performance.now() - began) / 1000
  isOver = true
  library.describe({ id: added[0] ?? 0, notes: 'the last beat' })
  await listening

  const ms = (time: number): string => `${time.toFixed(1)} ms`
  console.log(
    `${many} files: rows after ${ms(told)}, read and hashed after ${seconds.toFixed(1)} s; longest pause of the event loop ${ms(longest('own'))}, of that computing ${ms(longest('computed'))}, with waiting for a core ${ms(longest('whole'))}; slowest of ${lists} lists ${ms(slowest)}`,
  )
  expect(longest('computed')).toBeLessThan(50)
  expect(measured.filter(({ own }) => own > 50).length).toBeLessThanOrEqual(3) // a commit that a busy disk holds up
  expect(slowest).toBeLessThan(100)
  expect(beats).toBeLessThanOrEqual(10 * seconds + 5)
  expect(lists).toBeGreaterThan(2)
  const unreadable = entries.filter(({ state }) => state === 'unreadable')
  expect(unreadable.length).toBeGreaterThan(15)
  for (const { path, error } of unreadable) {
    expect(path).toContain('downloads')
    expect(error?.why, path).not.toBe('')
  }
  expect(entries.filter(({ path }) => !path.includes('downloads')).every(({ state, sha256 }) => state === 'present' && sha256)).toBe(true)
})
