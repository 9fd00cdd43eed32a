// Damage that SQLite lets pass: single bits that flip anywhere in a history's file, and a file that ends too early by
// less than a page. Each is without effect on anything shown, or found: the file set aside, or the damaged row named.
// Pages that change their places may hide rows that are sound: salvage takes no run that lost one.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'

import { expect, test } from 'vitest'

import type { Thing } from '../../src-main/contract/api/history.ts'
import type { RunId } from '../../src-main/contract/branded.ts'
import { BasilError } from '../../src-main/contract/errors.ts'
import { runDetail } from '../../src-main/history/detail.ts'
import { listRuns } from '../../src-main/history/listing/list.ts'
import { openHistory, readHistory } from '../../src-main/history/open.ts'
import { salvage } from '../../src-main/history/salvage.ts'
import type { History } from '../../src-main/history/statement.ts'
import { folder, now } from '../history/rows.ts'
import { putAll, putRun, shown } from '../history/whole.ts'
import { countOf, tell } from './promises.ts'
import { seeded } from './seeded.ts'

const seed = 20261122
const drawn = countOf('R19') - 100 // the rest are cuts
const swaps = drawn / 10
const flips = drawn - swaps

type Verdict = 'harmless' | 'found' | 'silent' | 'raw'
const worst: Verdict[] = ['raw', 'silent', 'found', 'harmless']

/** A history of every kind of row in one file, and what it shows. */
async function whole(): Promise<{ bytes: Buffer; sound: string }> {
  const home = folder()
  const history = await openHistory(home)
  putAll(history)
  const { text, errors } = shown(history)
  expect(errors).toEqual([])
  history.close()
  expect(readdirSync(home).sort()).toEqual(['history.sqlite', 'writer.lock'])
  return { bytes: readFileSync(join(home, 'history.sqlite')), sound: text }
}

/** What becomes of a file: first somebody reads, then somebody opens it for writing. */
async function verdict(
  home: string,
  bytes: Uint8Array,
  sound: string,
  log: Uint8Array = new Uint8Array(),
): Promise<{ verdict: Verdict; why: string }> {
  rmSync(home, { recursive: true, force: true })
  mkdirSync(home)
  const file = join(home, 'history.sqlite')
  writeFileSync(file, bytes)
  if (log.length) writeFileSync(`${file}-wal`, log)
  const found = [
    await look(() => readHistory(home), sound),
    await look(() => openHistory(home, { now: () => now }), sound),
  ]
  for (const aside of readdirSync(home).filter((name) => /damaged.*sqlite$/.test(name)))
    expect(readFileSync(join(home, aside)).equals(bytes)).toBe(true)
  return (
    found.sort((a, b) => worst.indexOf(a.verdict) - worst.indexOf(b.verdict))[0] ?? { verdict: 'raw', why: 'nothing' }
  )
}

async function look(open: () => Promise<History>, sound: string): Promise<{ verdict: Verdict; why: string }> {
  let history: History | undefined
  try {
    history = await open()
    const { text, errors } = shown(history)
    const raw = errors.find((error) => !isNamed(error))
    if (raw !== undefined) return { verdict: 'raw', why: String(raw) }
    if (errors.length || history.notices.length || text.includes('history-damaged'))
      return { verdict: 'found', why: '' }
    return { verdict: text === sound ? 'harmless' : 'silent', why: text }
  } catch (error) {
    return { verdict: isNamed(error) ? 'found' : 'raw', why: String(error) }
  } finally {
    history?.close()
  }
}

const isNamed = (error: unknown): boolean =>
  error instanceof BasilError &&
  ['history-damaged', 'history-newer'].includes(error.record.code) &&
  error.record.where !== ''

test('single bits that flip in a history are without effect on what is shown, or found', async () => {
  const began = performance.now()
  const { bytes, sound } = await whole()
  const chance = seeded(seed)
  const home = join(folder(), 'home')
  const counts = { harmless: 0, found: 0, silent: 0, raw: 0 }
  const bad: unknown[] = []
  for (let i = 0; i < flips; i++) {
    const bit = Math.floor(chance() * bytes.length * 8)
    const flipped = Buffer.from(bytes)
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    const { verdict: of, why } = await verdict(home, flipped, sound)
    counts[of]++
    if (of === 'silent' || of === 'raw') bad.push([bit >> 3, bit & 7, why.slice(0, 300)])
  }
  told(began, flips, counts)
  expect(bad).toEqual([])
  expect(counts.found).toBeGreaterThan(flips / 10)
})

