// Merges as a page asks for them: by rows of the library, planned by headers alone, started as a job of the queue.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { type MergeAsked, mergeAskedSchema } from '../../../src-main/contract/api/merges.ts'
import { recordOf } from '../../../src-main/contract/errors.ts'
import { written } from '../../engine/formats/bytes.ts'
import { filled } from '../../engine/layouts/models.ts'
import { checkpoint, setting, settled } from '../library/setting.ts'
import { temporaryFolder, toyEngine, toyWorkbench } from '../toy.ts'

/** Three rows of one shape, of which the first is the base, and one of another. */
async function rows() {
  const files = { 'base.safetensors': checkpoint(0), 'a.safetensors': checkpoint(1), 'b.safetensors': checkpoint(2) }
  const { folder, home, workbench, library } = await setting(files)
  writeFileSync(join(folder, 'other.safetensors'), await written(filled([['weight', [5]]], 'F32', 1, true)))
  await library.add([folder])
  const entries = await settled(workbench)
  const id = (name: string): number => entries.find((entry) => entry.name === `${name}.safetensors`)?.id ?? 0
  const asked = (change: Partial<MergeAsked> = {}): MergeAsked =>
    mergeAskedSchema.parse({
      ...{ method: 'ties', parameters: { density: 0.5 }, pretrained: id('base'), vectors: [id('a'), id('b')] },
      ...{ form: {}, name: '', place: 'exports', ...change },
    })
  return { folder, home, workbench, id, asked }
}
const refused = (plan: Promise<unknown>) =>
  plan.then(
    () => expect.fail('it was planned'),
    (error: unknown) => recordOf(error),
  )

test('the plan tells the fate of every tensor, what it takes, and where it goes, under a name that is free', async () => {
  const { folder, home, workbench, id, asked } = await rows()
  const { merges } = workbench
  const planned = await merges.plan(asked())
  expect(planned).toMatchObject({
    ...{ recipe: '1 TIES of 2', out: join(home, 'exports', 'ties-of-2.safetensors'), taken: null },
    plan: { files: 1, bytesWritten: 16, tensors: [{ tensor: 'weight', fate: 'merged' }] },
  })
  expect(planned.steps).toMatch(/^TIES \(density 0\.5, /)
  expect(await merges.plan(asked({ coefficients: 0.7 }))).toMatchObject({ recipe: '0.7 TIES of 2' })
  const beside = await merges.plan(asked({ place: id('a'), name: 'mine', form: { ...asked().form, dtype: 'float16' } }))
  expect(beside).toMatchObject({ out: join(folder, 'mine.safetensors'), plan: { bytesWritten: 8 } })
  mkdirSync(join(home, 'exports'))
  for (const name of ['ties-of-2', 'mine']) writeFileSync(join(home, 'exports', `${name}.safetensors`), '')
  expect((await merges.plan(asked())).out).toBe(join(home, 'exports', 'ties-of-2-2.safetensors'))
  expect((await merges.plan(asked({ name: 'mine' }))).taken).toMatchObject({ code: 'target-exists' })
  await expect(merges.start(asked({ name: 'mine' }))).rejects.toThrow('already there')
})

test('what does not fit is in the plan with its reason; what cannot be asked is said', async () => {
  const { workbench, id, asked } = await rows()
  const { merges } = workbench
  const { plan } = await merges.plan(asked({ vectors: [id('a'), id('other')] }))
  expect(plan.tensors).toMatchObject([{ tensor: 'weight', fate: 'refused', why: expect.stringMatching(/shape|\[5\]/) }])
  expect(await refused(merges.plan(asked({ pretrained: null })))).toMatchObject({ code: 'config-invalid' })
  expect(await refused(merges.plan(asked({ vectors: [99] })))).toMatchObject({ code: 'file-missing', where: 'row 99' })
  expect(await refused(merges.plan(asked({ parameters: { density: 2 } })))).toMatchObject({ where: 'density' })
  for (const name of ['../x', '..', 'a/b', 'a\\b'])
    expect(await refused(merges.plan(asked({ name })))).toMatchObject({ code: 'not-allowed', where: name })
})

test('started it is a job, tells how far it is, and its model becomes a row of the library', async () => {
  const [home, folder] = [temporaryFolder(), temporaryFolder()]
  const held = join(home, 'at work')
  const workbench = await toyWorkbench(home, (environment) => toyEngine({ merging: held }, environment))
  for (const [i, name] of ['base', 'a', 'b'].entries())
    writeFileSync(join(folder, `${name}.safetensors`), checkpoint(i))
  await workbench.library.add([folder])
  const [base = 0, ...vectors] = (await settled(workbench)).map(({ id }) => id)
  const asked = mergeAskedSchema.parse({
    ...{ method: 'ties', parameters: {}, pretrained: base, vectors, form: {}, name: 'sum', place: 'exports' },
  })
  const { jobs, merges, library } = workbench
  const job = await merges.start(asked)
  let told = false
  for await (const { progress } of jobs.follow(job)) {
    if (progress === null) continue
    expect(progress).toEqual({ what: 'Merging', done: 1, total: 2 })
    told = true
    break
  }
  expect(told).toBe(true)
  expect((await merges.plan(asked)).taken).toMatchObject({ code: 'target-exists' }) // an open job writes there
  await expect.poll(() => existsSync(held)).toBe(true)
  expect(await jobs.cancel(job)).toBe(true)
  expect(jobs.show(job)).toMatchObject({ state: 'cancelled', file: join(home, 'exports', 'sum.safetensors') })
  expect((await library.list()).entries).toHaveLength(3)
})

test('done, its row tells its parents, method, parameters and coefficients', async () => {
  const home = temporaryFolder()
  const workbench = await toyWorkbench(home)
  const folder = temporaryFolder()
  for (const [i, name] of ['base', 'a', 'b'].entries())
    writeFileSync(join(folder, `${name}.safetensors`), checkpoint(i))
  const { library, merges, jobs } = workbench
  await library.add([folder])
  const entries = await settled(workbench)
  const id = (name: string): number => entries.find((entry) => entry.name.startsWith(name))?.id ?? 0
  const asked = mergeAskedSchema.parse({
    ...{ method: 'ties', parameters: { density: 0.4 }, pretrained: id('base'), vectors: [id('a'), id('b')] },
    ...{ weights: [1, 0.5], coefficients: 0.8, form: {}, name: '', place: 'exports' },
  })
  const job = await merges.start(asked)
  for await (const _ of jobs.follow(job));
  const out = join(home, 'exports', 'ties-of-2.safetensors')
  expect(jobs.show(job)).toMatchObject({ state: 'done', file: out, error: null })
  const row = (await settled(workbench)).find(({ path }) => path === out)
  const { lineage } = library.show(row?.id ?? 0)
  expect(lineage.made).toMatchObject({
    ...{ run: null, method: 'ties', name: '0.8 TIES of 2' },
    steps: [{ method: 'ties', parameters: { density: 0.4 }, weights: [1, 0.5] }],
    coefficients: [{ name: 'TIES of 2', smallest: 0.8, largest: 0.8 }],
  })
  expect(lineage.parents.map(({ name, id: parent }) => [name, parent])).toEqual([
    ['base.safetensors', id('base')],
    ['a.safetensors', id('a')],
    ['b.safetensors', id('b')],
  ])
})
