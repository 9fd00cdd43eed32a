// Merges that a terminal worked on, as the history takes them: each once, whoever was killed when.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { jobsOf } from '../../../src-main/history/jobs.ts'
import { entriesOf } from '../../../src-main/history/library/entries.ts'
import { shelving } from '../../../src-main/workbench/library/adding.ts'
import { adoptTyped, beginTyped } from '../../../src-main/workbench/merges/typed.ts'
import { folder, opened } from '../../history/rows.ts'
import { checkpoint } from '../library/setting.ts'
import { toyWorkbench } from '../toy.ts'
import { request } from './request.ts'

const now = () => new Date('2026-01-02T03:04:05Z')
const gone = 2 ** 22 + 5 // no process has this number

/** A home with its history open, and what lies there to be taken. */
async function setting() {
  const home = folder()
  const history = await opened(home)
  const out = join(home, 'sum.safetensors')
  const typed = join(home, 'typed')
  const left = (): string[] => readdirSync(typed)
  const change = (of: object): void => {
    const [path = ''] = left().map((name) => join(typed, name))
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...of }))
  }
  return {
    home,
    history,
    out,
    left,
    change,
    adopt: () => adoptTyped({ history, home, shelve: shelving(history), now }),
  }
}

test('a merge that is at work is left alone; its end is a job with its recipe and times, and a row of the library', async () => {
  const { home, history, out, left, adopt } = await setting()
  const merge = await beginTyped(home, request(out), now)
  expect([await adopt(), left().length, jobsOf(history)]).toEqual([0, 1, []])
  writeFileSync(out, checkpoint(1))
  await merge.ended({ state: 'done', error: null, file: out })
  expect([await adopt(), left()]).toEqual([1, []])
  const at = now().toISOString()
  expect(jobsOf(history)).toMatchObject([
    { kind: 'merge', state: 'done', title: 'sum.safetensors: 1.2 TIES of 1', file: out, started: at, ended: at },
  ])
  expect(jobsOf(history)[0]?.request).toMatchObject({
    recipe: { steps: [{ method: 'ties', parameters: { density: 0.3 } }], start: [[1.2]] },
  })
  expect(entriesOf(history).map(({ path }) => path)).toEqual([out])
})

test('one that failed says why, one that was cancelled is that', async () => {
  const { home, history, out, adopt } = await setting()
  const error = { code: 'file-missing', what: 'A file is missing', where: '/m', why: 'gone', next: 'look' } as const
  await (await beginTyped(home, request(out), now)).ended({ state: 'failed', error, file: null })
  await (await beginTyped(home, request(out), now)).ended({ state: 'cancelled', error: null, file: null })
  expect(await adopt()).toBe(2)
  expect(jobsOf(history).map((job) => [job.state, job.error])).toEqual(
    expect.arrayContaining([
      ['failed', error],
      ['cancelled', null],
    ]),
  )
  expect(entriesOf(history)).toEqual([])
})

test('who takes it may be killed between the row and the file, and takes it no second time', async () => {
  const { home, history, out, left, adopt } = await setting()
  writeFileSync(out, checkpoint(1))
  const merge = await beginTyped(home, request(out), now)
  await merge.ended({ state: 'done', error: null, file: out })
  const [name = ''] = left()
  const text = readFileSync(join(home, 'typed', name))
  expect(await adopt()).toBe(1)
  writeFileSync(join(home, 'typed', name), text) // as if it had not come so far
  expect([await adopt(), left()]).toEqual([0, []])
  expect([jobsOf(history).length, entriesOf(history).length]).toEqual([1, 1])
})

test.each([
  ['with its model in place is done', true, 'done'],
  ['before is interrupted', false, 'interrupted'],
])('a terminal that was killed %s', async (_, isWritten, state) => {
  const { home, history, out, left, change, adopt } = await setting()
  await beginTyped(home, request(out), now)
  change({ pid: gone })
  if (isWritten) writeFileSync(out, checkpoint(1))
  expect([await adopt(), left()]).toEqual([1, []])
  expect(jobsOf(history)).toMatchObject([{ state, file: out }])
  expect(entriesOf(history)).toHaveLength(isWritten ? 1 : 0)
})

test('of a folder of shards the index is the row', async () => {
  const { home, history, out, change, adopt } = await setting()
  const asked = request(join(home, 'sum'))
  await beginTyped(home, { ...asked, form: { ...asked.form, shardBytes: 100 } }, now)
  change({ pid: gone })
  mkdirSync(join(home, 'sum'))
  const index = join(home, 'sum', 'model.safetensors.index.json')
  writeFileSync(index, JSON.stringify({ weight_map: {} }))
  await adopt()
  expect([jobsOf(history)[0]?.file, existsSync(out)]).toEqual([index, false])
})

test('what this version cannot read stays, and the others are taken', async () => {
  const { home, history, out, left, adopt } = await setting()
  await (await beginTyped(home, request(out), now)).ended({ state: 'cancelled', error: null, file: null })
  writeFileSync(join(home, 'typed', 'a.json'), '{"record": "of another time"}')
  expect([await adopt(), left(), jobsOf(history).length]).toEqual([1, ['a.json'], 1])
})

test('a workbench takes what lies there when it opens, and what comes while it is open', async () => {
  const home = folder()
  const at = (name: string): string => join(home, name)
  const leave = async (name: string): Promise<void> => {
    const merge = await beginTyped(home, request(at(name)), now)
    writeFileSync(at(name), checkpoint(1))
    await merge.ended({ state: 'done', error: null, file: at(name) })
  }
  await leave('before.safetensors')
  const { jobs, library } = await toyWorkbench(home)
  const files = () => jobs.list().map(({ file }) => file)
  await expect.poll(files).toEqual([at('before.safetensors')])
  await leave('while.safetensors')
  await expect.poll(files).toHaveLength(2)
  const rows = async () => (await library.list()).entries.map(({ path }) => path)
  await expect.poll(rows).toEqual([at('before.safetensors'), at('while.safetensors')])
  expect(jobs.request(1)).toMatchObject({ recipe: { name: '1.2 TIES of 1' } })
  const again = jobs.retry(1) // the same once more: refused, as its file is there
  for await (const _ of jobs.follow(again));
  expect(jobs.show(again)).toMatchObject({ state: 'failed', error: { code: 'target-exists' } })
})
