// basil merge --report in 100 columns: how much is merged, the vectors, their cosines and what these hint at, a line a
// layer, why anything was not computed, and what should be known before. --json has every matrix.
import { basename } from 'node:path'

import type { MergeReportRequest } from '../contract/merges/report.ts'
import { isThere, type LayerReport, type MergeReport } from '../contract/merges/report.ts'
import { layerRow, notComputed } from '../contract/merges/report-rows.ts'
import { needsBase } from '../contract/merges/step.ts'
import type { Recipe } from '../contract/run/recipe.ts'
import { findingLine } from './compare.ts'

export function requestOf(
  { pretrained, vectors, steps, missing }: Recipe,
  { fast, full }: { fast?: boolean; full?: boolean },
): MergeReportRequest {
  return {
    pretrained: needsBase(steps) ? pretrained.file : null,
    vectors: vectors.map(({ file }) => file),
    spectra: fast ? 'none' : full ? 'all' : 'sampled',
    ...(missing && { missing }),
  }
}

/** Whether the merge would be refused. */
export function standsAgainst({ findings, coverage }: MergeReport): boolean {
  return (
    findings.some(({ level }) => level === 'error') ||
    !isThere(coverage) ||
    coverage.some((one) => one.fate === 'refused')
  )
}

export function reportLines(report: MergeReport): string[] {
  const { findings } = report
  return [
    ...wrapped(coverageLine(report)),
    '',
    ...vectorLines(report),
    ...hintLines(report),
    '',
    ...layerLines(report),
    ...notComputed(report.layers).flatMap((line) => wrapped(`${line}${/unasked/.test(line) ? ' (--full)' : ''}`)),
    ...(findings.length ? ['', ...findings.map(findingLine)] : []),
  ]
}

function coverageLine({ coverage }: MergeReport): string {
  if (!isThere(coverage)) return `tensors: not counted: ${coverage.skipped}`
  const parts = coverage.map(({ fate, tensors, elements }) => `${tensors} ${fate} (${inShort(elements)} elements)`)
  return `tensors: ${parts.join(', ')}`
}

const shown = 9 // cosines of a row

function vectorLines({ of, vectors, cosines }: MergeReport): string[] {
  const names = distinct(vectors.map(({ file }) => file))
  const width = Math.max(6, ...names.map((name) => name.length))
  const isMatrix = isThere(cosines) && cosines.length <= shown
  const sizes = vectors.map(({ norm, relative }) =>
    [figure(norm), isThere(relative) ? `${percent(relative)} %` : '-'].map(cell),
  )
  const title = of === 'models' ? ['|theta|', 'of base'] : ['|tau|', 'of base']
  const rows = vectors.map((_, i) => [...(sizes[i] ?? []), ...(isMatrix ? [cosineCells(cosines[i] ?? [])] : [])])
  return [
    [''.padEnd(width), ...title.map(cell), ...(isMatrix ? ['   cosines'] : [])].join(''),
    ...rows.map((cells, i) => [(names[i] ?? '').padEnd(width), ...cells].join('')),
    ...(isThere(cosines) && !isMatrix ? [`cosines: ${spanOf(offDiagonal(cosines))}; --json has all`] : []),
    ...(isThere(cosines) ? [] : [`cosines: not computed: ${cosines.skipped}`]),
  ]
}

const cosineCells = (row: readonly number[]): string => `  ${row.map((c) => c.toFixed(3).padStart(7)).join('')}`

function hintLines({ hint }: MergeReport): string[] {
  if (!isThere(hint)) return [`hint: none: ${hint.skipped}`]
  const { relation, threshold, words } = hint
  const how = `Li et al. 2025; above ${threshold} aligned, below -${threshold} contradictory, by our reading`
  return wrapped(`hint, no more: ${relation}: ${words} (${how})`)
}

/** In lines of at most 100 columns. */
function wrapped(text: string): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + 1 + word.length > 100) lines.push(last === undefined ? word : `  ${word}`)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}

const columns = ['elements', '|v| least', 'most', 'cos least', 'most', 'signs', 'rank', 'overlap']

function layerLines({ layers, conflicts }: MergeReport): string[] {
  const width = Math.max(5, ...layers.map(({ layer }) => layer.length))
  const row = (name: string, cells: readonly string[]): string => `${name.padEnd(width)}${cells.map(cell).join('')}`
  return [
    row('layer', columns),
    ...layers.map((layer) => row(layer.layer, layerCells(layer))),
    isThere(conflicts) ? `signs: share of elements that vectors move both ways; ${percent(conflicts)} % of all` : '',
    'rank: mean effective rank of its matrices, in % of the shorter side',
    "overlap: |(U'U - I) S (V'V - I)|_1 / |S|_1 of the leading singular vectors, as TSV-M keeps them",
  ].filter(Boolean)
}

function layerCells(report: LayerReport): string[] {
  const { elements, norms, cosines, conflicts, rank, overlap } = layerRow(report)
  const ends = (range: [number, number] | null, word: (x: number) => string): string[] => range?.map(word) ?? ['-', '-']
  const share = (x: number | null): string => (x === null ? '-' : `${percent(x)} %`)
  return [
    inShort(elements),
    ...ends(norms, figure),
    ...ends(cosines, (c) => c.toFixed(3)),
    share(conflicts),
    share(rank),
    overlap === null ? '-' : figure(overlap),
  ]
}

const offDiagonal = (cosines: readonly (readonly number[])[]): number[] => cosines.flatMap((row, i) => row.slice(0, i))

const spanOf = (values: readonly number[]): string =>
  `${Math.min(...values).toFixed(3)} to ${Math.max(...values).toFixed(3)}`

/** File names, with their folders where several are alike. */
function distinct(files: readonly string[]): string[] {
  const names = files.map((file) => basename(file))
  if (new Set(names).size === names.length) return names.map((name) => name.slice(-28))
  return files.map((file) => file.split(/[/\\]/).slice(-2).join('/').slice(-28))
}

const cell = (text: string): string => text.padStart(10)
const figure = (value: number): string => value.toPrecision(3)
const percent = (share: number): string => (100 * share).toFixed(1)

/** "87.8M" */
function inShort(count: number): string {
  for (const [unit, size] of [
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ] as const)
    if (count >= size) return `${(count / size).toFixed(1)}${unit}`
  return String(count)
}
