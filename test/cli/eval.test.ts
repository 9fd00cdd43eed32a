// basil eval as a person uses it: on the oracle's models and on the state of a run, which it measures as the run did.
// What is printed, what is in the page, the tables and the history are one and the same, means are over the rows that
// stand above them, and test data is not opened in silence.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { parse } from 'csv-parse/sync'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'

import type { EvaluationDetail, EvaluationReport } from '../../src-main/contract/api/evaluations.ts'
import { expected, folder, goldenExample } from '../golden/fixture.ts'
import { basilSync, type Outcome } from './terminal.ts'

const home = mkdtempSync(join(tmpdir(), 'basil-eval-'))
const names = ['alpha', 'beta'] as const
const taskOf = (name: string, as = name): string[] => [
  '--task',
  `${as}=tasks.safetensors#${name},tasks.safetensors#head.${name}`,
]

function basil(...args: string[]): Outcome & { json: () => ReturnType<typeof JSON.parse> } {
  const told = basilSync(args, { home: join(home, 'data'), cwd: home, env: { BASIL_BACKEND: 'wasm' } })
  return { ...told, json: () => JSON.parse(told.out) }
}

beforeAll(() => {
  for (const name of readdirSync(folder).filter((n) => !n.startsWith('expected')))
    copyFileSync(join(folder, name), join(home, name))
  copyFileSync(join(folder, 'tasks.safetensors'), join(home, 'heldout.safetensors'))
  writeFileSync(join(home, 'open_clip_config.json'), configuration)
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

const vision = { width: 128, layers: 2, patch_size: 8, head_width: 64 }
const configuration = JSON.stringify({ model_cfg: { quick_gelu: true, vision_cfg: vision } })

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length
const percent = (share: number): string => (100 * share).toFixed(1)
const textOf = (cell: string): string =>
  cell
    .replace(/<br>.*$/s, '')
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')

/** The cells of the page's first table, row by row. */
function summaryOf(page: string): string[][] {
  const table = /<table class="summary">(.*?)<\/table>/s.exec(page)?.[1] ?? ''
  return [...table.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row]) =>
    [...(row ?? '').matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, cell]) => textOf(cell ?? '')),
  )
}

test('two models on two tasks: the page, the tables and the terminal say the same, and their means are those of their rows', () => {
  const references = names.flatMap((name) => ['--reference', `${name}=finetuned-${name}.safetensors`])
  const models = ['--model', 'pretrained.safetensors,finetuned-alpha.safetensors']
  const given = [...models, ...names.flatMap((name) => taskOf(name)), ...references]
  const told = basil('eval', ...given, '--out', 'report')
  expect(told).toMatchObject({ code: 0, err: '' })
  expect(told.out).toContain('Test data of alpha is opened, which is kept on record; it was not opened before.')

  const { report, split } = JSON.parse(
    readFileSync(join(home, 'report', 'report.json'), 'utf8'),
  ) as EvaluationDetail & {
    report: EvaluationReport
  }
  expect(split).toBe('test')
  expect(report.tasks.map(({ results }) => results[0]?.accuracy)).toEqual(
    names.map((name) => expect.closeTo(expected.accuracy.pretrained[name], 14)),
  )

  const rows = parse(readFileSync(join(home, 'report', 'report.csv')), { columns: true }) as Record<string, string>[]
  const page = readFileSync(join(home, 'report', 'report.html'), 'utf8')
  const summary = summaryOf(page)
  const [head = [], last = []] = [summary[0], summary.at(-1)]
  expect(last[0]).toBe('Mean')
  report.models.forEach(({ name, accuracy, relativeAccuracy }) => {
    const mine = rows.filter((row) => row['model'] === name)
    expect(mine).toHaveLength(names.length)
    expect(accuracy).toBe(mean(mine.map((row) => Number(row['accuracy']))))
    expect(relativeAccuracy).toBe(mean(mine.map((row) => Number(row['accuracy']) / Number(row['reference']))))
    const column = head.indexOf(name)
    expect(summary.slice(1, -1).map((row) => row[column])).toEqual(mine.map((row) => percent(Number(row['accuracy']))))
    expect(last[column]).toBe(percent(accuracy))
    expect(last[column + 1]).toBe(percent(relativeAccuracy as number))
    expect(told.out.split('\n').find((line) => line.startsWith('mean'))).toContain(percent(accuracy))
  })
  const predictions = parse(readFileSync(join(home, 'report', 'predictions.csv')), { columns: true }) as Record<
    string,
    string
  >[]
  for (const row of rows) {
    const own = predictions.filter((p) => p['task'] === row['task'] && p['model'] === row['model'])
    expect(own.filter((p) => p['label'] === p['predicted']).length / own.length).toBe(Number(row['accuracy']))
  }
  const low = Number(rows[0]?.['low'])
  expect(told.out).toContain(`(${percent(low)}-`)
  expect(page).toContain(`${percent(low)}–`)

  const again = basil('eval', ...given, '--out', 'report')
  expect(again.code).toBe(1)
  expect(again.err).toContain('already there')
  const replaced = basil(
    'eval',
    '--model',
    'pretrained.safetensors',
    ...taskOf('alpha'),
    '--out',
    'report',
    '--overwrite',
  )
  expect(replaced.code).toBe(0)
  expect(replaced.out).toContain(
    'Test data of alpha is opened, which is kept on record; opened before by evaluation 1.',
  )
})

