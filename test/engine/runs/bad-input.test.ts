// Wrong files, each refused with one sentence that names the file and the tensor, before any learning begins.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'

import type { ResolvedConfig } from '../../../src-main/contract/run/config.ts'
import { type Backend, openBackend } from '../../../src-main/engine/devices/backend.ts'
import { openTensorFile } from '../../../src-main/engine/formats/open.ts'
import type { TensorToWrite } from '../../../src-main/engine/formats/safetensors-writer.ts'
import { patchesOf } from '../../../src-main/engine/problems/patches.ts'
import { checkRun } from '../../../src-main/engine/runs/check.ts'
import { run } from '../../../src-main/engine/runs/run.ts'
import { openSource } from '../../../src-main/files/source.ts'
import { folder, goldenConfig } from '../../golden/fixture.ts'
import { written } from '../formats/bytes.ts'
import { hostOf } from './host.ts'

type Full = TensorToWrite & { bytes: Uint8Array }

let home: string
let backend: Backend
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'basil-'))
  backend = await openBackend({ prefer: 'wasm' })
})
afterEach(() => expect(backend.memory().tensors).toBe(0)) // what was refused half-way left nothing on the device
afterAll(() => {
  backend.close()
  rmSync(home, { recursive: true })
})

/** A changed copy of a golden file. */
async function changed(name: string, change: (tensors: Full[]) => Full[]): Promise<string> {
  const source = await openSource(join(folder, name))
  const file = await openTensorFile(source)
  const tensors: Full[] = []
  for (const t of file.tensors.values())
    tensors.push({ name: t.name, dtype: t.dtype, shape: t.shape, bytes: await file.read(t.name) })
  await source.close()
  const path = join(home, `bad-${name}`)
  writeFileSync(path, await written(change(tensors)))
  return path
}

async function refusal(config: ResolvedConfig): Promise<unknown> {
  const host = hostOf(backend)
  for await (const event of run(config, host)) if (event.type === 'epoch') expect.fail('learning began')
  return undefined
}

