// Runs and the library: parents that moved are found by their hashes, a model says what it was made from, and a recipe
// finds its way home.
import { copyFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import { resolveConfig } from '../../../src-main/contract/run/resolve.ts'
import { openTensorFile } from '../../../src-main/engine/formats/open.ts'
import { openSource } from '../../../src-main/files/source.ts'
import { forkEngine } from '../../../src-main/workbench/link/engine-process.ts'
import { createProjects } from '../../../src-main/workbench/projects.ts'
import { openWorkbench, type Workbench } from '../../../src-main/workbench/workbench.ts'
import { folder as golden, goldenExample } from '../../golden/fixture.ts'
import { follow, temporaryFolder, toyFile } from '../toy.ts'
import { checkpoint, setting, settled } from './setting.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const short = {
  ...goldenExample,
  batch: 48,
  steps: undefined,
  iterations: 1,
  epochs: 2,
  start: { method: 'atlas', epochs: 3 },
  microBatch: 48,
}

async function opened(home: string, write = true): Promise<Workbench> {
  const workbench = await openWorkbench({
    home,
    resources: join(root, 'resources'),
    write,
    engine: (environment) => forkEngine(join(root, 'src-main', 'worker', 'door.ts'), environment),
  })
  onTestFinished(() => workbench.close())
  return workbench
}

async function recipeOf(file: string): Promise<string> {
  const source = await openSource(file)
  const { metadata } = await openTensorFile(source)
  await source.close()
  return metadata['basil.recipe'] ?? ''
}

test('a run whose files moved is resumed and exported from where they are now; its model knows its parents and its run', async () => {
  const [home, place] = [temporaryFolder(), temporaryFolder()]
  const [before, after] = [join(place, 'before'), join(place, 'after')]
  mkdirSync(before)
  for (const name of [short.pretrained, ...short.vectors, 'tasks.safetensors'])
    copyFileSync(join(golden, name), join(before, name))
  const workbench = await opened(home)
  const { library } = workbench
  await library.add([before])
  const rows = await settled(workbench)

  const run = await workbench.runs.start(
    resolveConfig({ ...short, tasks: short.tasks.slice(0, 1) }, (path) => join(before, path)),
  )
  for await (const event of workbench.runs.watch(run)) if (event.type === 'epoch' && event.epoch === 1) break
  expect(await workbench.runs.cancel(run)).toBe(true)
  renameSync(before, after)
  renameSync(join(after, short.pretrained), join(after, 'base.safetensors'))
  await library.add([after])
  expect((await settled(workbench)).map(({ id, state }) => [id, state])).toEqual(rows.map(({ id }) => [id, 'present']))

  await workbench.runs.resume(run)
  expect((await follow(workbench, run)).at(-1)).toMatchObject({ type: 'done' })
  const { parents } = workbench.runs.show(run)
  expect(parents.map(({ file }) => file)).toContain(join(after, 'base.safetensors'))
  expect(parents.every(({ file }) => file.startsWith(after))).toBe(true)

  renameSync(join(after, 'base.safetensors'), join(place, 'again.safetensors'))
  await library.add([place])
  const base = (await settled(workbench)).find(({ path }) => path === join(place, 'again.safetensors'))
  expect(base).toMatchObject({ id: rows.find(({ path }) => basename(path) === short.pretrained)?.id, runs: 1 })
  const exported = await workbench.exports.export(run, { iteration: null }, null)
  const [id = 0] = (await library.add([exported.file])).added
  await library.settled()
  const model = library.show(id)
  expect(model).toMatchObject({
    role: 'merged',
    lineage: { made: { run, method: 'dv-basi', iteration: 1 }, usedBy: [] },
  })
  expect(model.lineage.parents.map((parent) => parent.role)).toEqual(['pretrained', 'vector', 'vector', 'vector'])
  expect(model.lineage.parents.every((parent) => parent.id !== null)).toBe(true)
  expect(library.show(base?.id ?? 0).lineage.usedBy).toEqual([
    { run, name: workbench.runs.show(run).name, role: 'pretrained' },
  ])

  const recipe = await recipeOf(exported.file)
  const ours = library.reopen(recipe)
  expect([ours.run, ours.parents[0]]).toEqual([
    run,
    { role: 'pretrained', name: 'base.safetensors', sha256: base?.sha256, file: base?.path, entry: base?.id },
  ])
  const other = JSON.parse(recipe)
  other.start[0][0] += 1e-9
  expect(library.reopen(JSON.stringify(other)).run).toBeNull() // another machine's run of the same number
  const foreign = { ...JSON.parse(recipe), pretrained: { file: '/etc/hostname', name: 'x', sha256: '0'.repeat(64) } }
  expect(library.reopen(JSON.stringify(foreign))).toMatchObject({
    run: null,
    parents: [{ file: null, entry: null }, {}, {}, {}],
  })

  await workbench.close()
  const reader = await opened(home, false)
  const out = join(place, 'by-a-reader.safetensors')
  expect(await reader.exports.export(run, { iteration: 0 }, { out, overwrite: false })).toMatchObject({ file: out })
})

