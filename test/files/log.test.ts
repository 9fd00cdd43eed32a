// The log of a process: whole lines at once, bounded, one file a process, the oldest taken away, and of a person
// nothing but paths.
import fs, { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'

import { expect, onTestFinished, test, vi } from 'vitest'

import { BasilError } from '../../src-main/contract/errors.ts'
import { openLog } from '../../src-main/files/log.ts'
import { cleaned, lastWords } from '../../src-main/files/log-lines.ts'
import { temporaryFolder } from '../workbench/toy.ts'

const gone = 4_194_305 // above the largest process number of Linux
const at = (second: number) => () => new Date(Date.UTC(2026, 0, 1, 0, 0, second))
const logIn = (folder: string, options: Partial<Parameters<typeof openLog>[0]> = {}) =>
  openLog({ folder: () => folder, kind: 'terminal', now: at(0), pid: gone, ...options })
const linesOf = (file: string | null) =>
  readFileSync(file ?? '', 'utf8')
    .trimEnd()
    .split('\n')

test('makes its file with the first line, which says whose it is; a line is there as soon as it is said', () => {
  const folder = join(temporaryFolder(), 'logs')
  const log = logIn(folder)
  expect([log.file, readdirSync(join(folder, '..'))]).toEqual([null, []])
  for (let n = 0; n < 20; n++) {
    log.say(`line ${n}`)
    expect(linesOf(log.file).at(-1)).toBe(`2026-01-01T00:00:00.000Z line ${n}`)
  }
  expect(log.file).toBe(join(folder, `terminal-20260101T000000-${gone}.log`))
  expect(linesOf(log.file)[0]).toMatch(/ began: terminal, process \d+, Basil [\d.]+, Node [\d.]+, /)
  expect(statSync(log.file ?? '').mode & 0o077).toBe(0)
})

test('is bounded: of many lines the newest are kept, whole, in two files', () => {
  const folder = temporaryFolder()
  const log = logIn(folder, { most: 4000 })
  for (let n = 0; n < 1000; n++) log.say(`line ${n}`)
  const names = readdirSync(folder).sort()
  expect(names).toEqual([`terminal-20260101T000000-${gone}-before.log`, `terminal-20260101T000000-${gone}.log`])
  expect(names.filter((name) => statSync(join(folder, name)).size > 4000)).toEqual([])
  const said = names
    .flatMap((name) => linesOf(join(folder, name)))
    .flatMap((line) => /line (\d+)$/.exec(line)?.[1] ?? [])
  expect(said.map(Number)).toEqual(said.map((_, i) => 1000 - said.length + i))
  expect(said.length).toBeGreaterThan(50)
})

test('processes at the same time have files of their own; of ended ones the oldest go, of living ones none', () => {
  const folder = temporaryFolder()
  const living = logIn(folder, { pid: process.pid, now: at(1) })
  living.say('alive')
  const other = logIn(folder, { kind: 'engine', now: at(2) })
  other.say('of another kind')
  const ended = Array.from({ length: 30 }, (_, n) => logIn(folder, { now: at(10 + n) }))
  for (const [n, log] of ended.entries()) log.say(`from ${n}`)
  expect(ended.slice(-10).flatMap(({ file }) => linesOf(file).slice(1))).toEqual(
    Array.from({ length: 10 }, (_, n) => `${at(30 + n)().toISOString()} from ${20 + n}`),
  )
  expect(readdirSync(folder)).toHaveLength(12)
  living.say('still')
  expect(linesOf(living.file).length).toBe(3)
})

test('nothing is held up by a disk that takes nothing, and files of others stay', () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'file'), '')
  for (const place of [() => join(folder, 'file'), () => null]) {
    const log = openLog({ folder: place, kind: 'server' })
    log.say('a')
    log.fault('b', new Error('c'))
    expect(log.file === null || !readdirSync(folder).includes('server')).toBe(true)
  }
  mkdirSync(join(folder, 'logs'))
  writeFileSync(join(folder, 'logs', 'run-1.jsonl'), 'of a run')
  for (let n = 0; n < 15; n++) logIn(join(folder, 'logs'), { now: at(n) }).say('x')
  expect(readdirSync(join(folder, 'logs'))).toContain('run-1.jsonl')
})

