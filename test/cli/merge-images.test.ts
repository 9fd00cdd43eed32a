// basil merge by a method that looks at images: from a terminal, on each model's own data; what is lacking is said in a
// sentence before any work; the same asked again looks at nothing again; and verify replays the model from its parents
// and the statistics kept.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { folder as golden } from '../golden/fixture.ts'
import { temporaryFolder } from '../workbench/toy.ts'
import { basil } from './in-folder.ts'

const at = (name: string): string => join(golden, `${name}.safetensors`)
const models = ['--pretrained', at('pretrained'), '--vectors', at('finetuned-alpha'), at('finetuned-beta')]
const data = ['--data', `${at('tasks')}#alpha`, `${at('tasks')}#beta`]
const heads = ['--heads', `${at('tasks')}#head.alpha`, `${at('tasks')}#head.beta`]

test('merge by RegMean and by Fisher: written, the same again from what is kept, and verified', async () => {
  const folder = temporaryFolder()
  const asked = ['merge', '--method', 'regmean', ...models, ...data, '--images', '8', '--seed', '5', '--json']
  const first = await basil(folder, ...asked, '--out', 'one.safetensors')
  expect(first).toMatchObject({ code: 0, err: '' })
  const kept = readdirSync(join(folder, 'statistics'))
  expect(kept).toHaveLength(2)
  const places = kept.map((name) => statSync(join(folder, 'statistics', name)).ino)
  const second = await basil(folder, ...asked, '--out', 'two.safetensors')
  expect(JSON.parse(second.out).sha256).toBe(JSON.parse(first.out).sha256)
  expect(kept.map((name) => statSync(join(folder, 'statistics', name)).ino)).toEqual(places)
  const recipe = JSON.parse((await basil(folder, 'inspect', 'one.safetensors', '--json')).out).metadata['basil.recipe']
  expect(JSON.parse(recipe)).toMatchObject({
    steps: [{ method: 'regmean', parameters: { images: 8, seed: 5, alpha: 0.95 } }],
    statistics: kept.map(() => ({ name: expect.stringMatching(/^[0-9a-f]{64}\.safetensors$/) })),
  })
  const card = readFileSync(join(folder, 'one.md'), 'utf8')
  expect(card).toMatch(/Some images of each model's own task, .*: `[0-9a-f]{64}\.safetensors` \(SHA-256 [0-9a-f]{64}\)/)
  expect(recipe).not.toContain('"file"') // no path of this machine
  expect(await basil(folder, 'verify', 'one.safetensors', '--parents', golden)).toMatchObject({ code: 0, err: '' })
  const fisher = ['merge', '--method', 'fisher', ...models, ...data, ...heads, '--images', '4', '--batch', '2']
  expect(await basil(folder, ...fisher, '--out', 'fisher.safetensors')).toMatchObject({ code: 0, err: '' })
})

test.each([
  ['regmean', [], /^RegMean needs images of each model's own task \(--data\): there are 2 models, and 0 given/],
  ['ties', data, /^TIES looks at no images \(--data\): of the methods only fisher, regmean, /],
  [
    'regmean',
    [...data, '--missing', 'base'],
    /^RegMean looks at models as they are \(--missing\): what it finds is of/,
  ],
  ['fisher', data, /^Fisher merging needs the head of each model's own task \(--heads\): there are 2 models, and 0/],
])('merge by %s with %j is refused in a sentence', async (method, more, sentence) => {
  const folder = temporaryFolder()
  const refused = await basil(folder, 'merge', '--method', method, ...models, ...more, '--out', 'm.safetensors')
  expect(refused).toMatchObject({ code: 2, err: expect.stringMatching(sentence) })
  expect(readdirSync(folder).filter((name) => name.endsWith('.safetensors'))).toEqual([])
})
