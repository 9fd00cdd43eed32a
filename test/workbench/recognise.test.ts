// What lies at a place that a person names.
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { addDropped } from '../../src-main/workbench/dropped.ts'
import { createProjects } from '../../src-main/workbench/projects.ts'
import { recognise } from '../../src-main/workbench/recognise.ts'
import { written } from '../engine/formats/bytes.ts'
import { temporaryFolder, toyFile } from './toy.ts'

const golden = join(import.meta.dirname, '../golden/formats/checkpoints')

test('configurations, checkpoints, exported models, data and folders of them are known apart', async () => {
  const folder = temporaryFolder()
  const at = (name: string) => join(folder, name)
  writeFileSync(at('run.json'), JSON.stringify(toyFile))
  writeFileSync(at('run.yaml'), 'method: atlas\npretrained: base.safetensors\n')
  writeFileSync(at('package.json'), '{"name": "not ours"}')
  writeFileSync(at('broken.json'), '{')
  writeFileSync(at('study.json'), '{"config": "run.json", "seeds": [1]}')
  writeFileSync(at('paper.pdf'), '%PDF-1.7')
  writeFileSync(at('empty'), '')
  copyFileSync(join(golden, 'state_dict.pt'), at('odd-name'))
  const tensor = { name: 'w', dtype: 'F32' as const, shape: [1], bytes: new Uint8Array(4) }
  writeFileSync(at('model.safetensors'), await written([tensor]))
  writeFileSync(at('ours.safetensors'), await written([tensor], { 'basil.recipe': '{"method":"atlas"}' }))
  mkdirSync(at('images/train/cat'), { recursive: true })
  writeFileSync(at('images/train/cat/1.png'), 'x')
  mkdirSync(at('models'))
  copyFileSync(at('model.safetensors'), at('models/a.safetensors'))
  const kinds = async (name: string) => (await recognise(at(name))).kind
  const known = ['run.json', 'run.yaml', 'odd-name', 'model.safetensors', 'ours.safetensors', 'images', 'models', '.']
  expect(await Promise.all(known.map(kinds))).toEqual([
    'configuration',
    'configuration',
    'checkpoint',
    'checkpoint',
    'exported',
    'data',
    'checkpoints',
    'both',
  ])
  expect((await recognise(at('ours.safetensors'))).recipe).toBe('{"method":"atlas"}')
  const words = async (name: string) => (await recognise(at(name))).words
  expect(await words('package.json')).toBe('JSON or YAML that has none of the fields of a configuration')
  expect(await words('broken.json')).toMatch(/^JSON or YAML with a mistake in it/)
  expect(await words('study.json')).toMatch(/^the definition of a study/)
  expect(await words('paper.pdf')).toBe('a PDF document')
  expect(await words('empty')).toBe('an empty file')
})

test('a checkpoint opened as a configuration is told as what it is, and where it belongs (20)', async () => {
  const file = join(golden, 'state_dict.pt')
  await expect(createProjects().open(file)).rejects.toMatchObject({
    record: {
      code: 'config-invalid',
      what: 'This is a checkpoint, not a configuration',
      where: file,
      next: expect.stringMatching(/^add it to the library/),
    },
  })
})

test.for(['\0', '/no\0where', `/${'x'.repeat(4000)}`])(
  'a name that no file can have is told as such: %j',
  async (path) => {
    const told = { record: { code: 'file-unreadable', where: expect.stringContaining(path) } }
    await expect(recognise(path)).rejects.toMatchObject(told)
    await expect(createProjects().open(path)).rejects.toMatchObject(told)
  },
)

test('YAML is a configuration like any other', async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'run.yaml'), JSON.stringify({ ...toyFile, name: undefined })) // JSON is YAML
  expect(await createProjects().open(join(folder, 'run.yaml'))).toMatchObject({ name: 'run', config: { seed: 7 } })
})

test('a configuration that lies elsewhere may name files of a folder that was opened, and no others', async () => {
  const [here, there] = [temporaryFolder(), temporaryFolder()]
  writeFileSync(join(here, 'run.json'), JSON.stringify(toyFile))
  const kept: string[] = []
  const folders = { all: () => kept, keep: (folder: string) => void kept.push(folder) }
  await createProjects({ folders }).open(join(here, 'run.json'))
  const projects = createProjects({ folders }) // after a restart
  const whole = JSON.parse(
    JSON.stringify(toyFile).replaceAll(/"([\w#.]+\.(?:safetensors|data)[#\w]*)"/g, `"${here}/$1"`),
  )
  writeFileSync(join(there, 'saved.json'), JSON.stringify(whole))
  const { grant, config } = await projects.open(join(there, 'saved.json'))
  expect(projects.resolve(grant, config).pretrained).toBe(join(here, 'base.safetensors'))
  const taken = projects.take('saved.json', JSON.stringify(whole)) // dropped: its own place is not known
  expect(projects.resolve(taken.grant, taken.config)).toEqual(projects.resolve(grant, config))
  for (const path of ['/etc/passwd', `${here}/../x`, `${here}x/base`])
    expect(() => projects.resolve(grant, { ...config, pretrained: path })).toThrow()
})

test('what is dropped goes where it belongs, and what is of no use is refused with what it is', async () => {
  const folder = temporaryFolder()
  const at = (name: string) => join(folder, name)
  mkdirSync(at('images'))
  writeFileSync(at('images/1.png'), 'x')
  writeFileSync(at('paper.pdf'), '%PDF-1.7')
  writeFileSync(at('run.json'), JSON.stringify(toyFile))
  copyFileSync(join(golden, 'state_dict.pt'), at('model.pt'))
  const added: Record<string, string[]> = {}
  const shelf = (name: string) => ({
    add: async (paths: string[]) => {
      added[name] = paths
      return { refused: [] }
    },
  })
  const names = ['images', 'paper.pdf', 'run.json', 'model.pt', 'gone.pt']
  const { refused } = await addDropped(shelf('library'), shelf('data'), names.map(at))
  expect(added).toEqual({ library: [at('model.pt')], data: [at('images')] })
  expect(refused.map(({ where }) => where)).toEqual([at('paper.pdf'), at('gone.pt')])
  expect(refused[0]?.what).toBe('This is a PDF document')
})
