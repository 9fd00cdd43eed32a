// Each rule of build/cruiser.mjs is broken once by a small tree of its own, and says so; a tree in good order breaks
// none.
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { cruise, type IConfiguration, type ICruiseResult } from 'dependency-cruiser'
import { afterAll, beforeAll, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..', '..')
const { default: config, engineRooms } = (await import(join(root, 'build', 'cruiser.mjs'))) as {
  default: IConfiguration
  engineRooms: string[]
}
const forbidden = config.forbidden ?? []
const { tsConfig: _, enhancedResolveOptions, ...options } = config.options ?? {}

/** [rule, file that breaks it, what it imports]; where the imported file does not exist yet, it is made, empty. */
const fixtures: [string, string, string][] = [
  ['contract-imports-only-its-line', 'src-main/contract/a.ts', '../engine/b.ts'],
  ['engine-imports-only-its-line', 'src-main/engine/a.ts', '../files/b.ts'],
  ['engine-imports-only-its-line', 'src-main/engine/learning/ways/a.ts', '../../../history/b.ts'],
  ['files-imports-only-its-line', 'src-main/files/a.ts', '../engine/methods/b.ts'],
  ['history-imports-only-its-line', 'src-main/history/a.ts', '../files/b.ts'],
  ['numbers-imports-only-its-line', 'src-main/numbers/a.ts', '../engine/b.ts'],
  ['worker-imports-only-its-line', 'src-main/worker/a.ts', '../history/b.ts'],
  ['worker-imports-only-its-line', 'src-main/worker/a.ts', '../workbench/b.ts'],
  ['workbench-imports-only-its-line', 'src-main/workbench/a.ts', '../engine/b.ts'],
  ['workbench-imports-only-its-line', 'src-main/workbench/a.ts', '../worker/b.ts'],
  ['workbench-imports-only-its-line', 'src-main/workbench/a.ts', '../server/b.ts'],
  ...engineRooms.map((room, i): [string, string, string] => [
    `engine-${room}-imports-only-what-is-before-it`,
    `src-main/engine/${room}/a.ts`,
    i + 1 < engineRooms.length ? `../${engineRooms[i + 1]}/b.ts` : '../index.ts',
  ]),
  ['server-imports-only-its-line', 'src-main/server/a.ts', '../engine/b.ts'],
  ['server-imports-only-its-line', 'src-main/server/a.ts', '../desktop/b.ts'],
  ['desktop-imports-only-its-line', 'src-main/desktop/a.ts', '../server/b.ts'],
  ['doors-are-never-imported', 'src-main/workbench/a.ts', '../cli.ts'],
  ['renderer-plot-imports-only-its-line', 'src-renderer/plot/a.ts', '../state/b.svelte.ts'],
  ['renderer-bridge-imports-only-its-line', 'src-renderer/bridge.ts', './state/b.ts'],
  ['renderer-state-imports-only-its-line', 'src-renderer/state/a.ts', '../actions/b.ts'],
  ['renderer-actions-imports-only-its-line', 'src-renderer/actions/a.ts', '../pages/B.svelte'],
  ['renderer-components-imports-only-its-line', 'src-renderer/components/A.svelte', '../state/b.ts'],
  ['renderer-pages-imports-only-its-line', 'src-renderer/pages/A.svelte', '../bridge.ts'],
  ['renderer-imports-only-the-contract', 'src-renderer/App.svelte', '../src-main/workbench/b.ts'],
  ['main-never-imports-the-renderer', 'src-main/main.ts', '../src-renderer/bridge.ts'],
  ['renderer-has-nothing-of-node', 'src-renderer/main.ts', 'node:path'],
  ['renderer-has-nothing-of-node', 'src-renderer/App.svelte', 'fs'],
  ['contract-has-nothing-of-node', 'src-main/contract/a.ts', 'node:crypto'],
  ['contract-uses-only-the-schema-library', 'src-main/contract/a.ts', 'ws'],
  ['electron-only-in-its-rooms', 'src-main/workbench/a.ts', 'electron'],
  ['better-sqlite3-only-in-its-rooms', 'src-main/workbench/a.ts', 'better-sqlite3'],
  ['tensorflow-only-in-its-rooms', 'src-main/workbench/a.ts', '@tensorflow/tfjs-core'],
  ['tensorflow-only-in-its-rooms', 'src-main/engine/models/a.ts', '@tensorflow/tfjs-core'],
  ['tf-only-in-its-rooms', 'src-main/engine/problems/a.ts', '../devices/tf.ts'],
  ['tf-only-in-its-rooms', 'src-main/engine/devices/ops.ts', './tf-tensors.ts'],
  ['node-fs-only-in-its-rooms', 'src-main/engine/a.ts', 'node:fs'],
  ['node-fs-only-in-its-rooms', 'src-main/desktop/a.ts', 'node:fs/promises'],
  ['no-cycles', 'src-main/engine/a.ts', './a-too.ts'],
  ['every-import-resolves', 'src-main/engine/a.ts', './nowhere.ts'],
]

let base = ''
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'basil-house-'))
})
afterAll(() => rm(base, { recursive: true }))

