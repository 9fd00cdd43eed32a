// The page of a report: what the paper printed stands beside the same set of tasks on a model of the same size, says
// that it is the paper's, and moves no number of ours; names are text wherever they stand.
import { join } from 'node:path'

import { expect, test } from 'vitest'

import type { EvaluationReport, TaskReport } from '../../../src-main/contract/api/evaluations.ts'
import { resultOf } from '../../../src-main/engine/evaluation/result.ts'
import { reportHtml } from '../../../src-main/workbench/evaluations/report/page.ts'
import { readPresets } from '../../../src-main/workbench/studies/presets/files.ts'

const presets = readPresets(join(import.meta.dirname, '../../../resources'))
const eight = ['cars', 'DTD', 'EuroSAT', 'GTSRB', 'MNIST', 'RESISC45', 'SUN397', 'SVHN'] // as somebody may write them

function task(name: string, odd = ''): TaskReport {
  const labels = Int32Array.of(0, 1, 1, 0)
  const images = { labels, groups: null, count: 4 }
  const told = { predicted: Int32Array.of(0, 1, 0, 0), confidence: Float64Array.of(0.9, 0.8, 0.7, 1), loss: 0.5 }
  const mistakes = [{ image: `${odd}.png`, label: 1, predicted: 0, confidence: 0.7, picture: 'AAAA' }]
  const result = { ...resultOf({ images, classes: 2, positive: null, reference: 0.9 }, told), mistakes }
  const reference = { accuracy: 0.9, how: 'imported' as const, from: `${odd}.json` }
  return {
    name,
    data: odd,
    head: odd,
    classes: [odd, 'rook'],
    images: null,
    reference,
    results: [result],
    mcnemar: null,
  }
}

function page(
  tasks: TaskReport[],
  architecture = 'ViT-B/32',
  odd = 'mine',
  split: EvaluationReport['split'] = 'test',
): string {
  const model = { name: odd, file: odd, sha256: null, run: null, iteration: null, linearised: false, architecture }
  const report: EvaluationReport = {
    split,
    models: [{ ...model, accuracy: 0.75, relativeAccuracy: 0.75 / 0.9 }],
    tasks,
  }
  return reportHtml(report, { evaluation: 3, created: '2026-01-02T03:04:05.000Z', openings: [], presets })
}

const tables = (html: string): string[] =>
  [...html.matchAll(/<table class="paper">.*?<\/table>/gs)].map(([text]) => text)

test("the eight tasks of addition on a ViT-B/32: the paper's table of that size, marked, under our own row", () => {
  const found = tables(page(eight.map((name) => task(name))))
  const addition = found.find((table) => table.includes('unsup. standard, aTLAS + DV-BASI')) ?? ''
  expect(addition).toContain('Paper, not ours')
  const cells = (row: string): string[] => [...row.matchAll(/<td[^>]*>(.*?)<\/td>/g)].map(([, cell]) => cell ?? '')
  const rows = [...addition.matchAll(/<tr[^>]*>.*?<\/tr>/gs)].map(([row]) => cells(row)).filter((row) => row.length > 0)
  expect(rows[0]).toEqual(['ours: mine', 'ViT-B/32', '75.0', '83.3'])
  expect(rows).toContainEqual(['unsup. standard, aTLAS + DV-BASI', 'ViT-B/32', '83.9', '92.8'])
  expect(rows.slice(1).every(([, size]) => size === 'ViT-B/32')).toBe(true)
  expect(addition.indexOf('ours: mine')).toBeLessThan(addition.indexOf('Paper, not ours'))
})

test('another set of tasks, a task more or less, or another architecture or split: nothing of the paper', () => {
  expect(tables(page(eight.slice(1).map((name) => task(name))))).toEqual([])
  expect(tables(page([...eight, 'mine'].map((name) => task(name))))).toEqual([])
  expect(
    tables(
      page(
        eight.map((name) => task(name)),
        'ViT, width 128, 2 layers',
      ),
    ),
  ).toEqual([])
  const names = eight.map((name) => task(name))
  expect(tables(page(names, 'ViT-B/32', 'mine', 'validation'))).toEqual([])
})

test('a single set is beside its own row of the refinements, and no other', () => {
  const [refinement = '', ...others] = tables(page([task('EuroSAT')]))
  expect(others).toEqual([])
  expect(refinement).toContain('99.7')
  expect(refinement.match(/class="quiet"/g)).toHaveLength(1)
})

test('names of tasks, models, classes, images and files are text', () => {
  const odd = '"><script>alert(1)</script>'
  const html = page([task(odd, odd)], 'ViT-B/32', odd)
  expect(html).not.toContain('<script')
  expect(html.split('&quot;&gt;&lt;script&gt;').length).toBeGreaterThan(8)
  expect(html.match(/<img /g)).toHaveLength(1)
})
