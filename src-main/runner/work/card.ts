// The card beside an exported model: Markdown that says what it is, how to load it, how it was made and what it was measured to do.
// The words around are resources/model-card.md; what is filled in comes from history and from the written file. Every mean is
// computed here from the rows above it. Files are named, never placed: a card is published, the machine it was made on is not.
import { existsSync, readFileSync } from 'node:fs'
import { basename, extname } from 'node:path'

import type { Description, Form } from '../../contract/checkpoint.ts'
import { leakMark, leakReason } from '../../contract/data/leaks.ts'
import type { Exported, Recipe } from '../../contract/recipe.ts'
import type { Evaluation, RunDetail, TaskScore } from '../../contract/run.ts'
import { settingsLine } from '../../contract/tower.ts'
import { fromNumbers } from '../../engine/coefficients/table.ts'
import { collapse } from '../../engine/weights/merge.ts'
import type { ImageCounts } from '../../history/runs.ts'
import { loadingLines } from './card-loading.ts'

interface Carded {
  detail: RunDetail
  images: ImageCounts[]
  recipe: Recipe
  exported: Exported
  written: Description // of the exported file
  form: Form
}

/** model.safetensors: model.md */
export function cardName(file: string): string {
  return `${file.slice(0, file.length - extname(file).length)}.md`
}

/** Whether the file there is a card of ours; not, where there is none. */
export function isCard(path: string): boolean {
  return existsSync(path) && /^---\nlicense: other\n[\s\S]{0,200}^tags: \[basil, /m.test(readFileSync(path, 'utf8').slice(0, 1000))
}

export function cardOf(template: string, carded: Carded): string {
  const parts: Record<string, string> = {
    title: plain(carded.recipe.name),
    method: carded.recipe.method,
    what: whatItIs(carded),
    loading: loading(carded),
    recipe: recipeTable(carded),
    coefficients: coefficientTable(carded.recipe),
    parents: parentTable(carded),
    data: dataTables(carded),
    accuracy: accuracyTable(carded),
    selection: selection(carded),
  }
  return template.replace(/\{\{(\w+)\}\}/g, (_, name: string) => parts[name] ?? '')
}

function whatItIs({ recipe, written, exported, form }: Carded): string {
  const architecture = plain(written.architecture?.name ?? 'unknown architecture')
  const state = recipe.iteration === 0 ? 'the start' : `iteration ${recipe.iteration}`
  const epoch = recipe.epoch === null ? '' : `, epoch ${recipe.epoch}`
  const linearised = recipe.linearised
    ? '\n\nThe run saw these weights to first order around the pre-trained model: its features are f(x; pre-trained) + J(x; pre-trained) (weights - pre-trained), and the accuracies below are theirs. Loaded as an ordinary model, it computes something else.'
    : ''
  return [
    `A CLIP model (${architecture}) that Basil merged out of ${recipe.vectors.length} fine-tuned models of one pre-trained model by ${recipe.method}: the state after ${state}${epoch}.`,
    `The file \`${basename(exported.file)}\` has ${exported.tensors} tensors (${written.layout} layout, ${written.dtype ?? 'no floating type'}, ${form.container}) in ${exported.bytes} bytes, SHA-256 \`${exported.sha256}\`.${linearised}`,
  ].join('\n')
}

function loading({ exported, written, form }: Carded): string {
  const lines = loadingLines({ file: basename(exported.file), container: form.container, written })
  return ['```python', ...lines, '```'].join('\n')
}

function recipeTable({ detail, recipe }: Carded): string {
  const { config, engines, iterations, start } = detail
  const accepted = iterations.filter((stage) => stage.accepted).length
  return table(
    ['', ''],
    [
      ['method', config.method],
      ...(start ? [['start', `${start.method}, ${start.epochsPlanned} epochs of ${start.stepsPerEpoch} steps`]] : []),
      ...(iterations.length ? [['iterations', `${iterations.length}, of which ${accepted} were accepted`]] : []),
      ['objective', config.objective],
      ...(config.tower ? [['computed with', plain(settingsLine(config.tower))]] : []),
      [
        'coefficients',
        { tensor: 'one per vector and tensor', layer: 'one per vector and layer', scalar: 'one per vector' }[recipe.grouping],
      ],
      ['seed', String(config.seed)],
      ['engine', engines.map(({ engine }) => `${engine.name} (${versions(engine.versions)})`).join('; ') || 'not recorded'],
    ],
  )
}

const versions = (of: Record<string, string>): string =>
  Object.entries(of)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')

/** Of what the vectors are finally multiplied by: the start's coefficient times every iteration's (1 + lambda). */
function coefficientTable({ start, iterations, vectors }: Recipe): string {
  const collapsed = collapse(
    fromNumbers(start),
    iterations.map((row) => Float64Array.from(row)),
  )
  const short = (value: number): string => value.toFixed(4)
  return table(
    ['coefficients of', 'smallest', 'mean', 'largest'],
    collapsed.map((row, t) => [
      plain(vectors[t]?.name ?? ''),
      short(row.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)),
      short(meanOf([...row]) ?? Number.NaN),
      short(row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)),
    ]),
  )
}