it.each(fixtures)('%s: %s may not import %s', async (rule, file, imported) => {
  const line = `import * as other from '${imported}'\nexport const a = other\n`
  const tree: Record<string, string> = {
    [file]: file.endsWith('.svelte') ? `<script lang="ts">\n${line}</script>\n` : line,
  }
  const target = imported.startsWith('.') && rule !== 'every-import-resolves' ? join(dirname(file), imported) : ''
  if (target)
    tree[target] =
      rule === 'no-cycles'
        ? `import { a } from './a.ts'\nexport const b = a\n`
        : target.endsWith('.svelte')
          ? ''
          : 'export {}\n'
  expect(await broken(tree)).toContain(rule)
})

it('a type taken upwards counts as an import', async () => {
  const upwards = `import type { B } from '../workbench/b.ts'\nexport type A = B\n`
  expect(await broken({ 'src-main/engine/a.ts': upwards, 'src-main/workbench/b.ts': 'export type B = 1\n' })).toContain(
    'engine-imports-only-its-line',
  )
})

it('a tree in good order breaks nothing', async () => {
  const tree = {
    'src-main/contract/run/run.ts': `import { z } from 'zod'\nexport const run = z.number()\n`,
    'src-main/engine/learning/methods/index.ts': `import { atlas } from './atlas.ts'\nexport const methods = [atlas]\n`,
    'src-main/engine/learning/method.ts': 'export interface Method { a: 1 }\n',
    'src-main/engine/learning/methods/atlas.ts': `import '../../../contract/run/run.ts'\nimport type { Method } from '../method.ts'\nexport const atlas: Method = { a: 1 }\n`,
    'src-main/engine/formats/npz.ts': 'export {}\n',
    'src-main/files/source.ts': `import 'node:fs'\nimport '../engine/formats/npz.ts'\n`,
    'src-main/history/open.ts': `import 'better-sqlite3'\nimport '../contract/run/run.ts'\n`,
    'src-main/workbench/router.ts': `import '../history/open.ts'\nimport '../files/source.ts'\n`,
    'src-main/worker/door.ts': `import '../files/source.ts'\nimport '../engine/learning/methods/index.ts'\n`,
    'src-main/desktop/window.ts': `import 'electron'\nimport '../workbench/router.ts'\n`,
    'src-main/main.ts': `import './desktop/window.ts'\nimport 'electron'\n`,
    'src-renderer/plot/smooth.ts': `import '../../src-main/contract/run/run.ts'\n`,
    'src-renderer/components/Chart.svelte': `<script lang="ts">\nimport '../plot/smooth.ts'\n</script>\n`,
    'src-renderer/App.svelte': `<script lang="ts">\nimport Chart from './components/Chart.svelte'\n</script>\n<Chart />\n`,
  }
  expect(await broken(tree)).toEqual([])
})

it('every rule has a fixture that breaks it', () => {
  const broken = new Set(fixtures.map(([rule]) => rule))
  expect(forbidden.map((rule) => rule.name ?? '').filter((name) => !broken.has(name))).toEqual([])
})

/** Names of the rules that a tree of files breaks. */
async function broken(tree: Record<string, string>): Promise<string[]> {
  const folder = await mkdtemp(join(base, 'tree-'))
  for (const [file, text] of Object.entries({ 'package.json': '{"type":"module"}', 'tsconfig.json': '{}', ...tree })) {
    await mkdir(join(folder, dirname(file)), { recursive: true })
    await writeFile(join(folder, file), text)
  }
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  const places = ['src-main', 'src-renderer'].filter((place) =>
    Object.keys(tree).some((file) => file.startsWith(place)),
  )
  const { output } = await cruise(
    places,
    { ...options, baseDir: folder, ruleSet: { forbidden }, validate: true },
    enhancedResolveOptions,
  )
  return (output as ICruiseResult).summary.violations.map((violation) => violation.rule.name)
}