test('with a log, as after a crash, a cut page is found unless the log has it', async () => {
  const began = performance.now()
  const home = folder()
  const history = await openHistory(home)
  putAll(history)
  history.db.pragma('wal_checkpoint(TRUNCATE)')
  for (const name of ['in', 'the log']) putRun(history, name)
  const sound = shown(history).text
  const bytes = readFileSync(history.file)
  const log = readFileSync(`${history.file}-wal`)
  history.close()
  const crashed = join(folder(), 'home')
  expect((await verdict(crashed, bytes, sound, log)).verdict).toBe('harmless')
  const counts = { harmless: 0, found: 0, silent: 0, raw: 0 }
  for (let page = 0; page < 30; page++)
    for (const cut of [page * 4096 + 1, page * 4096 + 4095])
      counts[(await verdict(crashed, bytes.subarray(0, bytes.length - cut), sound, log)).verdict]++
  told(began, 60, counts)
  expect([counts.silent, counts.raw]).toEqual([0, 0])
  expect(counts.found).toBeGreaterThan(0)
})

test('a history cut by less than a page is found', async () => {
  const began = performance.now()
  const { bytes, sound } = await whole()
  const home = join(folder(), 'home')
  const chance = seeded(seed)
  const cuts = [1, 2, 512, 4095, ...Array.from({ length: 36 }, () => 1 + Math.floor(chance() * 4095))]
  const counts = { harmless: 0, found: 0, silent: 0, raw: 0 }
  for (const cut of cuts) counts[(await verdict(home, bytes.subarray(0, bytes.length - cut), sound)).verdict]++
  told(began, cuts.length, counts)
  expect(counts).toEqual({ harmless: 0, found: cuts.length, silent: 0, raw: 0 })
})

test('of a history whose pages change places salvage brings back whole runs, and names the others and those of which that cannot be told', async () => {
  const began = performance.now()
  const home = folder()
  const history = await openHistory(home)
  const runs = Array.from({ length: 12 }, (_, i) => putRun(history, `run ${i}`))
  const before = new Map(runs.map((run) => [run, runDetail(history, run)]))
  history.close()
  const bytes = readFileSync(history.file)
  const pageAt = (page: number): Buffer => bytes.subarray(page * 4096, (page + 1) * 4096)
  const chance = seeded(seed)
  const page = (): number => 1 + Math.floor(chance() * (bytes.length / 4096 - 1)) // the first one is SQLite's
  const counts = { harmless: 0, found: 0, silent: 0, raw: 0 }
  let named = 0
  for (let i = 0; i < swaps; i++) {
    const [a, b] = [page(), page()]
    const swapped = Buffer.from(bytes)
    pageAt(a).copy(swapped, b * 4096)
    pageAt(b).copy(swapped, a * 4096)
    const place = folder()
    writeFileSync(join(place, 'history-damaged-2026-11-22T08-00-00-000Z.sqlite'), swapped)
    const fresh = await openHistory(place, { now: () => now })
    const { lost, unsure, skipped } = await salvage(fresh, now)
    const back = listRuns(fresh, { offset: 0, limit: 100 }).rows.map(({ run }) => run)
    const isIn = (told: Thing[], run: RunId): boolean =>
      told.some(({ what, key }) => what === 'run' && key === String(run))
    const isSame = (run: RunId): boolean => isDeepStrictEqual(runDetail(fresh, run), before.get(run))
    const isTold = (run: RunId): boolean =>
      back.includes(run) ? isSame(run) || isIn(unsure, run) : skipped.length > 0 || isIn(lost, run)
    const silent = runs.filter((run) => !isTold(run))
    counts[silent.length > 0 ? 'silent' : back.length === runs.length ? 'harmless' : 'found']++
    named += lost.length + unsure.length
    fresh.close()
  }
  told(began, swaps, counts)
  expect([counts.silent, counts.raw]).toEqual([0, 0])
  expect(named).toBeGreaterThan(0)
})

interface Counts {
  harmless: number
  found: number
  silent: number // shown otherwise than it was
  raw: number // an error that is none of Basil's
}

function told(began: number, count: number, { harmless, found, silent, raw }: Counts): void {
  tell('R19', began, { count, lost: raw, differ: silent, seed, besides: `harmless ${harmless}, found ${found}` })
}