function parentTable({ recipe }: Carded): string {
  const rows = [recipe.pretrained, ...recipe.vectors].map(({ name, sha256 }, i) => [
    i ? 'fine-tuned' : 'pre-trained',
    plain(name),
    `\`${sha256}\``,
  ])
  return table(['role', 'file', 'SHA-256'], rows)
}

function dataTables({ detail, images }: Carded): string {
  const counts = images.map((i) => [i.task, i.classes, i.training, i.validation, i.test].map((value) => plain(String(value))))
  const files = detail.parents.filter(({ role }) => role === 'data').map(({ name, sha256 }) => [plain(name), `\`${sha256}\``])
  return [
    table(['task', 'classes', 'learning images', 'validation images', 'test images'], counts),
    table(['file', 'SHA-256'], files),
  ].join('\n\n')
}

function accuracyTable({ detail, recipe }: Carded): string {
  const split = detail.evaluatedOn
  if (split === null || recipe.epoch !== null) return 'This state was not measured.'
  const scores = (wanted: (e: Evaluation) => boolean): Map<string, TaskScore> => {
    const found = detail.evaluations.find((e) => e.split === split && wanted(e))
    return new Map(found?.tasks.map((score) => [score.task, score]))
  }
  const models = [
    scores((e) => e.model === 'pretrained'),
    scores((e) => e.model === 'finetuned'),
    scores((e) => (recipe.iteration === 0 ? e.model === 'start' : e.model === 'iteration' && e.stage === recipe.iteration)),
  ] as const
  const [pretrained, finetuned, merged] = models
  const rows = detail.config.tasks.map(({ name }) => ({
    name,
    values: [
      pretrained.get(name)?.accuracy,
      pretrained.get(name)?.relativeAccuracy,
      finetuned.get(name)?.accuracy,
      merged.get(name)?.accuracy,
      merged.get(name)?.relativeAccuracy,
    ].map((value) => value ?? null),
  }))
  const means = [0, 1, 2, 3, 4].map((column) => meanOf(rows.map(({ values }) => values[column] ?? null)))
  const percent = (share: number | null): string => (share === null ? '-' : (100 * share).toFixed(1))
  return [
    `In %, on ${split === 'test' ? 'test' : 'learning'} data; relative to each task's own fine-tuned model.`,
    '',
    table(
      ['task', 'pre-trained', 'relative', 'fine-tuned', 'this model', 'relative'],
      [...rows, { name: 'mean', values: means }].map(({ name, values }) => [plain(name), ...values.map(percent)]),
    ),
  ].join('\n')
}

function selection({ detail, recipe }: Carded): string {
  const { select } = detail.config
  const by = {
    'training-loss': 'its loss on the learning data',
    'validation-loss': 'validation loss',
    'validation-accuracy': 'validation accuracy',
  }[select]
  const state =
    recipe.epoch === null
      ? `Of every stage the state with the best ${by.replace('its ', '')} was kept, and an iteration was accepted only where it was better than its own start.`
      : `A person chose this state: epoch ${recipe.epoch} of ${recipe.iteration === 0 ? 'the start' : `iteration ${recipe.iteration}`}. The run itself chose by ${by}.`
  const { objective, tasks } = detail.config
  if (detail.leaks.every(({ unlabelled }) => unlabelled) && objective !== 'cross-entropy' && tasks.some((task) => task.data === task.test))
    return `${state} Images of the test data were learned on, without their labels, which were opened once, at the end, and selected nothing.`
  if (detail.leaks.length > 0) return `${state} **Mark: ${leakMark}.** ${plain(leakReason(detail.leaks))}.`
  return detail.evaluatedOn === 'test'
    ? `${state} Test data was opened once, at the end, and selected nothing.`
    : `${state} There was no test data.`
}

/** null where one is. */
function meanOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null)
  return known.length === values.length && known.length > 0 ? known.reduce((a, b) => a + b, 0) / known.length : null
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** A name as text: what Markdown and HTML would take for marks stands behind a backslash, line ends become spaces. */
function plain(name: string): string {
  return name.replace(/\s+/g, ' ').replace(/[\\`*_[\]<>|#$]/g, '\\$&')
}
