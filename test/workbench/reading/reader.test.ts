// The process that reads: what it does not survive is one file's fault, and costs that file alone.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { bytes, milliseconds } from '../../../src-main/contract/branded.ts'
import type { EngineProcess } from '../../../src-main/workbench/link/engine-process.ts'
import { ownTime } from '../../../src-main/workbench/reading/own-time.ts'
import { patience } from '../../patience.ts'
import { checkpoint, readerOf, setting, settled } from '../library/setting.ts'
import { bitsOf, follow, temporaryFolder, toyConfig, toyEngine, toyWorkbench } from '../toy.ts'

function files(...names: string[]): string[] {
  const folder = temporaryFolder()
  return names.map((name) => {
    const file = join(folder, `${name}.safetensors`)
    writeFileSync(file, checkpoint(1))
    return file
  })
}

test('a file that ends the process is one unreadable row with the reason, and the next ones are read', async () => {
  const { folder, workbench, library } = await setting({
    'a.safetensors': checkpoint(1),
    'b-crash.safetensors': checkpoint(2),
    'c.safetensors': checkpoint(3),
  })
  await library.add([folder])
  const [a, crash, c] = await settled(workbench)
  expect([a?.state, crash?.state, c?.state]).toEqual(['present', 'unreadable', 'present'])
  expect(crash?.error).toMatchObject({ code: 'file-unreadable', where: join(folder, 'b-crash.safetensors') })
  expect(crash?.error?.why).toContain('SIGABRT')
})

test('a file that holds the process up is given up after its time, and the next is read', async () => {
  const [hang = '', good = ''] = files('hang', 'good')
  const times = { look: milliseconds(patience), rest: milliseconds(patience) }
  const { reader, started } = readerOf({}, times)
  await reader.look(good) // the start is not counted
  times.look = milliseconds(500)
  await expect(reader.look(hang)).rejects.toMatchObject({
    record: { code: 'file-unreadable', why: expect.stringContaining('longer than') },
  })
  times.look = milliseconds(patience)
  expect(await reader.look(good)).toMatchObject({ format: 'safetensors' })
  expect(started).toHaveLength(2)
})

test('time that the process waits for a core is not counted against the file', async () => {
  const [hang = ''] = files('hang')
  const own = [0, 10, 20, 500] // milliseconds that it had for its work, as the clock is asked
  let asked = 0
  const { reader } = readerOf(
    {},
    { look: milliseconds(100), rest: milliseconds(patience) },
    () => () => milliseconds(own[Math.min(asked++, own.length - 1)] ?? 0),
  )
  await expect(reader.look(hang)).rejects.toMatchObject({ record: { code: 'file-unreadable' } })
  expect(asked).toBe(own.length)
})

test("a process' own time goes on with the clock, and without what it waited", async () => {
  const [ours, nobodys] = [ownTime(process.pid), ownTime(undefined)]
  while (nobodys() < 30 || ours() <= 0); // a busy machine may give it none at first
  const [own, whole] = [ours(), nobodys()]
  expect(own).toBeGreaterThan(0)
  expect(own).toBeLessThanOrEqual(whole + 1)
})

test('a process that cannot start says nothing about the files: rows wait unread', async () => {
  const { folder, workbench, library } = await setting({ 'a.safetensors': checkpoint(1) }, { start: 'exit' })
  await library.add([folder])
  expect(await settled(workbench)).toMatchObject([{ state: 'present', error: null, format: null }])
})

test('it is started when there is something to read, and ended after a rest', async () => {
  const [file = ''] = files('a')
  const { reader, started } = readerOf({}, { look: milliseconds(patience), rest: milliseconds(50) })
  expect(started).toHaveLength(0)
  await Promise.all([reader.look(file), reader.look(file), reader.hash(file, bytes(100))])
  expect(started).toHaveLength(1)
  expect(await started[0]?.exited).toMatchObject({ signal: 'SIGKILL' })
  await reader.look(file)
  expect(started).toHaveLength(2)
})

test('what the person asked for goes before what waits in the background, and is told as it comes', async () => {
  const [file = ''] = files('a')
  const { reader } = readerOf({})
  const order: string[] = []
  const background = [1, 2, 3].map((n) => reader.look(file).then(() => order.push(`look ${n}`)))
  for await (const event of reader.told(file, (client) => client.statistics({ file }))) order.push(event.type)
  await Promise.all(background)
  expect(order.indexOf('result')).toBeLessThan(order.indexOf('look 2'))
  expect(order).toContain('progress')
})

test('an end of the process while the person waits is an error with the file; closing the stream early frees the turn', async () => {
  const [crash = '', good = ''] = files('crash', 'good')
  const { reader } = readerOf({})
  const all = async () => {
    for await (const _ of reader.told(crash, (client) => client.statistics({ file: crash })));
  }
  await expect(all()).rejects.toMatchObject({ record: { code: 'file-unreadable', where: crash } })
  for await (const _ of reader.told(good, (client) => client.statistics({ file: good }))) break
  expect(await reader.look(good)).toMatchObject({ format: 'safetensors' })
})

test('closing refuses whoever waits', async () => {
  const [file = ''] = files('a')
  const { reader } = readerOf({})
  const waiting = Promise.allSettled([reader.look(file), reader.look(file)])
  await reader.close()
  expect((await waiting).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  await expect(reader.look(file)).rejects.toMatchObject({ record: { code: 'cancelled' } })
})

test('a run at work hears nothing of a scan beside it, nor of the end of the process that scans', async () => {
  const folder = temporaryFolder()
  for (let i = 0; i < 30; i++) writeFileSync(join(folder, `${i}.safetensors`), checkpoint(i))
  const started: EngineProcess[] = []
  const workbench = await toyWorkbench(temporaryFolder(), (environment) => {
    const child = toyEngine({ wait: 100 }, environment)
    started.push(child)
    return child
  })
  const run = await workbench.runs.start(toyConfig())
  const watched = follow(workbench, run)
  await workbench.library.add([folder])
  await expect
    .poll(async () => (await workbench.library.list()).entries.some(({ format }) => format !== null))
    .toBe(true)
  expect(started).toHaveLength(2)
  started[1]?.kill()
  const events = await watched
  expect(events.map(({ type }) => type)).not.toContain('engine-lost')
  expect(events.at(-1)).toMatchObject({ type: 'done' })
  const alone = await toyWorkbench(temporaryFolder())
  const same = await alone.runs.start(toyConfig())
  await follow(alone, same)
  expect(bitsOf(workbench, run)).toEqual(bitsOf(alone, same))
  await workbench.library.settled()
  expect(
    (await workbench.library.list()).entries.filter(({ state }) => state === 'present').length,
  ).toBeGreaterThanOrEqual(29)
})
