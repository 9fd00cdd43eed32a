// What is read of a task's logs while it works: every line once, in whatever pieces, and a result only behind all of
// them.
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import type { TaskLine } from '../../src-main/contract/clusters/task.ts'
import { exactJson, fromExactJson } from '../../src-main/contract/wire/exact-json.ts'
import { eventOf, lineOf } from '../../src-main/files/task-lines.ts'
import { gather } from '../../src-main/remote/gather.ts'
import { filesOfLogs, linesFrom } from '../../src-main/remote/logs.ts'
import { newsOf } from '../../src-main/remote/news.ts'
import { temporaryFolder } from '../workbench/toy.ts'

const opening = (i: number): TaskLine => ({ type: 'opening', task: `task ${i}`, images: 'x'.repeat(i % 7) })

test('numbers keep their bits through a line', () => {
  const odd = [0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324, 0.1, -1 / 3, 2 ** 53 + 2]
  const back = fromExactJson(exactJson({ odd, text: '-0', number: 'a', nested: { number: '1' } })) as { odd: number[] }
  expect(back.odd.map((n, i) => Object.is(n, odd[i]))).toEqual(odd.map(() => true))
  expect(back).toMatchObject({ text: '-0', number: 'a', nested: { number: '1' } })
  const line = lineOf(opening(3))
  expect(eventOf(line)).toEqual(opening(3))
  for (let at = 0; at < line.length; at++) {
    const changed = `${line.slice(0, at)}${line[at] === '1' ? '2' : '1'}${line.slice(at + 1)}`
    expect(eventOf(changed) === null || at < 8, `character ${at}`).toBe(true)
    expect(eventOf(line.slice(0, at))).toBeNull()
  }
})

test('lines come in pieces of about a size, whole, and each once', () => {
  const lines = Array.from({ length: 50 }, (_, i) => lineOf(opening(i)))
  const bytes = Buffer.from(`${lines.join('\n')}\nhalf of a li`)
  for (const about of [1, 60, 100, 777, 1e6]) {
    const found: string[] = []
    for (let from = 0; ; ) {
      const some = linesFrom(bytes, from, about)
      if (some.length === 0) break
      found.push(...some)
      from += Buffer.byteLength(some.join('\n')) + 1
    }
    expect(found).toEqual(lines)
  }
})

test('a result is told with the last of its lines, and not while there is more', async () => {
  const folder = join(temporaryFolder(), '0000')
  mkdirSync(folder)
  const lines = Array.from({ length: 20 }, (_, i) => lineOf(opening(i)))
  writeFileSync(join(folder, 'events-0000.jsonl'), `${lines.slice(0, 12).join('\n')}\nhalf`)
  writeFileSync(join(folder, 'events-0001.jsonl'), `${lines.slice(12).join('\n')}\n`)
  const host = { host: 'a', job: null, gpus: null }
  const end = { basil: 'result', version: 1, index: 0, state: 'done', error: null, ended: '', seconds: 1, ...host }
  writeFileSync(join(folder, 'result.json'), JSON.stringify({ ...end, files: await filesOfLogs(folder) }))
  const found: string[] = []
  let known: Parameters<typeof newsOf>[1] = { index: 0, file: null, bytes: 0 }
  for (let looks = 0; looks < 100; looks++) {
    const news = await newsOf(folder, known, 150)
    for (const { file, from, lines } of news?.pieces ?? []) {
      expect(from).toBe(file === known.file ? known.bytes : 0)
      found.push(...lines)
      known = { index: 0, file, bytes: from + Buffer.byteLength(lines.join('\n')) + 1 }
    }
    if (!news?.result) continue
    expect(found).toEqual(lines)
    appendFileSync(join(folder, 'events-0001.jsonl'), 'x')
    expect(await newsOf(folder, known, 150)).toMatchObject({
      result: null,
      fault: { code: 'file-damaged' },
    })
    return
  }
  expect.unreachable()
})

test('the table of results has a line for every task, also for one that ended without a result or with a damaged one', async () => {
  const study = temporaryFolder()
  const folder = (index: number): string => join(study, 'tasks', `000${index}`)
  for (const index of [0, 1, 2]) mkdirSync(folder(index), { recursive: true })
  writeFileSync(join(folder(1), 'events-0000.jsonl'), `${lineOf(opening(1))}\n`)
  writeFileSync(join(folder(2), 'events-0000.jsonl'), `${lineOf(opening(2))}\n`)
  const ended = { ended: 'then', host: 'node, 2', job: '1_2', gpus: null, seconds: 1.5 }
  const files = await filesOfLogs(folder(2))
  const result = { basil: 'result', version: 1, index: 2, state: 'failed', error: null, files, ...ended }
  writeFileSync(join(folder(2), 'result.json'), JSON.stringify(result))
  expect(await gather(study)).toBe('2 unfinished, 1 failed')
  const lines = readFileSync(join(study, 'results.csv'), 'utf8').split('\r\n')
  expect(lines.slice(1)).toEqual([
    '0,,,unfinished,,,,,,,',
    '1,,,unfinished,,,,,,,',
    '2,,,failed,"node, 2",1_2,,then,1.5,,',
    '',
  ])
  appendFileSync(join(folder(2), 'events-0000.jsonl'), 'more')
  expect(await gather(study)).toBe('2 unfinished, 1 damaged')
})