test('a row forgotten, a file gone: the run keeps hash and name, and says what is missing', async () => {
  const [home, place] = [temporaryFolder(), temporaryFolder()]
  for (const name of [short.pretrained, ...short.vectors, 'tasks.safetensors'])
    copyFileSync(join(golden, name), join(place, name))
  const workbench = await opened(home)
  const { added } = await workbench.library.add([place])
  const run = await workbench.runs.start(
    resolveConfig({ ...short, iterations: 1, tasks: short.tasks.slice(0, 1) }, (path) => join(place, path)),
  )
  await follow(workbench, run)
  const before = workbench.runs.show(run).parents
  workbench.library.forget(added)
  rmSync(join(place, short.pretrained))
  expect(workbench.runs.show(run).parents).toEqual(before)
  await expect(workbench.exports.export(run, { iteration: 0 }, null)).rejects.toMatchObject({
    record: { code: 'file-missing' },
  })
})

test.for([
  ['no JSON', '{'],
  ['something else', '{"name": "x"}'],
  ['nothing', ''],
  ['numbers that are none', '{"basil": "1", "start": [["1"]]}'],
])('a recipe that is %s is refused', async ([, text = '']) => {
  const { library } = await setting({})
  expect(() => library.reopen(text)).toThrow(
    expect.objectContaining({ record: expect.objectContaining({ code: 'config-invalid' }) }),
  )
})

test('metadata that only claims to be a recipe gives no lineage, and no error', async () => {
  const { folder, workbench, library } = await setting({
    'a.safetensors': checkpoint(1, { 'basil.recipe': '{"run": 1}' }),
  })
  await library.add([folder])
  const [entry] = await settled(workbench)
  expect(library.show(entry?.id ?? 0).lineage).toEqual({ made: null, parents: [], usedBy: [], partOf: [] })
})

test('a page may name checkpoints of the library by their paths, and what lies in them by "path#name", and nothing else outside', async () => {
  const { folder, home, library } = await setting({
    'my#models/base.safetensors': checkpoint(1),
    'plain.safetensors': checkpoint(2),
  })
  await library.add([folder])
  const base = join(folder, 'my#models/base.safetensors')
  const plain = join(folder, 'plain.safetensors')
  const projects = createProjects({ holds: library.holds })
  writeFileSync(join(home, 'run.json'), JSON.stringify(toyFile))
  const { grant } = await projects.open(join(home, 'run.json'))
  const resolved = (path: string) => projects.resolve(grant, { ...toyFile, pretrained: path }).pretrained
  expect([resolved(base), resolved(`${base}#head.cars`), resolved('base.safetensors')]).toEqual([
    base,
    `${base}#head.cars`,
    join(home, 'base.safetensors'),
  ])
  for (const path of [
    `${plain}#/../../../etc/passwd`,
    join(folder, 'my#models'),
    `${base}#/../../../etc/passwd`,
    `${base}/../other.safetensors`,
    '/etc/passwd',
    `${base}#a#b`,
  ])
    expect(() => resolved(path), path).toThrow(
      expect.objectContaining({ record: expect.objectContaining({ code: 'not-allowed' }) }),
    )
  library.forget((await library.list()).entries.map(({ id }) => id))
  expect(() => resolved(base)).toThrow()
})
