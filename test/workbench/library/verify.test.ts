// A model of the library is checked against the recipe in it: its parents are found by their content, under any name.
import { renameSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { inspect } from '../../../src-main/worker/inspect.ts'
import { checkpoint, lay, setting, settled } from './setting.ts'

/** Half of what fine-tuning added, by hashes of the parents alone. */
async function recipeOf(folder: string): Promise<string> {
  const parent = async (file: string, name: string) => {
    const { sha256, bytes } = await inspect(join(folder, file))
    return { file: `/elsewhere/${name}`, name, sha256, bytes }
  }
  return JSON.stringify({
    ...{
      basil: '2',
      run: null,
      name: 'half',
      method: 'task-arithmetic',
      grouping: 'tensor',
      iteration: 0,
      epoch: null,
    },
    ...{
      pretrained: await parent('base.safetensors', 'zeroshot.pt'),
      vectors: [await parent('tuned.safetensors', 'x.pt')],
    },
    ...{ groups: ['weight'], start: [[0.5]], iterations: [], steps: [] },
  })
}

async function merged(value: number) {
  const made = await setting({ 'base.safetensors': checkpoint(1), 'tuned.safetensors': checkpoint(3) })
  const text = await recipeOf(made.folder)
  lay(made.folder, { 'made.safetensors': checkpoint(value, { 'basil.recipe': text }) })
  await made.library.add([made.folder])
  const entries = await settled(made.workbench)
  const id = entries.find(({ path }) => path.endsWith('made.safetensors'))?.id ?? expect.fail('no row')
  return { ...made, verify: async () => Array.fromAsync(made.library.verify(id)) }
}

test('a file that its recipe gives is told to be so', async () => {
  const { folder, verify } = await merged(2)
  expect(await verify()).toEqual([
    { type: 'result', result: { file: join(folder, 'made.safetensors'), tensors: 1, bytes: 16 } },
  ])
})

test('one that is another says where', async () => {
  const { verify } = await merged(2.5)
  await expect(verify()).rejects.toMatchObject({
    record: { code: 'verify-failed', where: 'made.safetensors: weight', why: expect.stringContaining('element 0') },
  })
})

test('a parent that is not here is named, and found again wherever it is added', async () => {
  const { folder, home, workbench, library, verify } = await merged(2)
  renameSync(join(folder, 'tuned.safetensors'), join(home, 'tuned.safetensors'))
  await library.refresh()
  await expect(verify()).rejects.toMatchObject({
    record: { code: 'file-missing', where: 'x.pt', next: 'add it to the library, under whatever name it has' },
  })
  lay(folder, { 'again/any name.safetensors': checkpoint(3) })
  await library.add([join(folder, 'again')])
  await settled(workbench)
  expect(await verify()).toHaveLength(1)
})
