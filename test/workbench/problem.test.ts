// Reporting a problem from a window: shown first, then written as it was shown; without the home folder, the name of
// the account and what lets a page in.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { createRouterClient } from '@orpc/server'
import { unzipSync } from 'fflate'
import { expect, test } from 'vitest'

import { runId } from '../../src-main/contract/branded.ts'
import { basilErrorOf } from '../../src-main/contract/wire/errors-over-rpc.ts'
import { newestLogs } from '../../src-main/files/read-logs.ts'
import { gatherReport } from '../../src-main/workbench/problem/gather.ts'
import { packed } from '../../src-main/workbench/problem/pack.ts'
import { withoutPerson } from '../../src-main/workbench/problem/person.ts'
import { createRouter } from '../../src-main/workbench/router.ts'
import { follow, temporaryFolder, toyConfig, toyWorkbench } from './toy.ts'

const anna = { home: '/home/anna', user: 'anna' }
const token = 'A'.repeat(43)

test.each([
  ['/home/anna/models/a.pt and /home/anna', '~/models/a.pt and ~'],
  ['/home/anna2/x', '/home/anna2/x'],
  ['"/media/anna/disk", Anna\'s', '"/media/USER/disk", USER\'s'],
  ['savanna annan', 'savanna annan'],
  [`http://127.0.0.1:1/#token=${token}`, 'http://127.0.0.1:1/#token=…'],
  [`{"token":"${token}"} basil.${token}`, '{"token":"…"} basil.…'],
])('%s leaves the machine as %s', (text, expected) => {
  expect(withoutPerson(text, anna)).toBe(expected)
})

test('an account that many have, or that has no name, changes no text but that of its folder', () => {
  expect(withoutPerson('root of /root/a', { home: '/root', user: 'root' })).toBe('root of ~/a')
  expect(withoutPerson('/ a', { home: '/', user: '' })).toBe('/ a')
  expect(withoutPerson('a.b axb', { home: '/home/a.b', user: 'a.b' })).toBe('USER axb')
})

test('whatever stands in logs, paths or a run, home folder, account and token are in no text of a report', async () => {
  const home = join(temporaryFolder(), 'home', 'anna')
  mkdirSync(join(home, 'logs'), { recursive: true })
  const said = `anna opened ${home}/x with #token=${token} and file://${home}/a b\n`
  writeFileSync(join(home, 'logs', 'server-20260101T000000-1.log'), said)
  writeFileSync(join(home, 'logs', 'run-1.jsonl'), 'of a run')
  const engine = { describe: () => Promise.reject(new Error(`no engine in ${home}`)) }
  const read = () => {
    throw new Error(`anna has no run in ${home}`)
  }
  const entries = await gatherReport({
    ...{ dataFolder: home, resources: home, basil: '1', engine },
    run: { number: runId(3), read },
    person: { home, user: 'anna' },
  })
  expect(entries.map(({ name }) => name)).toEqual([
    ...['versions.json', 'doctor.json', 'logs/server-20260101T000000-1.log', 'run-3.json'],
  ])
  const all = entries.map(({ text }) => text).join()
  expect(all).toContain('USER opened ~/x with #token=… and file://~/a b')
  for (const word of [home, 'anna', token]) expect(all).not.toContain(word)
  expect(entries.every(({ bytes, text }) => bytes === Buffer.byteLength(text))).toBe(true)
})

test('of a long log its end is packed, by whole lines, and of many the newest', async () => {
  const folder = temporaryFolder()
  const line = (n: number) => `line ${n} ${'x'.repeat(90)}\n`
  const lines = Array.from({ length: 2000 }, (_, n) => line(n))
  writeFileSync(join(folder, 'engine-20260101T000000-1.log'), lines.join(''))
  const [log] = await newestLogs(folder)
  const [first = '', second = ''] = log?.text.split('\n') ?? []
  expect(first).toMatch(/^\(the first \d+ bytes are left out\)$/)
  expect(lines.map((one) => one.trimEnd())).toContain(second)
  expect(log?.text.endsWith(line(1999))).toBe(true)
  expect(log?.text.length).toBeLessThan(2 ** 16 + 100)
  for (let n = 0; n < 20; n++) writeFileSync(join(folder, `terminal-20260101T0000${10 + n}-1.log`), 'x\n')
  expect(await newestLogs(folder)).toHaveLength(12)
  expect(await newestLogs(join(folder, 'none'))).toEqual([])
})

test('a window is shown what will be written, and nothing else is; what nobody was shown is refused', async () => {
  const home = temporaryFolder()
  const workbench = await toyWorkbench(home)
  const run = await workbench.runs.start(toyConfig())
  await follow(workbench, run)
  const platform = {
    window: false,
    pickConfig: async () => null,
    pickCheckpoints: async () => null,
    pickTarget: async () => undefined,
    download: (file: string) => `/downloads/${file}`,
  }
  const { problem } = createRouterClient(createRouter(workbench, platform), { context: {} })
  const { report, entries } = await problem.prepare({ run })
  expect(JSON.parse(entries.find(({ name }) => name === `run-${run}.json`)?.text ?? '')).toMatchObject({
    ...{ run, state: 'done', seeds: [7], config: { method: 'dv-basi' } },
  })
  const saved = await problem.save({ report })
  const bytes = readFileSync(saved?.file ?? '')
  expect(bytes.equals(await packed(entries))).toBe(true)
  const unpacked = unzipSync(new Uint8Array(bytes))
  for (const { name, text } of entries)
    expect(Buffer.from(unpacked[`basil-report/${name}`] ?? []).toString()).toBe(text)
  expect(saved?.download).toBe(`/downloads/${saved?.file}`)
  const error = await problem.save({ report: 99 }).catch((thrown: unknown) => basilErrorOf(thrown))
  expect(error).toMatchObject({ record: { code: 'run-state' } })
})
