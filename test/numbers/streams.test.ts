// Streams of random numbers: each number belongs to one purpose for every stage and task that a configuration allows,
// runs begun before find the numbers they began with, and no source but the table holds such a number.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import ts from 'typescript'
import { expect, test } from 'vitest'

import { configSchema } from '../../src-main/contract/run/config.ts'
import { count } from '../../src-main/contract/run/stage-fields.ts'
import { judgingPass, keys, passOf, streamOf, streams } from '../../src-main/numbers/streams.ts'

/** Every number of a stream. */
function numbersOf({ first, step }: { first: number; step: { stage?: number; task?: number } }): number[] {
  const along = (by: number | undefined, most: number): number[] =>
    by === undefined ? [0] : Array.from({ length: most }, (_, k) => by * k)
  return along(step.stage, keys.stage).flatMap((s) => along(step.task, keys.task).map((t) => first + s + t))
}

test('no number serves two streams, two stages or two tasks, and all have 32 bits', () => {
  const all = Object.values(streams).flatMap(numbersOf)
  expect(all.length).toBeGreaterThan(51 * 64)
  expect(new Set(all).size).toBe(all.length)
  for (const number of all) expect(number >>> 0).toBe(number)
})

test('a configuration allows as many tasks and iterations as there are numbers for, and no more', () => {
  const named = (tasks: number, iterations: number): unknown => ({
    method: 'dv-basi',
    start: { method: 'atlas' },
    pretrained: 'pre.safetensors',
    vectors: ['a.safetensors'],
    tasks: Array.from({ length: tasks }, (_, t) => ({ name: `task ${t}`, data: 'd#train', head: 'h.safetensors#w' })),
    iterations,
  })
  const stages = keys.stage - 1
  expect(configSchema.safeParse(named(keys.task, stages)).error?.issues).toBeUndefined()
  expect(configSchema.safeParse(named(keys.task + 1, stages)).success).toBe(false)
  expect(configSchema.safeParse(named(keys.task, stages + 1)).success).toBe(false)
})

test('passes of all stages differ, and UFM judges in one of its own', () => {
  expect(count.safeParse(2 ** 20).success).toBe(false) // steps and epochs of a stage
  expect(passOf(3, 2 ** 20 - 1)).toBeLessThan(passOf(4, 0))
  expect(passOf(keys.stage, 0)).toBeLessThan(judgingPass)
})

test('a run begun before finds its numbers', () => {
  expect([
    streamOf('batches', { stage: 0, task: 0 }),
    streamOf('batches', { stage: 50, task: 63 }),
    streamOf('samples', { stage: 0 }),
    streamOf('heldOut'),
    streamOf('trusted', { task: 2 }),
    streamOf('parts'),
    streamOf('directions', { stage: 1 }),
    streamOf('shots'),
    streamOf('subset'),
    streamOf('arms'),
    streamOf('views', { task: 63 }),
    passOf(2, 5),
  ]).toEqual([
    0, 50_063, 999, 598_126, 700_002, 800_000, 900_001, 1073741824, 1073741825, 1073741826, 2147483711, 2097157,
  ])
})

test('a stage or task beyond those a run may have is refused, as it would draw from another', () => {
  expect(() => streamOf('batches', { stage: 0, task: 64 })).toThrow(RangeError)
  expect(() => streamOf('directions', { stage: 51 })).toThrow(RangeError)
  expect(() => streamOf('views', { task: -1 })).toThrow(RangeError)
})

test('every draw of the sources takes its stream from the table', () => {
  const sources = join(import.meta.dirname, '../../src-main')
  const files = readdirSync(sources, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  expect(files.flatMap((file) => strayDraws(file, readFileSync(join(sources, file), 'utf8')))).toEqual([])
})

test('a draw with a number of its own is found', () => {
  const text = (stream: string): string =>
    `import { philox, uniform as u } from '../numbers/random.ts'\nconst stream = ${stream}\nu(seed, stream, 0, 0)\n`
  expect(strayDraws('a.ts', text("streamOf('parts')"))).toEqual([])
  expect(strayDraws('a.ts', text('7'))).toEqual(['a.ts: u(seed, stream, 0, 0)'])
  expect(strayDraws('a.ts', `${text("streamOf('parts')")}philox([0, 0, 0, 0], [1, 9])`)).toHaveLength(1)
})

/** Calls of random.ts' generators whose stream is neither streamOf(...) nor a constant that is. */
function strayDraws(file: string, text: string): string[] {
  if (!text.includes('numbers/random.ts')) return []
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const draws = new Map<string, string>() // local name: the generator's
  const named = new Set<string>() // constants that are a stream of the table
  const stray: string[] = []
  const isNamed = (node: ts.Node | undefined): boolean =>
    node !== undefined &&
    ((ts.isCallExpression(node) && node.expression.getText() === 'streamOf') ||
      (ts.isIdentifier(node) && named.has(node.text)))
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) && node.moduleSpecifier.getText().includes('numbers/random.ts')) {
      const names = node.importClause?.namedBindings
      if (names && ts.isNamedImports(names))
        for (const { name, propertyName } of names.elements) draws.set(name.text, (propertyName ?? name).text)
    }
    if (ts.isVariableDeclaration(node) && isNamed(node.initializer)) named.add(node.name.getText())
    if (ts.isCallExpression(node)) {
      const generator = draws.get(node.expression.getText())
      const key = node.arguments[1]
      const stream =
        generator === 'permutation'
          ? node.arguments[2]
          : generator === 'philox' && key && ts.isArrayLiteralExpression(key)
            ? key.elements[1]
            : key
      if (generator && !isNamed(stream)) stray.push(`${file}: ${node.getText()}`)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return stray
}
