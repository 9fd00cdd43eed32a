// Kept histories of every version (test/databases) on their way to the newest, killed at each moment of it: the rows
// are those of the golden dump, the backup was made first, opens and has them too, and half a backup is never taken
// for one.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { listBackups } from '../../src-main/history/backups.ts'
import { migrations } from '../../src-main/history/migrate.ts'
import { openHistory } from '../../src-main/history/open.ts'
import { checkIntegrity } from '../../src-main/history/soundness.ts'
import { started } from '../bundles.ts'
import { golden, type Rows, rowsOf } from '../history/dump.ts'
import { folder } from '../history/rows.ts'
import { countOf, tell } from './promises.ts'

const databases = join(import.meta.dirname, '../databases')
const kept = JSON.parse(readFileSync(join(import.meta.dirname, '../history/kept.json'), 'utf8')) as Record<
  string,
  Record<string, [number, number]>
>
const newest = migrations().length
const versions = Array.from({ length: newest }, (_, i) => i + 1)
const fileOfVersion = (version: number): string => join(databases, `history-v${version}.sqlite`)

/** Gives the number of moments there are, where it lived to the end. */
async function migrated(home: string, moment: number): Promise<number | null> {
  const child = spawn(process.execPath, [started('test/faults/toy-migration.ts'), home, String(moment)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let out = ''
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  const [code, signal] = await once(child, 'close')
  if (signal === 'SIGKILL') return null
  expect(code).toBe(0)
  return Number(out)
}

function homeOf(place: string, version: number): string {
  rmSync(place, { recursive: true, force: true })
  mkdirSync(place)
  copyFileSync(fileOfVersion(version), join(place, 'history.sqlite'))
  return place
}

test('there is a kept history of every version, and its rows are those of the golden dump', () => {
  expect(readdirSync(databases).sort()).toEqual(versions.map((v) => `history-v${v}.sqlite`).sort())
  for (const version of versions) {
    const rows = rowsOf(fileOfVersion(version))
    expect(rows.version).toBe(version)
    expect(golden(rows), `version ${version}`).toEqual(kept[version])
  }
})

test('a migration killed at each of its moments: the same rows, and a whole backup made first', async () => {
  const began = performance.now()
  const rounds = countOf('R18')
  const apart = Math.max(1, Math.round(1 / rounds)) // moments
  const tried = { count: 0, lost: 0, differ: 0 }
  const told: string[] = []
  const places = folder()

  async function killedAt(version: number, moment: number, before: Rows, after: Rows): Promise<boolean> {
    const home = homeOf(join(places, `${version}-${moment}`), version)
    if ((await migrated(home, moment)) !== null) return false
    tried.count++
    const half = rowsOf(join(home, 'history.sqlite'))
    const isBegun = half.version > version
    const whole = listBackups(home).filter(({ file }) => isSame(rowsOf(file), before))
    if ((isBegun && whole.length === 0) || whole.length !== listBackups(home).length) fault('backup', version, moment)
    const history = await openHistory(home)
    checkIntegrity(history.db)
    const notices = [...history.notices]
    history.close()
    const found = rowsOf(join(home, 'history.sqlite'))
    if (notices.length > 0 || !isSame(rowsOf(join(home, 'history.sqlite'), before), before))
      fault('lost', version, moment)
    else if (!isSame(found, after)) fault('differ', version, moment)
    if (!listBackups(home).some(({ file }) => isSame(rowsOf(file), before))) fault('backup', version, moment)
    if (readdirSync(join(home, 'backups')).some((name) => name.endsWith('.tmp'))) fault('half', version, moment)
    rmSync(home, { recursive: true })
    return true
  }

  function fault(what: string, version: number, moment: number): void {
    tried[what === 'differ' ? 'differ' : 'lost']++
    told.push(`${what}: version ${version}, moment ${moment}`)
  }

  async function allOf(version: number): Promise<void> {
    const home = homeOf(join(places, `${version}`), version)
    const before = rowsOf(join(home, 'history.sqlite'))
    const moments = (await migrated(home, 0)) ?? 0
    expect(moments).toBe(2 + 3 * (newest - version))
    const after = rowsOf(join(home, 'history.sqlite'))
    expect(after.version).toBe(newest)
    for (let moment = 1; moment <= moments; moment++)
      if ((moment + version) % apart === 0) expect(await killedAt(version, moment, before, after)).toBe(true)
  }

  const due = Array.from({ length: Math.ceil(rounds) }, () => versions.slice(0, -1)).flat()
  const worker = async (): Promise<void> => {
    for (let next = due.shift(); next !== undefined; next = due.shift()) await allOf(next)
  }
  await Promise.all([worker(), worker()])
  tell('R18', began, { ...tried, besides: `${newest} versions` })
  expect(told).toEqual([])
})

const isSame = (a: Rows, b: Rows): boolean => JSON.stringify(a.tables) === JSON.stringify(b.tables)
