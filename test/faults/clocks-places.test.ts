// Clocks that go backwards, change their hour or are at the end of their numbers; languages that write numbers
// otherwise; paths of every script and length; a folder that is read-only, and two who want to write. Runs keep their
// order, numbers in files have points, and there is one writer.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

import { bytes } from '../../src-main/contract/branded.ts'
import { hashFile } from '../../src-main/files/hash.ts'
import { writeModel } from '../../src-main/files/written-model.ts'
import { isBackupDue, listBackups, makeBackup } from '../../src-main/history/backups.ts'
import { runDetail } from '../../src-main/history/detail.ts'
import { addEntries, entriesOf } from '../../src-main/history/library/entries.ts'
import { groupsOf, listRuns } from '../../src-main/history/listing/list.ts'
import { openHistory } from '../../src-main/history/open.ts'
import { createRun } from '../../src-main/history/runs.ts'
import { salvage } from '../../src-main/history/salvage.ts'
import { started } from '../bundles.ts'
import { folder, now, opened, toyConfig } from '../history/rows.ts'
import { putRun } from '../history/whole.ts'
import { follow, toyWorkbench } from '../workbench/toy.ts'
import { modelOf } from './power/scenes.ts'
import { countOf, tell } from './promises.ts'

let began = 0
const done: string[] = [] // the heading of each
const wanted = countOf('R23')
beforeAll(() => {
  began = performance.now()
})
afterAll(() => {
  const besides = [...new Set(done)].map((kind) => `${kind} ${done.filter((one) => one === kind).length}`).join(', ')
  tell('R23', began, { count: done.length, lost: wanted - done.length, differ: 0, besides })
})

/** One of the thirty. */
function odd(name: string, act: () => Promise<void>): void {
  test(name, async ({ task }) => {
    await act()
    done.push(task.suite?.name ?? '')
  })
}

async function inZone(zone: string, act: () => Promise<void>): Promise<void> {
  const before = process.env.TZ
  process.env.TZ = zone
  try {
    await act()
  } finally {
    if (before === undefined) delete process.env.TZ
    else process.env.TZ = before
  }
}

/** Runs begun at these instants, in this order. */
async function begunAt(instants: string[], days: number, query: string, found: number): Promise<void> {
  const history = await opened(folder())
  for (const [i, at] of instants.entries()) createRun(history, toyConfig({ name: `run ${i + 1}` }), new Date(at))
  const { rows } = listRuns(history, { limit: 100 })
  expect(rows.map(({ run }) => run)).toEqual(instants.map((_, i) => instants.length - i)) // last begun first
  expect(rows.map(({ created }) => created).reverse()).toEqual(instants.map((at) => new Date(at).toISOString()))
  const byTime = listRuns(history, { limit: 100, sort: { by: 'created', down: false } }).rows.map(
    ({ created }) => created,
  )
  expect(byTime).toEqual([...byTime].sort((a, b) => new Date(a).getTime() - new Date(b).getTime()))
  expect(groupsOf(history, { group: 'day' })).toHaveLength(days)
  expect(listRuns(history, { limit: 100, query }).total).toBe(found)
}

