// Evaluations by the real engine. The oracle's models and images: accuracies are its own, every image's prediction is
// the argmax of its logits, and all that a report says follows from that table of predictions. Then data with groups,
// another layout, and what is refused.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { parse } from 'csv-parse/sync'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'

import {
  type EvaluationReport,
  type EvaluationRequest,
  evaluationReportSchema,
  evaluationRequestSchema,
  type TaskResult,
} from '../../src-main/contract/api/evaluations.ts'
import { BasilError } from '../../src-main/contract/errors.ts'
import type { Progress } from '../../src-main/contract/run/run.ts'
import { type Backend, openBackend } from '../../src-main/engine/devices/backend.ts'
import { openTensorFile } from '../../src-main/engine/formats/open.ts'
import { canonical, inLayout } from '../../src-main/engine/layouts/index.ts'
import { openSource } from '../../src-main/files/source.ts'
import { writeModel } from '../../src-main/files/written-model.ts'
import { reportCsv } from '../../src-main/workbench/evaluations/report/csv.ts'
import { evaluateModels } from '../../src-main/worker/evaluations/evaluate.ts'
import { writeHeads } from '../../src-main/worker/heads/write.ts'
import { imageHost } from '../../src-main/worker/images/host.ts'
import { imagePool } from '../../src-main/worker/images/pool.ts'
import { expected, expectedTensor, folder as golden, tasks } from '../golden/fixture.ts'
import { temporaryFolder } from '../workbench/toy.ts'

let backend: Backend
beforeAll(async () => {
  backend = await openBackend({ prefer: 'wasm', threads: 1 })
})
afterAll(() => backend.close())

const at = (name: string): string => join(golden, name)
const model = (name: string, file = at(`${name}.safetensors`)) => ({ name, from: { file } })
const goldenTask = (name: string) => ({
  name,
  data: at(`tasks.safetensors#${name}`),
  head: at(`tasks.safetensors#head.${name}`),
  reference: { file: at(`finetuned-${name}.safetensors`) },
})

type Whole = NonNullable<Progress['whole']>

async function evaluated(request: object, images = imageHost(null), wholes: Whole[] = []): Promise<EvaluationReport> {
  for await (const event of evaluateModels(
    evaluationRequestSchema.parse({ split: 'training', ...request }),
    backend,
    images,
  )) {
    if (event.type === 'result') return evaluationReportSchema.parse(event.result)
    if (event.whole) wholes.push(event.whole)
  }
  throw new Error('no report')
}

interface Row {
  task: string
  model: string
  image: string
  label: string
  predicted: string
  confidence: string
  group: string
}

const rowsOf = (file: string): Row[] => parse(readFileSync(file), { columns: true }) as Row[]

/** All that a result says, from the table of predictions alone. */
function recomputed(rows: Row[]): Pick<TaskResult, 'images' | 'correct' | 'accuracy' | 'confusion'> {
  const correct = rows.filter(({ label, predicted }) => label === predicted).length
  const cells = Map.groupBy(rows, ({ label, predicted }) => `${label},${predicted}`)
  const confusion = [...cells].map(
    ([key, found]) => [...key.split(',').map(Number), found.length] as [number, number, number],
  )
  return {
    images: rows.length,
    correct,
    accuracy: correct / rows.length,
    confusion: confusion.sort(([a, b], [c, d]) => a - c || b - d),
  }
}

