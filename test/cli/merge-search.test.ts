// basil merge --score in a terminal: a search that is killed in the middle ends with the bytes of the unbroken one and
// scores nothing twice; one that is ended leaves nothing half-written; the winner has recipe and card.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { alive } from '../alive.ts'
import { commandOf, writeToys } from '../workbench/scores/toys.ts'
import { temporaryFolder } from '../workbench/toy.ts'
import { basil } from './in-folder.ts'
import { oneThread, outcome, start } from './terminal.ts'

const record = (folder: string): string => join(folder, 'record')
const scored = (folder: string): number => readFileSync(record(folder), 'utf8').split('\n').length - 1
const asked = (folder: string, what: string, ...more: string[]): string[] => [
  ...['merge', '--method', 'task-arithmetic', '--pretrained', 'base.safetensors'],
  ...['--vectors', 'one.safetensors', 'two.safetensors', '--score', commandOf(what, record(folder)), ...more],
  ...['--out', 'best.safetensors'],
]
const evolution = ['--search', 'cma-es', '--evaluations', '12', '--seed', '5', '--json']

const begun = (folder: string, args: readonly string[]) => start(args, { home: folder, cwd: folder, env: oneThread })
const leftIn = (folder: string): string[] => readdirSync(folder).filter((name) => /candidates|\.tmp$/.test(name))

test('a search that is killed goes on where it was, to the same bytes', async () => {
  const [whole, broken] = [temporaryFolder(), temporaryFolder()]
  for (const folder of [whole, broken]) await writeToys(folder)
  const unbroken = await basil(whole, ...asked(whole, 'fit', ...evolution))
  expect(unbroken).toMatchObject({ code: 0, err: '' })
  const jobs = JSON.parse((await basil(whole, 'queue', 'list', '--json')).out)
  expect(jobs).toEqual([expect.objectContaining({ kind: 'merge', state: 'done' })]) // what was found, not each candidate

  const child = begun(broken, asked(broken, 'fit', ...evolution))
  let out = ''
  child.stdout.on('data', (text) => {
    out += text
    if (/"number":5,/.test(out)) child.kill('SIGKILL')
  })
  await outcome(child)
  expect(existsSync(join(broken, 'best.safetensors'))).toBe(false)
  expect(existsSync(join(broken, '.best.safetensors.candidates'))).toBe(true)

  const resumed = await basil(broken, ...asked(broken, 'fit', ...evolution))
  expect(resumed).toMatchObject({ code: 0, err: '' })
  const lines = (text: string): Record<string, unknown>[] =>
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  const plain = (text: string): unknown[] =>
    lines(text).map(({ known: _k, log: _l, file: _f, card: _c, ...rest }) => rest)
  expect(plain(resumed.out)).toEqual(plain(unbroken.out))
  expect(
    lines(resumed.out)
      .slice(0, 8)
      .map(({ known }) => known),
  ).toEqual(Array(8).fill(true))
  expect(scored(whole)).toBe(3 + 12)
  expect(scored(broken)).toBeLessThanOrEqual(scored(whole) + 1) // the one that was under way
  expect(readFileSync(join(broken, 'best.safetensors'))).toEqual(readFileSync(join(whole, 'best.safetensors')))
  expect(leftIn(broken)).toEqual([])
})

test('Ctrl+C ends the search and the program that scores, and leaves nothing half-written', async () => {
  const folder = temporaryFolder()
  await writeToys(folder)
  const child = begun(folder, asked(folder, 'hang', '--sweep', 'lambda=0.1:0.5:0.1'))
  const ended = outcome(child)
  const pid = (): number =>
    existsSync(record(folder)) ? Number(readFileSync(record(folder), 'utf8').split('\n')[1]) : 0
  await expect.poll(pid).toBeGreaterThan(0)
  const scorer = pid()
  child.kill('SIGINT')
  const { code, err } = await ended
  expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(/The search was ended: you ended it/) })
  await expect.poll(() => alive(scorer)).toBe(false)
  expect(leftIn(folder)).toEqual([])
  expect(existsSync(join(folder, 'best.safetensors'))).toBe(false)
  expect(readFileSync(join(folder, 'best.safetensors.scores.jsonl'), 'utf8').match(/"type":"score"/g)).toHaveLength(1)
})

test('the winner is written with recipe and card, and the table tells what came of it', async () => {
  const folder = temporaryFolder()
  await writeToys(folder)
  const words = ['--sweep', 'lambda=0:0.5:0.25', '--best', 'fit', '--bound', 'size<=2', '--lower', 'size']
  const { code, out, err } = await basil(folder, ...asked(folder, 'two', ...words))
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(/^pre-trained: fit -0\.625, size 0$/m)
  expect(out).toMatch(/^2\/3 {2}lambda 0\.25: fit -0\.625, size 1$/m)
  expect(out).toMatch(/^3\/3 {2}lambda 0\.5: fit -1\.125, size 2$/m)
  expect(out).toMatch(/^fit \* +-0\.625 +-0\.625 +-0\.625 +0 +0 %$/m)
  expect(out).toMatch(
    /^3 candidates; 3 within size<=2; \* decides\. Merged is better than pre-trained in 0 of 2 scores\.$/m,
  )
  const card = readFileSync(join(folder, 'best.md'), 'utf8')
  expect(card).toMatch(/\| fit \| higher \| -0\.625 \| -0\.625 \| -0\.625 \|/)
  expect(card).toMatch(
    /The highest fit of 3 candidates, by `node toy-scorer\.mjs two \{model\} record`\. 3 of them kept to size/,
  )
  expect(card).not.toContain(folder)
  const verified = await basil(folder, 'verify', 'best.safetensors', '--json')
  expect(verified.code).toBe(0)

  const unscored = await basil(
    folder,
    'merge',
    '--vectors',
    'one.safetensors',
    '--sweep',
    'lambda=0,1',
    '--out',
    'x.pt',
  )
  expect(unscored).toMatchObject({ code: 2, err: expect.stringMatching(/A search has no score \(--sweep\)/) })
  const taken = await basil(folder, ...asked(folder, 'two', ...words))
  expect(taken).toMatchObject({ code: 1, err: expect.stringMatching(/already there/) })
  writeFileSync(join(folder, 'notes.md'), 'my notes')
  const named = asked(folder, 'two', ...words).map((word) => word.replace('best.', 'notes.'))
  const before = scored(folder)
  expect(await basil(folder, ...named)).toMatchObject({ code: 1, err: expect.stringMatching(/notes\.md/) })
  expect(scored(folder)).toBe(before)
  const failing = await basil(
    folder,
    ...asked(folder, 'two', '--best', 'fit', '--bound', 'fit>=0', '--overwrite', '--json'),
  )
  expect(failing.code).toBe(1)
  expect(JSON.parse(failing.out.trim().split('\n').at(-1) ?? '')).toMatchObject({
    type: 'error',
    error: { code: 'score-failed', why: 'each of 1 is beyond' },
  })
})