test('how each model is computed is in the report; where nothing says it, a warning comes before the numbers, and an option says it', () => {
  const bare = join(home, 'bare')
  mkdirSync(bare)
  copyFileSync(join(home, 'pretrained.safetensors'), join(bare, 'pretrained.safetensors'))
  const given = ['--model', join(bare, 'pretrained.safetensors'), ...taskOf('alpha'), '--split', 'validation']
  const guessed = basil('eval', ...given, '--out', 'guessed')
  expect(guessed.err).toMatch(
    /^WARNING: pretrained.safetensors: nothing says how its image tower is computed.*"attentionHeads" and "activation"/,
  )
  expect(readFileSync(join(home, 'guessed', 'report.html'), 'utf8')).toContain(
    'nothing says how its image tower is computed',
  )
  const said = basil('eval', ...given, '--attention-heads', '4', '--activation', 'gelu', '--json')
  expect(said.err).toBe('')
  const { tower } = said.json().report.models[0]
  expect(tower.heads).toEqual({ value: 4, from: 'the configuration', assumed: false })
  expect(said.json().report.tasks[0].results[0].loss).not.toBe(
    JSON.parse(readFileSync(join(home, 'guessed', 'report.json'), 'utf8')).report.tasks[0].results[0].loss,
  )
  expect(basil('eval', ...given, '--attention-heads', '3')).toMatchObject({
    code: 2,
    err: expect.stringContaining('3 attention heads do not divide'),
  })
  const decided = basil('eval', ...given, '--pretrained', 'pretrained.safetensors', '--json').json().report.models[0]
  expect(decided).toMatchObject({
    tower: { heads: { value: 2, from: 'open_clip_config.json beside pretrained.safetensors' } },
    warnings: [],
  })
})

