// What each process loads: the desktop's main process, and the server's, no file of the engine's and none of its
// worker's; the engine's process nothing of the history. Followed from the doors through every import that is there
// when the program runs; and what a start waits for, through those alone that are there at once.
import { readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')

/** Files of ours that running `door` loads, each with the one that asked for it. */
function loadedBy(door: string, importsOf = valueImports): Map<string, string> {
  const seen = new Map<string, string>()
  const waiting = [[join(root, door), 'the start']]
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const [file = '', by = ''] = next
    if (seen.has(file)) continue
    seen.set(file, by)
    for (const imported of importsOf(readFileSync(file, 'utf8'))) waiting.push([resolve(dirname(file), imported), file])
  }
  return new Map([...seen].map(([file, by]) => [relative(root, file), relative(root, by)]))
}

function valueImports(text: string): string[] {
  const later = text.matchAll(/\bimport\('(\.[^']+\.ts)'\)/g)
  return [...importsAtOnce(text), ...[...later].map(([, path = '']) => path)]
}

function importsAtOnce(text: string): string[] {
  const still = text.matchAll(/^(?:import|export)\s+(?!type\b)(?:[^'"]*?from\s*)?'(\.[^']+\.ts)'/gm)
  return [...still].map(([, path = '']) => path)
}

const outside = (loaded: Map<string, string>, room: RegExp): string[] =>
  [...loaded].flatMap(([file, by]) => (room.test(file) ? [`${file}, by ${by}`] : []))

it.each(['src-main/desktop/start.ts', 'src-main/server/serve.ts'])('%s loads nothing of the engine', (door) => {
  const loaded = loadedBy(door)
  expect(loaded.size).toBeGreaterThan(5)
  expect(outside(loaded, /^src-main\/(engine|worker)\//)).toEqual([])
})

it('the engine process loads nothing of the history', () => {
  const loaded = loadedBy('src-main/worker/door.ts')
  expect([...loaded.keys()].filter((file) => file.startsWith('src-main/engine/')).length).toBeGreaterThan(100)
  expect(outside(loaded, /^src-main\/(history|workbench|server|desktop)\//)).toEqual([])
})

it.each([
  ['src-main/cli.ts', /^src-main\/(engine|history|worker|cli\/[^/]+\/)/],
  ['src-main/cli/merge.ts', /^src-main\/(history|worker|engine\/(?!formats))|workbench\/workbench\.ts/],
  ['src-main/worker/door.ts', /^src-main\/engine\/(?!formats)/],
])('the start of %s waits for nothing that it may never need', (door, needless) => {
  const loaded = loadedBy(door, importsAtOnce)
  expect(loaded.size).toBeGreaterThan(5)
  expect(outside(loaded, needless)).toEqual([])
})

it('a value taken of a type import line counts', () => {
  expect(
    valueImports("import type { A } from './a.ts'\nimport { type B } from './b.ts'\nexport { c } from './c.ts'"),
  ).toEqual(['./b.ts', './c.ts'])
})
