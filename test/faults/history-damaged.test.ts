// A history that was damaged in any way: bits that flip, ends that are missing, pages of zeros or in each other's
// place, a log that is gone, another's or damaged, files in each other's place. Each is without effect on anything
// shown, or found: the file set aside, or the damaged row named. The backup is offered then, and what can be read
// comes back; what was damaged is still there, byte for byte.
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import Database from 'better-sqlite3'
import { expect, test } from 'vitest'

import { runId } from '../../src-main/contract/branded.ts'
import { BasilError } from '../../src-main/contract/errors.ts'
import { makeBackup } from '../../src-main/history/backups.ts'
import { runDetail } from '../../src-main/history/detail.ts'
import { openHistory, readHistory } from '../../src-main/history/open.ts'
import { salvage } from '../../src-main/history/salvage.ts'
import type { History } from '../../src-main/history/statement.ts'
import { folder, now } from '../history/rows.ts'
import { putAll, putRun, shown } from '../history/whole.ts'
import { countOf, seedOf, tell } from './promises.ts'
import { seeded } from './seeded.ts'

const seed = seedOf(20_261_122)

type Verdict = 'harmless' | 'older' | 'found' | 'silent' | 'raw'
const worst: Verdict[] = ['raw', 'silent', 'found', 'older', 'harmless']

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
  more: Partial<Pick<Sound, 'older' | 'another' | 'backup'>> = {},
): Promise<{ verdict: Verdict; why: string }> {
  rmSync(home, { recursive: true, force: true })
  mkdirSync(join(home, 'backups'), { recursive: true })
  if (more.backup) copyFileSync(more.backup, join(home, 'backups', 'daily-2026-11-22T08-00-00-000Z.sqlite'))
  const file = join(home, 'history.sqlite')
  writeFileSync(file, bytes)
  if (log.length) writeFileSync(`${file}-wal`, log)
  const found = [
    await look(() => readHistory(home), sound, more),
    await look(() => openHistory(home, { now: () => now }), sound, more),
  ]
  for (const aside of readdirSync(home).filter((name) => /damaged.*sqlite$/.test(name)))
    expect(readFileSync(join(home, aside)).equals(bytes)).toBe(true)
  return (
    found.sort((a, b) => worst.indexOf(a.verdict) - worst.indexOf(b.verdict))[0] ?? { verdict: 'raw', why: 'nothing' }
  )
}