const victim = 'visual.transformer.resblocks.1.mlp.c_fc.bias'
describe('a checkpoint', () => {
  test.each<[string, (t: Full[]) => Full[], string, string]>([
    ['with a tensor missing', (all) => all.filter((t) => t.name !== victim), 'tensor-missing', victim],
    [
      'with a tensor more',
      (all) => [...all, { name: 'visual.adapter.weight', dtype: 'F32', shape: [1], bytes: new Uint8Array(4) }],
      'tensor-extra',
      'visual.adapter.weight',
    ],
    [
      'with a tensor renamed',
      (all) => all.map((t) => (t.name === victim ? { ...t, name: victim.replace('bias', 'b') } : t)),
      'tensor-missing',
      victim,
    ],
    [
      'with a tensor of another shape',
      (all) => all.map((t) => (t.name === victim ? { ...t, shape: [256], bytes: t.bytes.slice(0, 1024) } : t)),
      'tensor-shape',
      victim,
    ],
  ])('%s is refused by header alone', async (_, change, code, tensor) => {
    const path = await changed('finetuned-beta.safetensors', change)
    const config = { ...goldenConfig('cross-entropy'), vectors: [path] }
    for (const refused of [() => checkRun(config, openSource), () => refusal(config)])
      await expect(refused()).rejects.toMatchObject({
        record: {
          code,
          where: expect.stringContaining(tensor),
          what: expect.stringContaining('bad-finetuned-beta.safetensors'),
        },
      })
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('holding %s is refused', async (value) => {
    const path = await changed('finetuned-beta.safetensors', (all) =>
      all.map((t) =>
        t.name === victim
          ? { ...t, bytes: new Uint8Array(Float32Array.from({ length: 512 }, (_, i) => (i === 77 ? value : 0)).buffer) }
          : t,
      ),
    )
    await expect(refusal({ ...goldenConfig('cross-entropy'), vectors: [path] })).rejects.toMatchObject({
      record: {
        code: 'tensor-not-finite',
        where: `bad-finetuned-beta.safetensors: ${victim}`,
        why: `element 77 is ${value}`,
      },
    })
  })

  test('with other integer buffers than its base is refused: integers are copied, never averaged', async () => {
    const ids = (v: bigint): Full => ({
      name: 'position_ids',
      dtype: 'I64',
      shape: [1],
      bytes: new Uint8Array(BigInt64Array.of(v).buffer),
    })
    const pretrained = await changed('pretrained.safetensors', (all) => [...all, ids(3n)])
    const other = await changed('finetuned-beta.safetensors', (all) => [...all, ids(4n)])
    await expect(refusal({ ...goldenConfig('cross-entropy'), pretrained, vectors: [other] })).rejects.toMatchObject({
      record: { code: 'buffers-differ', where: expect.stringContaining('position_ids') },
    })
  })

  test('of another architecture is refused', async () => {
    const path = await changed('finetuned-beta.safetensors', (all) =>
      all.filter((t) => !t.name.includes('resblocks.1.')),
    )
    await expect(checkRun({ ...goldenConfig('cross-entropy'), vectors: [path] }, openSource)).rejects.toMatchObject({
      record: { code: 'tensor-shape', why: 'it has 1 layer, not 2' },
    })
  })
})

describe('data', () => {
  const withData = (path: string): ResolvedConfig => {
    const config = goldenConfig('cross-entropy')
    return {
      ...config,
      tasks: [
        { ...(config.tasks[0] as ResolvedConfig['tasks'][number]), data: `${path}#alpha`, head: `${path}#head.alpha` },
      ],
    }
  }
  const only = (all: Full[]): Full[] => all.filter((t) => t.name.endsWith('alpha'))

  test('with a label outside the head is refused by name', async () => {
    const path = await changed('tasks.safetensors', (all) =>
      only(all).map((t) =>
        t.name === 'labels.alpha'
          ? {
              ...t,
              bytes: new Uint8Array(
                Int32Array.from({ length: t.shape[0] as number }, (_, i) => (i === 5 ? 4 : 0)).buffer,
              ),
            }
          : t,
      ),
    )
    await expect(refusal(withData(path))).rejects.toMatchObject({
      record: {
        code: 'label-range',
        where: 'bad-tasks.safetensors#alpha, image 5',
        why: 'its label is 4, the head has classes 0 to 3',
      },
    })
  })

  test('with an empty split is refused', async () => {
    const path = await changed('tasks.safetensors', (all) =>
      only(all).map((t) =>
        t.name.startsWith('head') ? t : { ...t, shape: [0, ...t.shape.slice(1)], bytes: new Uint8Array() },
      ),
    )
    for (const refused of [() => checkRun(withData(path), openSource), () => refusal(withData(path))])
      await expect(refused()).rejects.toMatchObject({ record: { code: 'split-empty' } })
  })

  test('that is not there is refused, and what is there is named', async () => {
    const config = withData(join(folder, 'tasks.safetensors'))
    const [task] = config.tasks
    const wrong = {
      ...config,
      tasks: [{ ...(task as NonNullable<typeof task>), data: `${join(folder, 'tasks.safetensors')}#alfa` }],
    }
    await expect(checkRun(wrong, openSource)).rejects.toMatchObject({
      record: {
        code: 'tensor-missing',
        where: 'tasks.safetensors: images.alfa',
        why: expect.stringContaining('images.alpha'),
      },
    })
  })

  test('a head of another width is refused', async () => {
    const path = await changed('tasks.safetensors', (all) =>
      only(all).map((t) =>
        t.name === 'head.alpha'
          ? { ...t, shape: [4, 1], bytes: new Uint8Array(Float32Array.of(1, 1, 1, 1).buffer) }
          : t,
      ),
    )
    await expect(refusal(withData(path))).rejects.toMatchObject({
      record: { code: 'tensor-shape', why: 'it takes features of width 1, the model gives 64' },
    })
  })
})

test('grey images, with one channel, are the same as three equal ones', async () => {
  const pixels = Uint8Array.from({ length: 32 * 32 }, (_, i) => (i * 37) % 256)
  const image = (channels: 1 | 3) => ({
    channels,
    pixels: channels === 1 ? pixels : Uint8Array.of(...pixels, ...pixels, ...pixels),
  })
  const tower = { architecture: { imageSize: 32, patchSize: 8 }, ops: backend.ops }
  const [grey, colour] = [patchesOf(tower, [image(1)]), patchesOf(tower, [image(3)])]
  expect(await backend.ops.read(grey)).toEqual(await backend.ops.read(colour))
  grey.dispose()
  colour.dispose()
})

test('a missing file is named', async () => {
  await expect(
    checkRun({ ...goldenConfig('cross-entropy'), pretrained: join(home, 'nowhere.safetensors') }, openSource),
  ).rejects.toMatchObject({ record: { code: 'file-missing', where: join(home, 'nowhere.safetensors') } })
})

test('a loss that is no longer finite ends the run with the reason', async () => {
  const config = goldenConfig('cross-entropy')
  await expect(refusal({ ...config, start: { ...config.start, initialCoefficient: 1e30 } })).rejects.toMatchObject({
    record: { code: 'not-finite' },
  })
})
