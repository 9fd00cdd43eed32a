// What the paper printed for the same set of tasks, beside what was measured: always said to be the paper's, never
// mixed with our rows, and only of models of the same size. A table of means stands beside an evaluation of all its
// sets and no others, a row of a single set beside that set.
import type { EvaluationReport } from '../../../contract/api/evaluations.ts'
import { type Html, html, percent } from '../../../contract/markup.ts'
import type { Presets } from '../../studies/presets/files.ts'

type Printed = Pick<Presets, 'presets' | 'paper'>
type Preset = Presets['presets'][number]
type Table = Presets['paper']['tables'][string]

const called = {
  finetuned: 'fine-tuned',
  accuracy: 'accuracy',
  relativeAccuracy: 'relative',
  control: 'control',
} as const

export function papersFor(report: EvaluationReport, { presets, paper }: Printed): (Html | null)[] {
  const sizes = [
    ...new Set(report.models.map(({ architecture }) => /^ViT-([BLH]\/\d+)$/.exec(architecture)?.[1] ?? '')),
  ]
  return presets.flatMap((preset) => {
    const table = paper.tables[preset.name]
    const rows = table && fits(report, preset) ? rowsFor(report, preset, table, sizes) : []
    return table && rows.length > 0 ? [printed(report, preset.name, table, rows, paper)] : []
  })
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

function fits({ tasks, split }: EvaluationReport, { kind, sets }: Preset): boolean {
  const isIn = ({ name }: { name: string }): boolean => sets.some((set) => same(set, name))
  if (split !== 'test') return false // the paper's are of test data
  if (kind === 'refinement') return tasks.length === 1 && tasks.every(isIn)
  return (kind === 'addition' || kind === 'adaptation') && tasks.length === new Set(sets).size && tasks.every(isIn)
}

interface Row {
  row: string
  size: string
  values: number[]
}

function rowsFor({ tasks }: EvaluationReport, { kind }: Preset, { rows }: Table, sizes: readonly string[]): Row[] {
  const mine = kind === 'refinement' ? rows.filter(({ row }) => same(row, tasks[0]?.name ?? '')) : rows
  return sizes.flatMap((size) =>
    mine.flatMap(({ row, models }) => (models[size] ? [{ row, size, values: models[size] }] : [])),
  )
}

function printed(
  { models }: EvaluationReport,
  name: string,
  { title, figures }: Table,
  rows: readonly Row[],
  { source, remarks }: Printed['paper'],
): Html {
  const ours = (model: EvaluationReport['models'][number], figure: (typeof figures)[number]): number | null =>
    figure === 'accuracy' ? model.accuracy : figure === 'relativeAccuracy' ? model.relativeAccuracy : null
  return html`<h2>${name}: ${title}</h2>
<div class="panel"><table class="paper"><thead><tr><th></th><th class="left">model</th>${figures.map((figure) => html`<th>${called[figure]}</th>`)}</tr></thead>
<tbody>${models.map(
    (model) =>
      html`<tr><td>ours: ${model.name}</td><td class="left">${model.architecture}</td>${figures.map((figure) => html`<td>${percent(ours(model, figure))}</td>`)}</tr>`,
  )}</tbody>
<tbody><tr><th colspan="${figures.length + 2}">Paper, not ours (${source})</th></tr>${rows.map(
    ({ row, size, values }) =>
      html`<tr class="quiet"><td>${row}</td><td class="left">ViT-${size}</td>${figures.map((_, i) => html`<td>${values[i]?.toFixed(1) ?? '–'}</td>`)}</tr>`,
  )}</tbody></table></div>
${remarks.filter((remark) => remark.startsWith(`${name}:`)).map((remark) => html`<p class="quiet">${remark}</p>`)}`
}