describe('clocks', () => {
  odd('set back an hour between epochs: a run ends, its epochs in their order and no time below nothing', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-11-22T08:00:00Z') })
    try {
      const workbench = await toyWorkbench(folder())
      const run = await workbench.runs.start(toyConfig())
      const events = await follow(workbench, run, (event) => {
        if (event.type === 'epoch') vi.setSystemTime(Date.now() - 3_600_000)
      })
      const next = await workbench.runs.start(toyConfig({ name: 'later, by a clock that says sooner' }))
      await follow(workbench, next)
      const told = events.flatMap((event) => (event.type === 'epoch' ? [[event.stage, event.epoch]] : []))
      expect(told).toEqual([...told].sort(([a = 0, b = 0], [c = 0, d = 0]) => a - c || b - d))
      const detail = workbench.runs.show(run)
      expect(detail.state).toBe('done')
      expect(detail.seconds).toBeGreaterThanOrEqual(0)
      for (const event of events)
        if (event.type === 'epoch') expect([event.seconds, event.remainingSeconds ?? 0].every((s) => s >= 0)).toBe(true)
      expect(workbench.runs.list({ offset: 0, limit: 10 }).rows.map((one) => one.run)).toEqual([next, run])
      const config = JSON.stringify(detail.config.tasks)
      expect(JSON.stringify(workbench.runs.show(next).config.tasks)).toBe(config)
    } finally {
      vi.useRealTimers()
    }
  })
  odd('set back a day between runs', () =>
    begunAt(['2026-11-22T08:00:00Z', '2026-11-21T08:00:00Z', '2026-11-21T07:00:00Z'], 2, 'date:2026-11-21', 2),
  )
  odd('the night that has its hour twice', () =>
    inZone('Europe/Berlin', () =>
      begunAt(
        ['2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z', '2026-10-25T22:30:00Z', '2026-10-25T23:30:00Z'],
        2,
        'date:2026-10-25',
        3,
      ),
    ),
  )
  odd('the night that lacks an hour', () =>
    inZone('Europe/Berlin', () =>
      begunAt(
        [
          '2026-03-28T22:59:59Z',
          '2026-03-29T00:59:59Z',
          '2026-03-29T01:00:00Z',
          '2026-03-29T21:59:59Z',
          '2026-03-29T22:00:00Z',
        ],
        3,
        'date:2026-03-29',
        3,
      ),
    ),
  )
  odd('past 2038', () =>
    begunAt(['2038-01-19T03:14:07Z', '2038-01-19T03:14:08Z', '2040-02-29T12:00:00Z'], 2, 'date>2038-01-19', 1),
  )
  odd('past 2106', () =>
    begunAt(['2106-02-07T06:28:15Z', '2106-02-07T06:28:16Z', '2200-01-01T00:00:00Z'], 2, 'date:2106', 2),
  )
  odd('with a dead battery', () =>
    begunAt(['2026-11-22T08:00:00Z', '1970-01-01T00:00:00Z', '1970-01-01T00:00:01Z'], 2, 'date<2000-01-01', 2),
  )
  odd('set back between backups: each has its name, and none pushes out another', async () => {
    const home = folder()
    const history = await opened(home)
    putRun(history, 'a run')
    const days = ['2026-11-22T08:00:00Z', '2026-11-20T08:00:00Z', '2038-01-20T00:00:00Z', '2026-11-21T08:00:00Z'].map(
      (at) => new Date(at),
    )
    for (const at of days) {
      expect(isBackupDue(history, at)).toBe(true)
      await makeBackup(history, at, () => true)
    }
    const made = listBackups(home).map((backup) => backup.made)
    expect(made).toEqual(
      days
        .map((at) => at.toISOString())
        .sort()
        .reverse(),
    )
  })
})

async function inLanguage(
  lang: string,
  home: string,
  how = 'write',
  as?: number,
): Promise<{ value?: Record<string, unknown>; error?: { code: string; why: string } }> {
  const child = spawn(process.execPath, [started('test/faults/odd-main.ts'), home, how], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, LANG: lang, LC_ALL: lang, TZ: 'Europe/Berlin' },
    ...(as !== undefined && { uid: as, gid: as }),
  })
  let out = ''
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  await once(child, 'close')
  return JSON.parse(out)
}

describe('languages', () => {
  const comma = new Set(['de_DE.UTF-8', 'fr_FR.UTF-8', 'pt_BR.UTF-8', 'ru_RU.UTF-8', 'tr_TR.UTF-8'])
  for (const lang of [...comma, 'ar_EG.UTF-8', 'fa_IR.UTF-8', 'C'])
    odd(`${lang}: numbers in files have points, and are read so`, async () => {
      const { value } = await inLanguage(lang, folder())
      if (comma.has(lang)) expect(value?.['here']).toBe('0,5') // it is that language
      expect(value).toMatchObject({
        parsed: { learningRate: 0.5 },
        found: [1, 1, 1, 2, 2],
        row: { accuracy: 0.3125, seconds: 12.5, created: '2026-11-22T08:00:00.000Z' },
        day: '2026-10-25',
      })
      expect(value?.['csv']).toContain('m,cars,test,8,6,0.75,0.5,0.875,0.625,,1.125,1234.5,0.0625')
      expect(value?.['card']).toContain('0.1235')
      const recipe = String(value?.['recipe'])
      expect(recipe).toMatch(/-?\d+\.\d+/)
      expect(recipe).not.toMatch(/[٠-٩۰-۹]/)
    })
})