test('a task may be called anything: in the page it is a name, and the page fetches nothing and runs nothing', () => {
  const name = '<script>alert(1)</script>'
  expect(
    basil(
      'eval',
      '--model',
      'pretrained.safetensors',
      ...taskOf('gamma', name),
      '--split',
      'validation',
      '--out',
      'odd',
    ).code,
  ).toBe(0)
  const page = readFileSync(join(home, 'odd', 'report.html'), 'utf8')
  expect(page).not.toContain('<script')
  expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
  expect(summaryOf(page)[1]?.[0]).toBe(name)
  expect(page.replaceAll(/src="data:[^"]*"/g, '')).not.toMatch(/\b(src|href)=|https?:|@import|url\(/)
  expect(page).not.toContain('Test data was opened')
})

test('the state of a run is measured as the run measured it, a linearised one too, and each opening of test data knows those before', () => {
  const short = { ...goldenExample, start: { method: 'atlas', steps: 3 }, iterations: 1, steps: 2, testEach: true }
  const tested = short.tasks.slice(0, 2).map((task) => ({ ...task, test: task.data.replace('tasks', 'heldout') }))
  for (const [i, linearised] of ['no', 'jvp'].entries()) {
    writeFileSync(join(home, 'run.json'), JSON.stringify({ ...short, tasks: tested, linearised }))
    expect(basil('run', 'run.json', '--json').code).toBe(0)
    const run = String(i + 1)
    const shown = basil('show', run, '--json').json()
    for (const iteration of linearised === 'no' ? [0, 1] : [1]) {
      const stage = shown.evaluations.find(
        (e: { split: string; stage: number }) => e.split === 'test' && e.stage === iteration,
      )
      const { report, openings } = basil('eval', '--run', run, '--iteration', String(iteration), '--json').json()
      expect(report.models[0]).toMatchObject({ run: i + 1, iteration, linearised: linearised === 'jvp', file: null })
      for (const [t, task] of report.tasks.entries()) {
        expect(task.results[0].accuracy).toBe(stage.tasks[t].accuracy)
        expect(Math.abs(task.results[0].loss / stage.tasks[t].loss - 1)).toBeLessThan(1e-6)
        expect(task.results[0].relativeAccuracy).toBe(stage.tasks[t].relativeAccuracy)
      }
      expect(openings).toContainEqual(expect.objectContaining({ task: 'alpha', run: i + 1, evaluation: null }))
    }
  }
})

test('over lambda, from the pre-trained model to what a run found: accuracy and fairness of each, with groups from a list', async () => {
  const lines = ['path,label,group']
  for (let i = 0; i < 12; i++) {
    const background = { r: 20 * i, g: 255 - 20 * i, b: 40 * (i % 5) }
    const picture = sharp({ create: { width: 32, height: 32, channels: 3, background } })
    await picture.png().toFile(join(home, `picture-${i}.png`))
    lines.push(`picture-${i}.png,${i % 2},${i % 3 ? 'left' : 'right'}`)
  }
  writeFileSync(join(home, 'list.csv'), `${lines.join('\n')}\n`)
  const { start: _, iterations: __, ...shared } = goldenExample
  const searched = { ...shared, method: 'task-arithmetic', steps: undefined, initialCoefficient: undefined }
  writeFileSync(
    join(home, 'search.json'),
    JSON.stringify({ ...searched, learningRate: undefined, weightDecay: undefined }),
  )
  const { run } = JSON.parse(basil('run', 'search.json', '--json').out.split('\n')[0] ?? '')
  const task = ['--task', 'pictures=list.csv,tasks.safetensors#head.alpha', '--split', 'validation']
  const given = ['--run', String(run), '--lambda', '0:1:0.5', ...task, '--positive', 'pictures=1', '--out', 'sweep']
  const told = basil('eval', ...given)
  expect(told).toMatchObject({ code: 0, err: '' })
  const { report } = JSON.parse(readFileSync(join(home, 'sweep', 'report.json'), 'utf8')) as {
    report: EvaluationReport
  }
  expect(report.models.map(({ lambda, name }) => [lambda, name])).toEqual([0, 0.5, 1].map((l) => [l, `λ = ${l}`]))
  const rows = parse(readFileSync(join(home, 'sweep', 'report.csv')), { columns: true }) as Record<string, string>[]
  const predictions = parse(readFileSync(join(home, 'sweep', 'predictions.csv')), { columns: true }) as Record<
    string,
    string
  >[]
  for (const [m, { name, lambda }] of report.models.entries()) {
    const own = predictions.filter((row) => row['model'] === name)
    const share = (group: string, label?: string): number => {
      const mine = own.filter((row) => row['group'] === group && (label === undefined || row['label'] === label))
      return mine.filter((row) => row['predicted'] === '1').length / mine.length
    }
    const gap = (label?: string): number => Math.abs(share('left', label) - share('right', label))
    const odds = Math.max(gap('1'), Math.max(...['0'].map(gap)))
    expect(report.tasks[0]?.results[m]?.fairness?.parity.gap).toBeCloseTo(gap(), 14)
    expect(report.tasks[0]?.results[m]?.fairness?.odds.gap).toBeCloseTo(odds, 14)
    expect(rows.find((row) => row['model'] === name)).toMatchObject({ lambda: String(lambda) })
    expect(Number(rows.find((row) => row['model'] === name)?.['parity_gap'])).toBeCloseTo(gap(), 14)
  }
  const plain = basil('eval', '--model', 'pretrained.safetensors', ...task, '--json').json().report as EvaluationReport
  expect(report.tasks[0]?.results[0]).toMatchObject({
    accuracy: plain.tasks[0]?.results[0]?.accuracy,
    confusion: plain.tasks[0]?.results[0]?.confusion,
  })
  expect(told.out).toMatch(/lambda +accuracy +DPD +EOD/)
  expect(readFileSync(join(home, 'sweep', 'report.html'), 'utf8')).toContain('Over λ')
  expect(basil('eval', '--model', 'pretrained.safetensors', '--lambda', '0,1', ...task).err).toContain('name one run')
})

test('what fails is kept as failed, with its reason, and no page of it is written', () => {
  const refused = basil(
    'eval',
    '--model',
    'pretrained.safetensors',
    '--task',
    'alpha=tasks.safetensors#none,tasks.safetensors#head.alpha',
    '--out',
    'none',
    '--json',
  )
  expect(refused).toMatchObject({ code: 3 })
  expect(refused.json().error).toMatchObject({ code: 'tensor-missing' })
  expect(existsSync(join(home, 'none', 'report.html'))).toBe(false)
})
