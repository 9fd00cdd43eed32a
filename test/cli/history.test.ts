// The history from a terminal: where its folder cannot be written, where the disk is full, and where it is damaged.
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import Database from 'better-sqlite3'
import { expect, test } from 'vitest'

import { openHistory } from '../../src-main/history/open.ts'
import { putAll, putRun } from '../history/whole.ts'
import { temporaryFolder, toyFile } from '../workbench/toy.ts'
import { basil as inTerminal, type Outcome, withToy } from './terminal.ts'

const databases = join(import.meta.dirname, '../databases')

/** before: shell commands that come first, in a mount namespace of their own. */
const basil = (home: string, args: string[], before = ''): Promise<Outcome> =>
  inTerminal(args, { home, env: withToy(), before })

const canMount = spawnSync('unshare', ['-m', 'sh', '-c', 'mount -t tmpfs none /mnt'], { stdio: 'ignore' }).status === 0
if (!canMount)
  console.error(
    '\n*** No mounts in a namespace of our own here: the tests on read-only and full file systems are SKIPPED. ***\n',
  )
const readOnly = (home: string): string => `mount --bind '${home}' '${home}' && mount -o remount,ro,bind '${home}'`

async function withHistory(): Promise<string> {
  const home = temporaryFolder()
  const history = await openHistory(home)
  putAll(history)
  history.close()
  return home
}

test.skipIf(!canMount)(
  'a data folder on a read-only file system is read, with and without a log and from an older version',
  async () => {
    const home = await withHistory()
    const shown = await basil(home, ['show', '2', '--json'])
    expect(shown.code).toBe(0)
    expect(await basil(home, ['show', '2', '--json'], readOnly(home))).toEqual(shown)
    const history = await openHistory(home)
    putRun(history, 'in the log')
    const logged = temporaryFolder()
    for (const suffix of ['', '-wal']) copyFileSync(history.file + suffix, join(logged, `history.sqlite${suffix}`))
    history.close()
    expect((await basil(logged, ['runs'], readOnly(logged))).out).toContain('in the log')
    expect(readdirSync(logged).sort()).toEqual(['history.sqlite', 'history.sqlite-wal'])
    const older = temporaryFolder()
    copyFileSync(join(databases, 'history-v7.sqlite'), join(older, 'history.sqlite'))
    const { code, out, err } = await basil(older, ['runs', '--json'], readOnly(older))
    expect({ code, err, runs: (JSON.parse(out) as unknown[]).length }).toEqual({ code: 0, err: '', runs: 2 })
    expect(await basil(home, ['run', join(home, 'absent.json')], readOnly(home))).toMatchObject({ code: 2 })
  },
)

test.skipIf(!canMount)('writing there says that the history cannot be written', async () => {
  const home = await withHistory()
  const config = join(home, 'run.json')
  writeFileSync(config, JSON.stringify(toyFile))
  const { code, err } = await basil(home, ['run', config], readOnly(home))
  expect(code).toBe(1)
  expect(err).toContain('The history cannot be written')
  expect(err).not.toContain('resume the run')
})

test.skipIf(!canMount).for([16, 32, 48])(
  'a disk of %i KB, full before the first row, is called full, and no run is spoken of',
  async (size) => {
    const home = temporaryFolder()
    const config = join(temporaryFolder(), 'run.json')
    writeFileSync(config, JSON.stringify(toyFile))
    const { code, err } = await basil(home, ['run', config], `mount -t tmpfs -o size=${size}k none '${home}'`)
    expect(code).toBe(1)
    expect(err).toContain('The disk is full')
    expect(err).not.toContain('resume the run')
  },
)

test('a damaged history: set aside with an offer, listed backups, salvage, and restore', async () => {
  const home = await withHistory()
  const file = join(home, 'history.sqlite')
  expect((await basil(home, ['run', writtenConfig(home)])).code).toBe(0)
  const backups = JSON.parse((await basil(home, ['history', 'backups', '--json'])).out) as {
    file: string
    kind: string
  }[]
  expect(backups).toMatchObject([{ kind: 'daily' }]) // made after the run
  truncateSync(file, readFileSync(file).length - 100)
  const read = await basil(home, ['runs'])
  expect([read.code, read.err]).toEqual([1, expect.stringContaining('The history is damaged')])
  expect(read.err).toContain('basil history salvage')
  const salvaged = await basil(home, ['history', 'salvage'])
  expect(salvaged.err).toContain('The history was damaged; a new one was begun')
  expect(salvaged.err).toContain('the one backup')
  for (const run of [1, 2, 3, 4]) expect(salvaged.out).toContain(`brought back     run ${run} `)
  expect((await basil(home, ['runs', '--json'])).out).toContain('"toy run"')
  const restored = await basil(home, ['history', 'restore', backups[0]?.file ?? ''])
  expect(restored).toMatchObject({ code: 0, out: expect.stringContaining('history-replaced-') })
  expect(existsSync(restored.out.trim().split(' ').at(-1) ?? '')).toBe(true)
  expect(readdirSync(home).filter((name) => /damaged.*sqlite$/.test(name))).toHaveLength(1)
})

test('a damaged row: its run is listed as damaged or shown without it, and neither exported nor resumed', async () => {
  const home = await withHistory()
  const db = new Database(join(home, 'history.sqlite'))
  db.exec(
    "UPDATE runs SET accuracy = 1 WHERE run = 1; UPDATE stages SET best = 2 WHERE run = 2 AND stage = 1; UPDATE runs SET state = 'failed' WHERE run = 3",
  )
  db.close()
  const listed = await basil(home, ['runs'])
  expect(listed.code).toBe(0)
  expect(listed.out).toMatch(/^ +1 {2}damaged: its checksum does not fit what is stored \(table runs, run 1\)$/m)
  expect(listed.out).toMatch(/^ +2 .* second {2}31\.3 % {2}pinned {2}#kept {2}#paper$/m)
  expect(listed.err).toContain('A row of the history is damaged')
  const shown = await basil(home, ['show', '2'])
  expect(shown.out).toContain('start: 3 epochs kept')
  expect(shown.out).toContain('DAMAGED and not shown: table stages, run 2, stage 1')
  const out = join(home, 'out.safetensors')
  for (const args of [
    ['show', '1'],
    ['export', '2', '--out', out],
    ['resume', '3'],
  ])
    expect(await basil(home, args)).toMatchObject({ code: 1, err: expect.stringContaining('basil history salvage') })
  expect(existsSync(out)).toBe(false)
})

test('a history without a byte is not begun anew in silence', async () => {
  const home = temporaryFolder()
  mkdirSync(home, { recursive: true })
  writeFileSync(join(home, 'history.sqlite'), '')
  expect((await basil(home, ['runs'])).err).toContain('The history is empty')
  const { code, err } = await basil(home, ['run', writtenConfig(home)])
  expect(code).toBe(0)
  expect(err).toContain('there is no backup')
})

function writtenConfig(home: string): string {
  const file = join(home, 'run.json')
  writeFileSync(file, JSON.stringify(toyFile))
  return file
}