test('the same again and again is told at every tenfold', () => {
  const log = logIn(temporaryFolder())
  for (let n = 0; n < 1000; n++) log.fault('runs.show', new BasilError({ ...record, code: 'run-missing' }))
  log.say('other')
  expect(
    linesOf(log.file)
      .slice(1)
      .map((line) => line.slice(25, 60).replace(/ \|.*/, '')),
  ).toEqual([
    'refused runs.show: run-missing',
    'the same, 10 times by now',
    'the same, 100 times by now',
    'the same, 1000 times by now',
    'other',
  ])
})

test('refusals wait for no disk, and faults for one sync a second, however many a page asks for', () => {
  const appended = vi.spyOn(fs, 'appendFileSync')
  syncBuiltinESMExports()
  vi.useFakeTimers({ toFake: ['performance'] })
  onTestFinished(() => {
    vi.useRealTimers()
    appended.mockRestore()
    syncBuiltinESMExports()
  })
  const log = logIn(temporaryFolder())
  const synced = (): number => appended.mock.calls.filter(([, , how]) => Object(how).flush === true).length
  for (let n = 0; n < 50; n++) log.fault(`runs.show ${n}`, new BasilError({ ...record, code: 'run-missing' }))
  expect([appended.mock.calls.length, synced()]).toEqual([50, 0])
  for (let n = 0; n < 50; n++) log.fault(`runs.show ${n}`, new Error('x'))
  expect([appended.mock.calls.length, synced()]).toEqual([100, 1])
  vi.advanceTimersByTime(1000)
  log.fault('runs.show', new Error('x'))
  expect(synced()).toBe(2)
})

const record = { what: 'Class Secretcat', where: 'Secretcat', why: 'a prompt of Secretcat', next: 'Secretcat' }

test('of what is wrong with files of a person it holds the code and the place in the program, and no word', () => {
  const log = logIn(temporaryFolder())
  for (const code of ['label-range', 'config-invalid', 'data-invalid', 'file-damaged', 'score-failed'] as const)
    log.fault('runs.start', new BasilError({ ...record, code }, { cause: new Error('Secretcat\n    at Secretcat') }))
  const text = readFileSync(log.file ?? '', 'utf8')
  expect(text).not.toContain('Secretcat')
  expect(text).toMatch(/refused runs\.start: label-range \| at .*log\.test\.ts:\d+:\d+/)
})

test('of a fault of the machine or of Basil it holds the sentence and the stack, and of what is quoted only paths', () => {
  const log = logIn(temporaryFolder())
  log.fault(
    'settings.show',
    caught(() => JSON.parse('Secretcat: "a", \'b\'')),
  )
  log.fault('runs.start', Object.assign(new Error("ENOSPC: no space left on device, write '/data/a b.sqlite'")))
  log.fault('x', new BasilError({ code: 'disk-full', what: 'The disk is full', where: '/data', why: 'so', next: '' }))
  const text = readFileSync(log.file ?? '', 'utf8')
  expect(text).not.toContain('Secretcat')
  expect(text).toMatch(
    /FAULT settings\.show: internal: Something in Basil went wrong: Unexpected token .*\| at JSON\.parse/,
  )
  expect(text).toContain("no space left on device, write '/data/a b.sqlite'")
  expect(text).toContain('FAULT x: disk-full: The disk is full (/data): so')
})

test.each([
  ['"Secretcat" is', '"…" is'],
  ['of "Secret"cat" it', 'of "…" it'],
  ['of "Secretcat and no end', 'of "…"'],
  ["a 'Secret' and 'cat'", "a '…'"],
  ["it doesn't hurt", "it doesn't hurt"],
  ["rename '/a b' -> '/c'", "rename '/a b' -> '/c'"],
  ["open '/a/b', 'Secretcat'", "open '…'"],
  ["an '/it's Secretcat'", "an '…'"],
  ['two\nlines\u0007', 'two | lines '],
])('%j is said as %j', (text, expected) => {
  expect(cleaned(text)).toBe(expected)
})

test('of what a dead engine printed only lines are kept that tell of the end', () => {
  const printed =
    'Secretcat: 3\n  [a] b: "Secretcat"\nFATAL ERROR: heap out of memory\nF0101 gpu.cc:12] lost\n    at f (a.ts:1:2)\n'
  expect(lastWords(printed)).toBe('FATAL ERROR: heap out of memory | F0101 gpu.cc:12] lost | at f (a.ts:1:2)')
})

function caught(work: () => unknown): unknown {
  try {
    return work()
  } catch (error) {
    return error
  }
}
