// What the cards of all models have alike, however they were made: how to load the file, how much of each vector it is
// made of, and its parents. Files are named, never placed: a card is published, the machine it was made on is not.
import { basename } from 'node:path'

import type { Description, Form } from '../../contract/checkpoint.ts'
import { needsBase } from '../../contract/merges/step.ts'
import { effectiveCoefficients, spanOf } from '../../contract/run/coefficients.ts'
import type { Exported, Recipe } from '../../contract/run/recipe.ts'
import { loadingLines } from './card-loading.ts'

/** A model that was written. */
export interface WrittenModel {
  recipe: Recipe
  exported: Exported
  written: Description // of the exported file
  form: Form
}

/** The template's {{parts}}; what it has and nobody says stays empty. */
export function filled(template: string, parts: Record<string, string>): string {
  return template.replace(/\{\{(\w+)\}\}/g, (_, name: string) => parts[name] ?? '')
}

/** Parts of the template that follow from the model alone. */
export function modelParts(model: WrittenModel): Record<string, string> {
  const { recipe } = model
  return {
    title: plain(recipe.name),
    method: recipe.method,
    loading: loading(model),
    coefficients: coefficientTable(recipe),
    parents: parentTable(recipe),
  }
}

/** Which file it is. */
export function fileSentence({ exported, written, form }: WrittenModel): string {
  return `The file \`${basename(exported.file)}\` has ${exported.tensors} tensors (${written.layout} layout, ${written.dtype ?? 'no floating type'}, ${form.container}) in ${exported.bytes} bytes, SHA-256 \`${exported.sha256}\`.`
}

function loading({ exported, written, form }: WrittenModel): string {
  const lines = loadingLines({ file: basename(exported.file), container: form.container, written })
  return ['```python', ...lines, '```'].join('\n')
}

/** Of what every vector is finally multiplied by, over all blocks. */
function coefficientTable(recipe: Recipe): string {
  const rows = effectiveCoefficients(recipe).map(({ name, values }) => {
    const { smallest, mean, largest } = spanOf(values)
    return [plain(name), ...[smallest, mean, largest].map((value) => value.toFixed(4))]
  })
  return table(['coefficients of', 'smallest', 'mean', 'largest'], rows)
}

function parentTable({ pretrained, vectors, steps }: Recipe): string {
  const row = (role: string, { name, sha256 }: Recipe['pretrained']): string[] => [role, plain(name), `\`${sha256}\``]
  const rows = needsBase(steps)
    ? [row('pre-trained', pretrained), ...vectors.map((vector) => row('fine-tuned', vector))]
    : vectors.map((model) => row('model', model))
  return table(['role', 'file', 'SHA-256'], rows)
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** A name as text: what Markdown and HTML would take for marks stands behind a backslash, line ends become spaces. */
export function plain(name: string): string {
  return name.replace(/\s+/g, ' ').replace(/[\\`*_[\]<>|#$]/g, '\\$&')
}
