// A LoRA and bases as jobs that a page asks for by rows; a merge that looks at images, on the oracle's models.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import { mergeAskedSchema } from '../../../src-main/contract/api/merges.ts'
import { basesRequestSchema } from '../../../src-main/contract/bases.ts'
import { recordOf } from '../../../src-main/contract/errors.ts'
import { forkEngine } from '../../../src-main/workbench/link/engine-process.ts'
import { openWorkbench, type Workbench } from '../../../src-main/workbench/workbench.ts'
import { folder as golden } from '../../golden/fixture.ts'
import { temporaryFolder } from '../toy.ts'

const root = join(import.meta.dirname, '../../..')
const at = (name: string): string => join(golden, `${name}.safetensors`)

async function opened() {
  const home = temporaryFolder()
  const door = join(root, 'src-main', 'worker', 'door.ts')
  const engine = (environment: NodeJS.ProcessEnv) =>
    forkEngine(door, { ...environment, BASIL_HOME: home, BASIL_BACKEND: 'wasm' })
  const workbench = await openWorkbench({ home, engine, resources: join(root, 'resources'), write: true })
  onTestFinished(() => workbench.close())
  const names = ['pretrained', 'finetuned-alpha', 'finetuned-beta', 'tasks']
  await workbench.library.add(names.map(at))
  await workbench.library.settled()
  const { entries } = await workbench.library.list()
  const id = (name: string): number => entries.find(({ path }) => path === at(name))?.id ?? 0
  return { home, workbench, id, exports: join(home, 'exports') }
}

async function ended({ jobs }: Workbench, job: number) {
  for await (const _ of jobs.follow(job));
  return jobs.show(job)
}

test('a LoRA is a job, whose folder is PEFT’s and whose factors are a row; the next has a name of its own', async () => {
  const { workbench, id, exports } = await opened()
  const asked = {
    ...{ pretrained: id('pretrained'), finetuned: id('finetuned-alpha') },
    ...{ rank: 2, modules: null, layout: null, dtype: 'float32' as const, saveRest: true },
  }
  const first = workbench.merges.adapter(asked)
  const second = workbench.merges.adapter({ ...asked, modules: ['c_fc'], layout: 'open_clip', saveRest: false })
  const job = await ended(workbench, first)
  expect(job).toMatchObject({ kind: 'adapter', state: 'done', error: null })
  expect(job.title).toContain('rank 2')
  expect(dirname(job.file ?? '')).toBe(join(exports, 'finetuned-alpha-lora-2'))
  expect(readdirSync(dirname(job.file ?? ''))).toEqual(
    expect.arrayContaining(['adapter_config.json', 'adapter_model.safetensors']),
  )
  const other = dirname((await ended(workbench, second)).file ?? '')
  expect(other).toBe(join(exports, 'finetuned-alpha-lora-2-2'))
  const config: unknown = JSON.parse(readFileSync(join(other, 'adapter_config.json'), 'utf8'))
  expect(config).toMatchObject({ target_modules: expect.arrayContaining([expect.stringMatching(/c_fc$/)]) })
  expect(JSON.stringify(config)).not.toContain('c_proj')
  expect(workbench.jobs.request(second)).toMatchObject({ modules: ['c_fc'], layout: 'open_clip', out: other })
  await workbench.library.settled()
  const row = (await workbench.library.list()).entries.find(({ path }) => path === job.file)
  expect(row).toMatchObject({ role: 'adapter', state: 'present' })
})

test('bases are a job, each of them a row that can be merged; what cannot be found is the job’s error', async () => {
  const { workbench, id, exports } = await opened()
  const { parameters } = basesRequestSchema.shape
  const asked = { pretrained: id('pretrained'), vectors: [id('finetuned-alpha'), id('finetuned-beta')] }
  const job = workbench.merges.bases({ ...asked, parameters: parameters.parse({ bases: 1, by: 'pca' }) })
  expect(await ended(workbench, job)).toMatchObject({
    ...{ kind: 'bases', state: 'done', error: null, file: join(exports, '1-bases-of-2') },
    title: '1-bases-of-2: 1 bases of 2 vectors, pca',
  })
  await workbench.library.settled()
  const rows = (await workbench.library.list()).entries.filter(({ path }) => path.startsWith(exports))
  expect(rows).toHaveLength(1)
  expect(rows[0]).toMatchObject({ state: 'present', architecture: { name: expect.any(String) } })
  const other = [id('finetuned-alpha'), id('tasks')]
  const odd = workbench.merges.bases({ ...asked, vectors: other, parameters: parameters.parse({ bases: 1 }) })
  expect(await ended(workbench, odd)).toMatchObject({ state: 'failed', error: { next: expect.stringMatching(/\w/) } })
})

test('a merge that looks at images says what it takes, is refused without them, and becomes a row with its statistics', async () => {
  const { workbench, home, id } = await opened()
  const { added } = await workbench.dataSets.add([at('tasks')])
  await workbench.dataSets.settled()
  const look = (split: string) => ({ dataSet: added[0] ?? 0, split, head: id('tasks') })
  const asked = mergeAskedSchema.parse({
    ...{ method: 'fisher', parameters: { images: 4, batch: 2 }, form: {}, name: 'looked', place: 'exports' },
    ...{ pretrained: id('pretrained'), vectors: [id('finetuned-alpha'), id('finetuned-beta')] },
    images: [look('alpha'), look('beta')],
  })
  const without = await workbench.merges.plan({ ...asked, images: [] }).catch(recordOf)
  expect(without).toMatchObject({ code: 'config-invalid', next: expect.not.stringMatching(/--/) })
  const { looking, plan } = await workbench.merges.plan(asked)
  const weights = plan.tensors.filter(({ fate }) => fate === 'merged').reduce((sum, { bytes }) => sum + bytes / 4, 0)
  expect(looking).toEqual({ images: 8, bytes: 2 * 4 * weights, seconds: null })
  const job = await workbench.merges.start(asked)
  expect(await ended(workbench, job)).toMatchObject({ kind: 'image-merge', state: 'done', error: null })
  const kept = readdirSync(join(home, 'statistics'))
  expect(kept).toHaveLength(2)
  await workbench.library.settled()
  const row = (await workbench.library.list()).entries.find(({ name }) => name === 'looked.safetensors')
  const { lineage, metadata } = workbench.library.show(row?.id ?? 0)
  expect(lineage.made).toMatchObject({ method: 'fisher', run: null })
  expect(JSON.parse(metadata['basil.recipe'] ?? '').statistics).toHaveLength(2)
  expect(workbench.library.show(id('finetuned-alpha')).lineage.partOf).toEqual([
    { id: row?.id, name: 'looked.safetensors', role: 'vector', run: null, method: 'fisher' },
  ])
  expect((await workbench.merges.plan({ ...asked, name: 'again' })).looking?.seconds).toBeGreaterThan(0)
})