test("accuracies and every prediction are the oracle's, and the report says nothing that the table of predictions does not", async () => {
  const out = join(temporaryFolder(), 'predictions.csv')
  const models = [model('pretrained'), ...tasks.map((task) => model(`finetuned-${task}`))]
  const wholes: Whole[] = []
  const asked = { models, tasks: tasks.map(goldenTask), predictions: { out, overwrite: false } }
  const report = await evaluated(asked, imageHost(null), wholes)
  const passes = report.tasks.reduce((sum, { results: [first] }) => sum + (first?.images ?? 0) * (models.length + 1), 0)
  expect(wholes.every(({ total }) => total === passes)).toBe(true) // those of the references too
  const far = wholes.map(({ done }) => done)
  expect([far[0], far.toSorted((a, b) => a - b)]).toEqual([0, far])
  expect(far.at(-1)).toBeGreaterThan(passes / 2)
  const rows = rowsOf(out)
  for (const [t, name] of tasks.entries()) {
    const task = report.tasks[t] as EvaluationReport['tasks'][number]
    expect(task.results[0]?.accuracy).toBeCloseTo(expected.accuracy.pretrained[name], 14)
    expect(task.results[t + 1]?.accuracy).toBeCloseTo(expected.accuracy.finetuned[name], 14)
    expect(task.reference).toEqual({
      accuracy: expected.accuracy.finetuned[name],
      how: 'measured',
      from: at(`finetuned-${name}.safetensors`),
    })
    expect(task.results[t + 1]?.relativeAccuracy).toBe(1)

    for (const [m, key] of [[0, 'pretrained'] as const, [t + 1, 'finetuned'] as const]) {
      const mine = rows.filter((row) => row.task === name && row.model === models[m]?.name)
      const logits = await expectedTensor(`logits.${key}.${name}`)
      const classes = logits.length / mine.length
      mine.forEach((row, i) => {
        const own = [...logits.subarray(i * classes, (i + 1) * classes)]
        const most = Math.max(...own)
        expect(Number(row.predicted)).toBe(own.indexOf(most))
        const confidence = 1 / own.reduce((sum, l) => sum + Math.exp(l - most), 0)
        expect(Math.abs(Number(row.confidence) - confidence)).toBeLessThan(2e-3)
      })
      expect(task.results[m]).toMatchObject(recomputed(mine))
      const wrong = mine
        .filter(({ label, predicted }) => label !== predicted)
        .sort((a, b) => Number(b.confidence) - Number(a.confidence))
      expect(task.results[m]?.mistakes.map(({ image }) => image)).toEqual(wrong.slice(0, 50).map(({ image }) => image))
    }
    const [first, second] = [models[0], models[1]].map((one) =>
      rows.filter((row) => row.task === name && row.model === one?.name),
    ) as [Row[], Row[]]
    const right = (row: Row): boolean => row.label === row.predicted
    expect(task.mcnemar).toMatchObject({
      onlyFirst: first.filter((row, i) => right(row) && !right(second[i] as Row)).length,
      onlySecond: first.filter((row, i) => !right(row) && right(second[i] as Row)).length,
    })
  }
  report.models.forEach(({ accuracy, relativeAccuracy }, m) => {
    const results = report.tasks.map((task) => task.results[m] as TaskResult)
    expect(accuracy).toBe(results.reduce((sum, r) => sum + r.accuracy, 0) / tasks.length)
    expect(relativeAccuracy).toBe(results.reduce((sum, r) => sum + (r.relativeAccuracy as number), 0) / tasks.length)
  })
  expect(report.models[0]).toMatchObject({
    file: at('pretrained.safetensors'),
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    run: null,
  })

  const table = parse(reportCsv(report), { columns: true }) as Record<string, string>[]
  expect(table).toHaveLength(models.length * tasks.length)
  for (const row of table) {
    const result = report.tasks.find(({ name }) => name === row['task'])?.results[
      models.findIndex(({ name }) => name === row['model'])
    ]
    expect([Number(row['accuracy']), Number(row['correct']), Number(row['relative_accuracy'])]).toEqual([
      result?.accuracy,
      result?.correct,
      result?.relativeAccuracy,
    ])
  }
  expect(backend.memory().tensors).toBe(0)
})

test('a model in another layout is the same model, and an imported reference is what relative accuracy is over', async () => {
  const home = temporaryFolder()
  const source = await openSource(at('finetuned-alpha.safetensors'))
  const view = inLayout(canonical(await openTensorFile(source)), 'huggingface')
  const file = join(home, 'hf.safetensors')
  await writeModel(view, { out: file, overwrite: false, container: 'safetensors', metadata: {} })
  await source.close()
  const reference = { accuracy: 0.8, from: 'ft_accuracies.json, alphaVal' }
  const task = { ...goldenTask('alpha'), reference }
  const { tasks: found } = await evaluated({
    models: [model('own', at('finetuned-alpha.safetensors')), model('theirs', file)],
    tasks: [task],
  })
  const [own, theirs] = (found[0]?.results ?? []) as [TaskResult, TaskResult]
  expect({ ...theirs, mistakes: [] }).toEqual({ ...own, mistakes: [] })
  expect(own.relativeAccuracy).toBe(own.accuracy / 0.8)
  expect(found[0]?.reference).toEqual({ ...reference, how: 'imported' })
  expect(found[0]?.mcnemar).toMatchObject({ onlyFirst: 0, onlySecond: 0, p: 1 })
})

