// From a model with a configuration beside it to a run, its record, its export and its evaluation: heads, activation
// and epsilon are kept with where they came from, and every one of them computes alike. And one layer of each of the
// largest towers, learned on.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import { type EvaluationReport, evaluationRequestSchema } from '../../src-main/contract/api/evaluations.ts'
import { resolveConfig } from '../../src-main/contract/run/resolve.ts'
import type { RunEvent } from '../../src-main/contract/run/run.ts'
import { openBackend } from '../../src-main/engine/devices/backend.ts'
import { openTensorFile } from '../../src-main/engine/formats/open.ts'
import { checkRun } from '../../src-main/engine/runs/check.ts'
import { run } from '../../src-main/engine/runs/run.ts'
import { openSource } from '../../src-main/files/source.ts'
import { forkEngine } from '../../src-main/workbench/link/engine-process.ts'
import { openWorkbench } from '../../src-main/workbench/workbench.ts'
import { evaluateModels } from '../../src-main/worker/evaluations/evaluate.ts'
import { look } from '../../src-main/worker/inspect.ts'
import { written } from '../engine/formats/bytes.ts'
import { hostOf } from '../engine/runs/host.ts'
import { randomProject } from '../engine/runs/random-project.ts'
import { seeded } from '../faults/seeded.ts'
import { temporaryFolder } from '../workbench/toy.ts'

const root = join(import.meta.dirname, '../..')
const base = join(root, 'test/golden/towers/model.safetensors')
const told = { value: 4, from: 'config.json beside model.safetensors', assumed: false }

/** The tower of test/golden/towers, a model beside it without a configuration, and a task on 28 x 28 images. */
async function project(folder: string) {
  const chance = seeded(5)
  const source = await openSource(base)
  const file = await openTensorFile(source)
  const tensors = []
  for (const { name, dtype, shape } of file.tensors.values()) {
    const values = new Float32Array((await file.read(name)).slice().buffer)
    tensors.push({ name, dtype, shape, bytes: new Uint8Array(values.map((v) => v + 0.05 * (chance() - 0.5)).buffer) })
  }
  await source.close()
  writeFileSync(join(folder, 'tuned.safetensors'), await written(tensors))
  const [images, classes] = [24, 4]
  const floats = (count: number): Uint8Array =>
    new Uint8Array(Float32Array.from({ length: count }, () => chance() - 0.5).buffer)
  const units = Float32Array.from({ length: classes * 32 }, (_, i) => Number(i % 33 === 0))
  const data = [
    { name: 'images.a', dtype: 'F32' as const, shape: [images, 3, 28, 28], bytes: floats(images * 3 * 28 * 28) },
    {
      name: 'labels.a',
      dtype: 'I32' as const,
      shape: [images],
      bytes: new Uint8Array(Int32Array.from({ length: images }, () => classes * chance()).buffer),
    },
    { name: 'head.a', dtype: 'F32' as const, shape: [classes, 32], bytes: new Uint8Array(units.buffer) },
  ]
  writeFileSync(join(folder, 'tasks.safetensors'), await written(data))
  const paths = { data: 'tasks.safetensors#a', test: 'tasks.safetensors#a', head: 'tasks.safetensors#head.a' }
  const given = {
    method: 'atlas',
    pretrained: base,
    vectors: ['tuned.safetensors'],
    tasks: [{ name: 'a', ...paths }],
    steps: 3,
    batch: 'all',
  }
  return resolveConfig(given, (path) => (path.startsWith('/') ? path : join(folder, path)))
}