describe('paths', () => {
  const long = ['x'.repeat(150), 'y'.repeat(150), 'z'.repeat(20)].join('/') // SQLite takes paths of up to 512
  const names: Record<string, string> = {
    Chinese: '模型/合并',
    'Japanese, in parts': 'モテ\u3099ル',
    Hebrew: 'מודלים שלי',
    'Arabic with marks of direction': '\u202eنماذج\u202c',
    emoji: '🧪👩‍🔬 runs',
    'quotes and a percent sign': `it's "100%" #1?&*`,
    'a line’s end': 'one\ntwo',
    'a dash in front, a blank behind': '-rf ',
    'more than 300 characters': long,
    'é in one and in two parts': 'caf\u00e9/cafe\u0301',
  }
  for (const [what, name] of Object.entries(names))
    odd(`${what}: history, backup, export and library`, async () => {
      const home = join(realpathSync(folder()), name)
      mkdirSync(home, { recursive: true })
      const history = await openHistory(home, { now: () => now })
      const run = putRun(history, name.slice(0, 200))
      const out = join(home, 'model.safetensors')
      const exported = await writeModel(await modelOf(1), {
        out,
        overwrite: false,
        container: 'safetensors',
        metadata: { name },
      })
      expect(exported.file).toBe(out)
      expect((await hashFile(out)).sha256).toBe(exported.sha256)
      addEntries(
        history,
        [{ path: out, target: out, parts: [], bytes: bytes(exported.bytes), modified: 1, quick: null }],
        now,
      )
      const backup = await makeBackup(history, now, () => true)
      history.close()
      const again = await openHistory(home)
      expect(again.notices).toEqual([])
      expect(runDetail(again, run).name).toBe(name.slice(0, 200))
      expect(entriesOf(again).map(({ path }) => path)).toEqual([out])
      expect(listBackups(home).map(({ file }) => file)).toEqual([backup])
      expect((await salvage(again, now)).skipped).toEqual([])
      again.close()
      expect(readdirSync(home).filter((file) => file.startsWith('.basil') || file.startsWith('salvage'))).toEqual([])
    })
})

describe('who may write', () => {
  const nobody = process.getuid?.() === 0 ? 65_534 : undefined // root may write anywhere

  async function readOnly(): Promise<string> {
    const home = folder()
    const history = await openHistory(home)
    putRun(history, 'kept')
    history.close()
    chmodSync(home, 0o555)
    for (const name of readdirSync(home)) chmodSync(join(home, name), 0o444)
    return home
  }

  odd('a read-only folder is read', async () => {
    const home = await readOnly()
    expect(await inLanguage('C', home, 'read', nobody)).toEqual({ value: [[1, 'kept']] })
    chmodSync(home, 0o755)
  })
  odd('a read-only folder is not written to, which a sentence says', async () => {
    const home = await readOnly()
    const bytes = readFileSync(join(home, 'history.sqlite'))
    expect(await inLanguage('C', home, 'refused', nobody)).toMatchObject({ error: { code: 'target-unwritable' } })
    expect(readFileSync(join(home, 'history.sqlite')).equals(bytes)).toBe(true)
    chmodSync(home, 0o755)
  })
  odd('a second process that wants to write is told who does', async () => {
    const home = folder()
    putRun(await opened(home), 'kept')
    const { error } = await inLanguage('C', home, 'refused')
    expect(error).toMatchObject({ code: 'folder-busy', why: expect.stringContaining(`process ${process.pid}`) })
  })
  odd('a second process that only reads sees what is there', async () => {
    const home = folder()
    putRun(await opened(home), 'kept')
    expect(await inLanguage('C', home, 'read')).toEqual({ value: [[1, 'kept']] })
  })
})
