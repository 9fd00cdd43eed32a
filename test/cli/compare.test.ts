// basil diff, compatible and merge in a terminal, with the real engine: checkpoints of any container and architecture,
// and their exit codes.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { compatibilitySchema, differenceSchema } from '../../src-main/contract/checkpoint.ts'
import { toFloat32 } from '../../src-main/engine/formats/dtype.ts'
import { openTensorFile } from '../../src-main/engine/formats/open.ts'
import { openSource } from '../../src-main/files/source.ts'
import { written } from '../engine/formats/bytes.ts'
import { type Full, filled, resNet, type Shapes } from '../engine/layouts/models.ts'
import { bytesOf, moved, plain } from '../engine/measures/memory.ts'
import { folder as golden, tasks } from '../golden/fixture.ts'
import { temporaryFolder } from '../workbench/toy.ts'
import { basil as inTerminal, type Outcome, oneThread } from './terminal.ts'

const at = (name: string): string => join(golden, `${name}.safetensors`)

const basil = (folder: string, ...args: string[]): Promise<Outcome> =>
  inTerminal(args, { home: folder, cwd: folder, env: oneThread })

async function valuesOf(path: string): Promise<Map<string, number[]>> {
  const source = await openSource(path)
  const file = await openTensorFile(source)
  const found = new Map<string, number[]>()
  for (const { name, dtype } of file.tensors.values())
    if (dtype === 'F32') found.set(name, [...toFloat32(await file.read(name), dtype)])
  await source.close()
  return found
}

test('diff: a table of what differs most, sums below, and all of it as JSON', async () => {
  const folder = temporaryFolder()
  const shown = await basil(folder, 'diff', at('pretrained'), at('finetuned-alpha'))
  expect(shown).toMatchObject({ code: 0, err: '' })
  const lines = shown.out.trim().split('\n')
  expect(lines[0]).toMatch(/^tensor +\|b-a\|\/\|a\| +\|a\| +\|b\| +\|b-a\| +cosine +largest$/)
  const shares = lines.slice(1, 21).map((line) => Number(line.split(/ {2,}/)[1]))
  expect(shares).toEqual([...shares].sort((a, b) => b - a))
  expect(lines.at(-1)).toMatch(/^32 tensors in both: 32 differ, 0 are equal; \|b-a\| 0\.9105, \|a\| 46\.68$/)
  const told = await basil(folder, 'diff', at('pretrained'), at('pretrained'), '--json')
  const { tensors } = differenceSchema.parse(JSON.parse(told.out))
  expect(tensors.map(({ distance }) => distance)).toEqual(tensors.map(() => 0))
})

test('compatible: cosines where all fits; exit code 3 and a sentence where something does not', async () => {
  const folder = temporaryFolder()
  const fine = await basil(folder, 'compatible', at('pretrained'), ...tasks.map((task) => at(`finetuned-${task}`)))
  expect(fine).toMatchObject({
    code: 0,
    err: '',
    out: expect.stringMatching(/cosines 1\.000 0\.041 0\.061\n(.*\n)*They can be combined\.\n$/),
  })
  const other = join(folder, 'other.safetensors')
  writeFileSync(other, await written(filled([['w', [2]]], 'F32', 1, true)))
  const refused = await basil(folder, 'compatible', at('pretrained'), at('finetuned-alpha'), other, '--json')
  expect(refused.code).toBe(3)
  const { findings, vectors } = compatibilitySchema.parse(JSON.parse(refused.out))
  expect(findings).toMatchObject([{ level: 'error', file: other }])
  expect(vectors.length).toBe(1)
})

/** theta_pre + sum_t c_t tau_t in float64, rounded once. */
function combined(base: Full[], vectors: Full[][], coefficients: number[]): Map<string, number[]> {
  const theirs = vectors.map(plain)
  const sum = (name: string, b: number, i: number): number =>
    theirs.reduce((sum, model, t) => sum + (coefficients[t] as number) * ((model.get(name)?.[i] as number) - b), b)
  return new Map([...plain(base)].map(([name, values]) => [name, values.map((b, i) => Math.fround(sum(name, b, i)))]))
}

test('merge: an architecture nobody knows, its models in three containers, by tensor name', async () => {
  const folder = temporaryFolder()
  const shapes: Shapes = [
    ['encoder.weight', [30, 20]],
    ['encoder.bias', [30]],
    ['scale', []],
  ]
  const base = filled(shapes, 'F32', 1, true)
  const tuned = [2, 3].map((seed) => moved(base, seed, 0.1)) as [Full[], Full[]]
  const place = (name: string): string => join(folder, name)
  writeFileSync(place('base.pt'), await bytesOf(base, null, 'state_dict'))
  writeFileSync(place('one-00001-of-00001.safetensors'), await written(tuned[0]))
  const map = Object.fromEntries(shapes.map(([name]) => [name, 'one-00001-of-00001.safetensors']))
  writeFileSync(place('one.safetensors.index.json'), JSON.stringify({ weight_map: map }))
  writeFileSync(place('two.safetensors'), await written(tuned[1]))
  const parents = ['--pretrained', 'base.pt', '--vectors', 'one.safetensors.index.json', 'two.safetensors']
  const merged = await basil(
    folder,
    'merge',
    ...parents,
    '--coefficients',
    '0.5,-0.25',
    '--out',
    'merged.safetensors',
    '--json',
  )
  expect(merged).toMatchObject({ code: 0, err: '' })
  expect(JSON.parse(merged.out)).toMatchObject({ file: place('merged.safetensors'), tensors: 3 })
  const values = await valuesOf(place('merged.safetensors'))
  expect(values).toEqual(combined(base, tuned, [0.5, -0.25]))
  expect((await basil(folder, 'merge', ...parents, '--out', 'merged.safetensors', '--json')).out).toMatch(
    /target-exists/,
  )
  const short = await basil(folder, 'merge', ...parents, '--coefficients', '0.5', '--out', 'again.safetensors')
  expect(short).toMatchObject({ code: 2, err: expect.stringMatching(/there are 2 vectors, and 1 coefficient\./) })
})

test("merge: a ResNet CLIP; BatchNorm's statistics and counters stay the pre-trained model's", async () => {
  const folder = temporaryFolder()
  const base = filled(resNet([1, 1, 1, 1], 8, 16, 32), 'F32', 1, true)
  const tuned = moved(base, 2, 0.1)
  for (const [name, model] of Object.entries({ base, tuned }))
    writeFileSync(join(folder, `${name}.safetensors`), await written(model))
  const merged = await basil(
    folder,
    'merge',
    '--pretrained',
    'base.safetensors',
    '--vectors',
    'tuned.safetensors',
    '--out',
    'm.safetensors',
  )
  expect(merged).toMatchObject({ code: 0, err: '' })
  const [values, still, expected] = [
    await valuesOf(join(folder, 'm.safetensors')),
    plain(base),
    combined(base, [tuned], [0.3]),
  ]
  expect(values.size).toBe(base.filter(({ dtype }) => dtype === 'F32').length)
  for (const [name, found] of values) expect(found, name).toEqual((/running_/.test(name) ? still : expected).get(name))
})
