import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { createProjects, resolveFile } from '../../src-main/workbench/projects.ts'
import { temporaryFolder, toyFile } from './toy.ts'

function project(): string {
  const folder = join(temporaryFolder(), 'my#project')
  mkdirSync(folder)
  writeFileSync(join(folder, 'run.json'), JSON.stringify(toyFile))
  return folder
}

test('opening a configuration grants its folder and offers the others in it that are sound', async () => {
  const folder = project()
  writeFileSync(join(folder, 'other.json'), JSON.stringify({ ...toyFile, name: undefined, seed: 8 }))
  writeFileSync(join(folder, 'package.json'), '{"name":"not ours"}')
  writeFileSync(join(folder, 'broken.json'), '{')
  const projects = createProjects()
  const opened = await projects.open(join(folder, 'run.json'))
  expect(opened).toMatchObject({
    name: 'toy run',
    folder,
    config: { seed: 7 },
    presets: [{ name: 'other', config: { seed: 8 } }],
  })
  expect((await projects.open(join(folder, 'other.json'))).grant).toBe(opened.grant)
  expect(projects.resolve(opened.grant, toyFile).pretrained).toBe(join(folder, 'base.safetensors'))
  expect(projects.resolve(opened.grant, toyFile).tasks[0]?.head).toBe(join(folder, 'cars.data#head'))
})

test.for([
  '/etc/passwd',
  '../other/base.safetensors',
  'sub/../../base.safetensors',
  'base#/../../etc/passwd',
  '..\\other',
  'C:\\models\\base',
  'base\0.safetensors',
])('a window cannot name %j', async (path) => {
  const projects = createProjects()
  const { grant } = await projects.open(join(project(), 'run.json'))
  expect(() => projects.resolve(grant, { ...toyFile, pretrained: path })).toThrow(
    expect.objectContaining({ record: expect.objectContaining({ code: 'not-allowed', where: path }) }),
  )
})

test('a folder that was never opened grants nothing', () => {
  expect(() => createProjects().resolve('made-up', toyFile)).toThrow(
    expect.objectContaining({ record: expect.objectContaining({ code: 'not-allowed' }) }),
  )
})

test("a run's own files may be used again, and no others", async () => {
  const folder = project()
  const run = await resolveFile(join(folder, 'run.json'))
  const projects = createProjects({ holds: (path) => path === '/library/other.safetensors' })
  const again = { ...toyFile, pretrained: run.pretrained, vectors: run.vectors }
  const tasks = run.tasks.map(({ name, data, head }) => ({ name, data, head }))
  const grant = projects.ofRun(run)
  expect(projects.resolve(grant, { ...again, tasks })).toMatchObject({ pretrained: run.pretrained, tasks })
  expect(projects.resolve(grant, { ...again, tasks, pretrained: '/library/other.safetensors' }).pretrained).toBe(
    '/library/other.safetensors',
  )
  for (const path of [join(folder, 'run.json'), 'base.safetensors', '/etc/passwd'])
    expect(() => projects.resolve(grant, { ...again, tasks, pretrained: path }), path).toThrow(
      expect.objectContaining({ record: expect.objectContaining({ code: 'not-allowed', where: path }) }),
    )
})

test('on the command line paths are relative to the configuration, and absolute ones are taken', async () => {
  const folder = project()
  writeFileSync(
    join(folder, 'run.json'),
    JSON.stringify({ ...toyFile, pretrained: '/models/base.safetensors', vectors: ['../cars.safetensors'] }),
  )
  expect(await resolveFile(join(folder, 'run.json'))).toMatchObject({
    pretrained: '/models/base.safetensors',
    vectors: [join(folder, '..', 'cars.safetensors')],
  })
})

test('what is not a configuration says so, with the file', async () => {
  const folder = project()
  const projects = createProjects()
  writeFileSync(join(folder, 'broken.json'), '{')
  writeFileSync(join(folder, 'large.json'), ' '.repeat(2 ** 20 + 1))
  writeFileSync(join(folder, 'wrong.json'), '{"method":"magic"}')
  for (const [name, code] of [
    ['broken', 'config-invalid'],
    ['large', 'config-invalid'],
    ['wrong', 'config-invalid'],
    ['absent', 'file-missing'],
  ] as const)
    await expect(projects.open(join(folder, `${name}.json`)), name).rejects.toMatchObject({ record: { code } })
  await expect(projects.open(folder)).rejects.toMatchObject({ record: { code: 'file-unreadable' } })
})

test.each([
  ['passwd', 'root:x:0:0:root:/root:/bin/bash\n', 'it is not JSON from line 1, column 1 on'],
  ['short', 'hunter2', 'it is not JSON from line 1, column 1 on'],
  ['token.json', '{"token": hunter2}', 'it is not JSON from line 1, column 11 on'],
  ['keys.json', '{"hunter2": "root"}', 'it is JSON, and has none of the fields of a configuration'],
  ['list.json', '["root", "hunter2"]', 'it is JSON, and has none of the fields of a configuration'],
])('what is in a file that is no configuration is not told: %s', async (name, text, why) => {
  const file = join(temporaryFolder(), name)
  writeFileSync(file, text)
  await expect(createProjects().open(file)).rejects.toMatchObject({
    record: { code: 'config-invalid', where: file, why },
  })
})