test('a run keeps how its models are computed and where that came from; its export says it of itself, and both are measured alike', async () => {
  const folder = temporaryFolder()
  const config = await project(folder)
  const plan = await checkRun(config, openSource)
  expect(plan).toMatchObject({
    warnings: [],
    tower: { heads: told, activation: { value: 'gelu' }, layerNormEps: { value: 0.01 } },
  })
  mkdirSync(join(folder, 'data'))
  const workbench = await openWorkbench({
    home: join(folder, 'data'),
    engine: (environment) =>
      forkEngine(join(root, 'src-main/worker/door.ts'), { ...environment, BASIL_BACKEND: 'wasm' }),
    resources: join(root, 'resources'),
    write: true,
  })
  onTestFinished(() => workbench.close())
  const number = await workbench.runs.start(config)
  const events: RunEvent[] = []
  for await (const event of workbench.runs.watch(number)) events.push(event)
  expect(events.at(-1)?.type).toBe('done')
  const detail = workbench.runs.show(number)
  expect(detail.config.tower).toEqual(plan.tower)

  const out = join(folder, 'merged.safetensors')
  const form = { container: 'safetensors', layout: 'open_clip', dtype: null } as const
  const { card } = await workbench.exports.export(number, { iteration: null, form }, { out, overwrite: false })
  const found = await look(out)
  expect(found.warnings).toBeUndefined()
  expect(found.towers?.vision).toMatchObject({
    heads: { value: 4, from: 'merged.safetensors itself', assumed: false },
    activation: { value: 'gelu' },
    layerNormEps: { value: 0.01 },
  })
  const recipe = JSON.parse(found.metadata['basil.recipe'] ?? '')
  expect(recipe.config.tower).toEqual(plan.tower)
  const text = readFileSync(card, 'utf8')
  expect(text).toContain('attention heads 4 (config.json beside model.safetensors), activation gelu')
  expect(text).toContain('head_width=16, mlp_ratio=160 / 64, norm_kwargs=dict(eps=0.01)')
  expect(text).toContain('quick_gelu=False')

  const backend = await openBackend({ prefer: 'wasm' })
  const tasks = [{ name: 'a', data: config.tasks[0]?.data, head: config.tasks[0]?.head }]
  const models = [
    { name: 'state', from: { recipe: workbench.evaluations.stateOf(number, null) } },
    { name: 'export', from: { file: out } },
  ]
  const request = evaluationRequestSchema.parse({ models, tasks, split: 'test', mistakes: 0 })
  let report: EvaluationReport | undefined
  for await (const event of evaluateModels(request, backend)) if (event.type === 'result') report = event.result
  backend.close()
  const [state, exported] = report?.tasks[0]?.results ?? []
  expect(exported?.loss).toBe(state?.loss)
  const final = detail.evaluations.find(({ split, model }) => split === 'test' && model === 'start')
  expect(Math.abs((state?.loss ?? 0) / (final?.tasks[0]?.loss ?? 1) - 1)).toBeLessThan(1e-6)
})

test('a run of an older version whose heads were guessed is not gone on with others', async () => {
  const folder = temporaryFolder()
  const config = await project(folder)
  const host = hostOf(await openBackend({ prefer: 'wasm' }))
  let resume = null
  for await (const event of run(config, host)) if (event.type === 'epoch') resume = event.resume
  const again = async (of: typeof config): Promise<void> => {
    for await (const _ of run(of, { ...host, resume }));
  }
  await expect(again(config)).rejects.toMatchObject({
    record: { code: 'run-state', why: expect.stringContaining('there are 4 (config.json') },
  })
  const { tower = null } = await checkRun(config, openSource)
  await again({ ...config, tower })
  host.backend.close()
})

test.each([
  ['ViT-H/14', 1280, 5120],
  ['ViT-g/14', 1408, 6144],
  ['ViT-bigG/14', 1664, 8192],
])('a run learns on one layer of %s in its own width', async (_, width, mlp) => {
  const { config, dispose } = await randomProject({ width, mlp, layers: 1, imageSize: 28, patchSize: 14 }, 2)
  const backend = await openBackend({ prefer: 'wasm' })
  try {
    const plan = await checkRun(config, openSource)
    expect(plan.tower?.heads.value).toBe(16)
    const host = hostOf(backend)
    const losses: number[] = []
    for await (const event of run(config, host)) if (event.type === 'stage-end') losses.push(...event.losses)
    expect(losses).toHaveLength(2)
    expect(losses[1]).toBeLessThan(losses[0] as number)
  } finally {
    backend.close()
    dispose()
  }
})