test("a data set's images come by name, with their groups and what could not be read; mistakes are pictures", async () => {
  const home = temporaryFolder()
  mkdirSync(join(home, 'images'))
  const lines = ['path,label,group']
  for (let i = 0; i < 12; i++) {
    const background = { r: 20 * i, g: 255 - 20 * i, b: 40 * (i % 5) }
    await sharp({ create: { width: 40, height: 30, channels: 3, background } })
      .png()
      .toFile(join(home, 'images', `${i}.png`))
    lines.push(`images/${i}.png,${i % 2},${i < 6 ? 'left' : 'right'}`)
  }
  writeFileSync(join(home, 'images', 'broken.png'), 'no image')
  writeFileSync(join(home, 'list.csv'), `${lines.join('\n')}\nimages/broken.png,0,left\n`)
  const weights = new Float32Array(2 * 64).map((_, i) => (i % 65 === 0 ? 1 : 0)) // rows e_0 and e_1
  await writeHead(join(home, 'head.safetensors'), weights, 2)
  const pool = imagePool(1)
  const out = join(home, 'predictions.csv')
  const report = await evaluated(
    {
      models: [model('pretrained')],
      tasks: [
        { name: 'colours', data: join(home, 'list.csv'), head: join(home, 'head.safetensors#head.two'), positive: 1 },
      ],
      predictions: { out, overwrite: false },
    },
    imageHost(null, pool),
  )
  await pool.close()
  const [task] = report.tasks
  const [result] = task?.results ?? []
  const rows = rowsOf(out)
  expect(rows.map(({ image, group }) => [image, group])).toEqual(
    Array.from({ length: 12 }, (_, i) => [`images/${i}.png`, i < 6 ? 'left' : 'right']),
  )
  expect(task?.classes).toEqual(['wren', 'rook'])
  expect(task?.images).toMatchObject({ count: 12, skippedCount: 1, skipped: [{ name: 'images/broken.png' }] })
  const share = (group: string): number => rows.filter((row) => row.group === group && row.predicted === '1').length / 6
  expect(result?.fairness?.parity).toEqual({
    gap: expect.closeTo(Math.abs(share('left') - share('right')), 14),
    class: 1,
  })
  expect(result?.fairness?.groups.map(({ group, images }) => [group, images])).toEqual([
    ['left', 6],
    ['right', 6],
  ])
  for (const { picture } of result?.mistakes ?? []) {
    const { format, width, height } = await sharp(Buffer.from(picture, 'base64')).metadata()
    expect({ format, width, height }).toEqual({ format: 'jpeg', width: 32, height: 32 })
  }
  expect(result?.mistakes).toHaveLength(12 - (result?.correct ?? 0))
  expect(result?.mistakes.length).toBeGreaterThan(0)
})

test.each([
  [
    'a head for features of another width',
    { tasks: [{ ...goldenTask('alpha'), head: 'head_8.safetensors#head.two' }] },
    'tensor-shape',
  ],
  ['a positive class that the head lacks', { tasks: [{ ...goldenTask('alpha'), positive: 99 }] }, 'label-range'],
  [
    'images that are not there',
    { tasks: [{ ...goldenTask('alpha'), data: at('tasks.safetensors#nothing') }] },
    'tensor-missing',
  ],
  ['a checkpoint that is none', { models: [model('data', at('tasks.safetensors'))] }, /tensor|format/],
  [
    'a reference that is none',
    { tasks: [{ ...goldenTask('alpha'), reference: { file: at('tasks.safetensors') } }] },
    /tensor|format/,
  ],
])('%s is refused by name, and nothing is written or left behind', async (_, change, code) => {
  const home = temporaryFolder()
  await writeHead(join(home, 'head_8.safetensors'), new Float32Array(16).fill(1), 2)
  const out = join(home, 'predictions.csv')
  const asked = {
    models: [model('pretrained')],
    tasks: [goldenTask('alpha')],
    predictions: { out, overwrite: false },
    ...change,
  } as EvaluationRequest
  const tasks = asked.tasks.map((task) => ({ ...task, head: task.head.replace(/^head_8/, join(home, 'head_8')) }))
  const error = await evaluated({ ...asked, tasks }).then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(BasilError)
  expect((error as BasilError).record.code).toMatch(code)
  expect(() => readFileSync(out)).toThrow()
  expect(backend.memory().tensors).toBe(0)
})

async function writeHead(file: string, weights: Float32Array, classes: number): Promise<void> {
  const how = { kind: 'zero-shot', scale: 100, normalised: true } as const
  const head = { weights, bias: null, classes, embed: weights.length / classes, ...how }
  const record = { name: 'two', ...how, classes: ['wren', 'rook'], model: null }
  await writeHeads([{ head, record }], file, false)
}