async function look(
  open: () => Promise<History>,
  sound: string,
  { older, another, backup }: Partial<Pick<Sound, 'older' | 'another' | 'backup'>>,
): Promise<{ verdict: Verdict; why: string }> {
  let history: History | undefined
  try {
    history = await open()
    const { text, errors } = shown(history)
    // a log that is gone or ends early is an earlier moment's, and one that holds all of another history is that one
    if (history.notices.length === 0 && (older?.has(text) || text === another)) return { verdict: 'older', why: '' }
    const raw = errors.find((error) => !isNamed(error))
    if (raw !== undefined) return { verdict: 'raw', why: String(raw) }
    const begun = history.notices.find(({ what }) => /damaged; a new one|is empty/.test(what))
    if (backup && begun && !begun.next.includes('backup (2026-11-22'))
      return { verdict: 'raw', why: `no backup is offered: ${begun.next}` }
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

interface Sound {
  bytes: Buffer
  log: Buffer
  shown: string
  older: Set<string> // what was shown before each change that is in the log
  another: string // what another history shows
  other: Buffer // another history's log
  backup: string
  runs: Map<number, string>
}

/** A history as a crash leaves it, with its log and a backup. */
async function crashed(): Promise<Sound> {
  const home = folder()
  const history = await openHistory(home)
  putAll(history)
  const backup = (await makeBackup(history, now, () => true)) ?? ''
  putRun(history, 'after the backup')
  history.db.pragma('wal_checkpoint(TRUNCATE)')
  putRun(history, 'in the log')
  const [bytes, log] = [readFileSync(history.file), readFileSync(`${history.file}-wal`)]
  const runs = new Map([1, 2, 3, 4, 5].map((run) => [run, JSON.stringify(runDetail(history, runId(run)))]))
  const text = shown(history).text
  history.close()
  const foreign = await openHistory(folder())
  for (const name of ['of', 'another']) putRun(foreign, name)
  const other = readFileSync(`${foreign.file}-wal`)
  const another = shown(foreign).text
  foreign.close()
  return { bytes, log, shown: text, older: await before(bytes, log), another, other, backup, runs }
}

const pageSize = 4096

/** A log that ends early is, to SQLite, that of an earlier moment: what was shown at each. */
async function before(bytes: Buffer, log: Buffer): Promise<Set<string>> {
  const texts = new Set<string>()
  const home = join(folder(), 'home')
  const add = (history: History): void => {
    texts.add(shown(history).text)
    history.close()
  }
  for (let end = 32; end < log.length; end += 24 + pageSize) {
    const isCommitted = end === 32 || log.readUInt32BE(end - pageSize - 20) > 0 // size of the file after it
    if (!isCommitted) continue
    rmSync(home, { recursive: true, force: true })
    mkdirSync(home)
    writeFileSync(join(home, 'history.sqlite'), bytes)
    writeFileSync(join(home, 'history.sqlite-wal'), log.subarray(0, end))
    add(await readHistory(home))
    add(await openHistory(home, { now: () => now }))
  }
  return texts
}

type Damage = (sound: Sound, chance: () => number) => { bytes: Uint8Array; log?: Uint8Array }

const below = (chance: () => number, end: number): number => Math.floor(chance() * end)
const flipped = (bytes: Buffer, chance: () => number): Buffer => {
  const bit = below(chance, bytes.length * 8)
  const copy = Buffer.from(bytes)
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  return copy
}
const pageOf = (bytes: Buffer, page: number): Buffer => bytes.subarray(page * pageSize, (page + 1) * pageSize)

/** Of a history that was closed (its file alone) or left by a crash (with its log). */
const damages: Record<string, Damage> = {
  'a bit': ({ bytes, log }, chance) => ({ bytes: flipped(bytes, chance), log }),
  'another bit': ({ bytes, log }, chance) => ({ bytes: flipped(bytes, chance), log }),
  'a bit of the log': ({ bytes, log }, chance) => ({ bytes, log: flipped(log, chance) }),
  'the end': ({ bytes, log }, chance) => ({ bytes: bytes.subarray(0, below(chance, bytes.length)), log }),
  'the end of the log': ({ bytes, log }, chance) => ({ bytes, log: log.subarray(0, below(chance, log.length)) }),
  'a page of zeros': ({ bytes, log }, chance) => {
    const copy = Buffer.from(bytes)
    pageOf(copy, below(chance, bytes.length / pageSize)).fill(0)
    return { bytes: copy, log }
  },
  'two pages in each other’s place': ({ bytes, log }, chance) => {
    const copy = Buffer.from(bytes)
    const [a, b] = [below(chance, bytes.length / pageSize), below(chance, bytes.length / pageSize)]
    pageOf(bytes, a).copy(pageOf(copy, b))
    pageOf(bytes, b).copy(pageOf(copy, a))
    return { bytes: copy, log }
  },
  'no log': ({ bytes }) => ({ bytes }),
  'another’s log': ({ bytes, other }) => ({ bytes, log: other }),
  'the log in its place': ({ bytes, log }) => ({ bytes: log, log: bytes }),
  'nothing at all': ({ log }) => ({ bytes: Buffer.alloc(0), log }),
  'another program’s file': () => ({ bytes: foreign }),
}
const foreign = foreignFile()

function foreignFile(): Buffer {
  const db = new Database(':memory:')
  db.exec('CREATE TABLE moz_places (x)')
  const bytes = db.serialize()
  db.close()
  return bytes
}

test('a history damaged in whatever way is never shown otherwise than it was: it is found, and what can be read comes back', async () => {
  const began = performance.now()
  const sound = await crashed()
  const chance = seeded(seed)
  const home = join(folder(), 'home')
  const counts = { harmless: 0, older: 0, found: 0, silent: 0, raw: 0 }
  const bad: string[] = []
  let back = 0
  const wanted = countOf('R19')
  for (let i = 0; i < wanted; i++) {
    const [name = '', damage] = Object.entries(damages)[i % Object.keys(damages).length] ?? []
    if (!damage) break
    const { bytes, log } = damage(sound, chance)
    const { verdict: of, why } = await verdict(home, bytes, sound.shown, log, sound)
    counts[of]++
    if (of === 'silent' || of === 'raw') bad.push(`${i}, ${name}: ${of} ${why.slice(0, 300)}`)
    else if (isSetAside(home)) {
      back++
      bad.push(...(await broughtBack(home, sound)).map((fault) => `${i}, ${name}: ${fault}`))
    }
  }
  const { harmless, older, found } = counts
  const besides = `harmless ${harmless}, found ${found}, older ${older}, salvaged ${back}`
  tell('R19', began, { count: wanted, lost: bad.length - counts.raw, differ: counts.raw, seed, besides })
  expect(bad).toEqual([])
  expect(found).toBeGreaterThan(wanted / 10)
  expect(back).toBeGreaterThan(wanted / 10)
})

const isSetAside = (home: string): boolean => readdirSync(home).some((name) => /^history-damaged.*sqlite$/.test(name))

/** What is wrong with what comes back: all of the backup does, and nothing otherwise than it was. */
async function broughtBack(home: string, { runs }: Sound): Promise<string[]> {
  const kept = new Map(asides(home).map((name) => [name, readFileSync(join(home, name))]))
  const history = await openHistory(home, { now: () => now })
  try {
    await salvage(history, now)
    const found = history.db.prepare('SELECT run FROM runs').pluck().all() as number[]
    const faults = found
      .filter((run) => JSON.stringify(runDetail(history, runId(run))) !== runs.get(run))
      .map((run) => `run ${run} came back otherwise: ${differing(runDetail(history, runId(run)), runs.get(run))}`)
    for (const run of [1, 2, 3]) if (!found.includes(run)) faults.push(`run ${run} of the backup is not back`)
    for (const [name, bytes] of kept)
      if (!existsSync(join(home, name)) || !readFileSync(join(home, name)).equals(bytes))
        faults.push(`${name} is not there as it was`)
    return faults
  } finally {
    history.close()
  }
}

/** The fields of a run that are not those it had. */
const differing = (found: object, had = '{}'): string => {
  const before = new Map(
    Object.entries(JSON.parse(had) as object).map(([name, value]) => [name, JSON.stringify(value)]),
  )
  return Object.entries(found)
    .flatMap(([name, value]) => (JSON.stringify(value) === before.get(name) ? [] : name))
    .join()
}

const asides = (home: string): string[] => readdirSync(home).filter((name) => /damaged.*sqlite(-wal)?$/.test(name))

test('with a log, as after a crash, a cut page is found unless the log has it', async () => {
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
  const counts = { harmless: 0, older: 0, found: 0, silent: 0, raw: 0 }
  for (let page = 0; page < 12; page++)
    for (const cut of [page * 4096 + 1, page * 4096 + 4095])
      counts[(await verdict(crashed, bytes.subarray(0, bytes.length - cut), sound, log)).verdict]++
  console.log(
    `cuts=24 with a log: harmless=${counts.harmless} found=${counts.found} silent=${counts.silent} raw=${counts.raw}`,
  )
  expect([counts.silent, counts.raw]).toEqual([0, 0])
  expect(counts.found).toBeGreaterThan(0)
})

test('a history cut by less than a page is found', async () => {
  const { bytes, sound } = await whole()
  const home = join(folder(), 'home')
  const chance = seeded(seed)
  const cuts = [1, 2, 512, 4095, ...Array.from({ length: 8 }, () => 1 + Math.floor(chance() * 4095))]
  const counts = { harmless: 0, older: 0, found: 0, silent: 0, raw: 0 }
  for (const cut of cuts) counts[(await verdict(home, bytes.subarray(0, bytes.length - cut), sound)).verdict]++
  console.log(
    `cuts=${cuts.length} harmless=${counts.harmless} found=${counts.found} silent=${counts.silent} raw=${counts.raw} seed=${seed}`,
  )
  expect(counts).toEqual({ harmless: 0, older: 0, found: cuts.length, silent: 0, raw: 0 })
})
