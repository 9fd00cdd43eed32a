// The card of a run's model: Markdown that says what it is, how to load it, how it was made and what it was
// measured to do. The words around are resources/model-card.md; what is filled in comes from history and from the
// written file. Every mean is computed here from the rows above it.
import { leakMark, leakReason } from '../../contract/data/leaks.ts'
import { stepInWords } from '../../contract/merges/step.ts'
import { objectiveCard } from '../../contract/objectives/lookup.ts'
import type { ResolvedConfig } from '../../contract/run/config.ts'
import { differenceVectorNotes } from '../../contract/run/difference-vector.ts'
import { mean } from '../../contract/run/means.ts'
import type { Recipe } from '../../contract/run/recipe.ts'
import type { Evaluation, RunDetail, TaskScore } from '../../contract/run/run.ts'
import { settingsLine } from '../../contract/tower.ts'
import type { ImageCounts } from '../../history/runs.ts'
import { fileSentence, filled, modelParts, plain, table, type WrittenModel } from './card-model.ts'

interface Carded extends WrittenModel {
  detail: RunDetail
  images: ImageCounts[]
}

export function cardOf(template: string, carded: Carded): string {
  return filled(template, {
    ...modelParts(carded),
    tags: `basil, clip, model-merging, ${carded.recipe.method}`,
    what: whatItIs(carded),
    recipe: recipeTable(carded),
    data: dataTables(carded),
    accuracy: accuracyTable(carded),
    selection: selection(carded),
  })
}

function whatItIs(carded: Carded): string {
  const { recipe, written, exported } = carded
  const architecture = plain(written.architecture?.name ?? 'unknown architecture')
  const state = recipe.iteration === 0 ? 'the start' : `iteration ${recipe.iteration}`
  const epoch = recipe.epoch === null ? '' : `, epoch ${recipe.epoch}`
  const linearised = recipe.linearised
    ? '\n\nThe run saw these weights to first order around the pre-trained model: its features are f(x; pre-trained) + J(x; pre-trained) (weights - pre-trained), and the accuracies below are theirs. Loaded as an ordinary model, it computes something else.'
    : ''
  const rounded = exported.rounded?.length
    ? ` Its merged numbers were rounded to ${exported.rounded.join(', ')}; the run computed with float32.`
    : ''
  return [
    `A CLIP model (${architecture}) that Basil merged out of ${recipe.vectors.length} fine-tuned models of one pre-trained model by ${recipe.method}: the state after ${state}${epoch}.`,
    `${fileSentence(carded)}${rounded}${linearised}`,
  ].join('\n')
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
      ...(config.control === 'none' ? [] : [['control', controls[config.control]]]),
      ...(recipe.steps.length ? [['vectors', plain(recipe.steps.map(stepInWords).join(', then '))]] : []),
      ['objective', config.objective],
      ...(config.tower ? [['computed with', plain(settingsLine(config.tower))]] : []),
      [
        'coefficients',
        { tensor: 'one per vector and tensor', layer: 'one per vector and layer', scalar: 'one per vector' }[
          recipe.grouping
        ],
      ],
      ['seed', String(config.seed)],
      [
        'engine',
        engines.map(({ engine }) => `${engine.name} (${versions(engine.versions)})`).join('; ') || 'not recorded',
      ],
    ],
  )
}

/** What stood in for the iterations of DV-BASI. */
const controls: Record<Exclude<ResolvedConfig['control'], 'none'>, string> = {
  isotropic: 'isotropic: one factor for all blocks',
  restart: "restart: the start's coefficients left free, added to in every iteration",
  random: 'random: directions of the norm of the difference vector in every block, one an iteration',
}

const versions = (of: Record<string, string>): string =>
  Object.entries(of)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')

function dataTables({ detail, images }: Carded): string {
  const counts = images.map((i) =>
    [i.task, i.classes, i.training, i.validation, i.test].map((value) => plain(String(value))),
  )
  const files = detail.parents
    .filter(({ role }) => role === 'data')
    .map(({ name, sha256 }) => [plain(name), `\`${sha256}\``])
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
    scores((e) => isOfState(e, detail, recipe)),
  ] as const
  const [pretrained, finetuned, merged] = models
  const rows = detail.config.tasks.map(({ name, aim }) => ({
    name: aim === 'learn' ? name : `${name} (to ${aim})`,
    aim,
    values: [
      pretrained.get(name)?.accuracy,
      pretrained.get(name)?.relativeAccuracy,
      finetuned.get(name)?.accuracy,
      merged.get(name)?.accuracy,
      merged.get(name)?.relativeAccuracy,
    ].map((value) => value ?? null),
  }))
  const meanRow = (name: string, of: typeof rows): { name: string; values: (number | null)[] } => ({
    name,
    values: [0, 1, 2, 3, 4].map((column) => mean(of.map(({ values }) => values[column] ?? null))),
  })
  const [forgotten, counted] = [rows.filter(({ aim }) => aim === 'forget'), rows.filter(({ aim }) => aim !== 'forget')]
  const means = forgotten.length
    ? [meanRow('mean of tasks to keep', counted), meanRow('mean of tasks to forget', forgotten)]
    : [meanRow('mean', counted)]
  const percent = (share: number | null): string => (share === null ? '-' : (100 * share).toFixed(1))
  return [
    `In %, on ${split === 'test' ? 'test' : 'learning'} data; relative to each task's own fine-tuned model.`,
    '',
    table(
      ['task', 'pre-trained', 'relative', 'fine-tuned', 'this model', 'relative'],
      [...rows, ...means].map(({ name, values }) => [plain(name), ...values.map(percent)]),
    ),
  ].join('\n')
}

/**
 * Of the very state, or of one after iterations that were not accepted, which is the same model; seen from another
 * expansion point it is not.
 */
function isOfState({ model, stage }: Evaluation, { iterations, config }: RunDetail, { iteration }: Recipe): boolean {
  if (stage === null || (model !== 'start' && model !== 'iteration') || stage < iteration) return false
  const between = iterations.filter((s) => s.stage > iteration && s.stage <= stage)
  return (
    between.every(({ ended, accepted }) => ended && !accepted) && (stage === iteration || config.expansion !== 'moved')
  )
}

/** What a negation was to do; nothing for other runs. */
function aims({ tasks, keep }: ResolvedConfig): string[] {
  const named = (wanted: string): string =>
    tasks.flatMap(({ name, aim }) => (aim === wanted ? [plain(name)] : [])).join(', ')
  if (!named('forget')) return []
  return [
    `To be forgotten: ${named('forget')}. Their loss was ascended, and accuracy on them is the better the lower it is.`,
    `To be kept: ${named('keep')}. A state counted only while accuracy on each was at least ${(100 * keep).toFixed(0)} % of the pre-trained model's.`,
  ]
}

function selection({ detail, recipe }: Carded): string {
  const { select } = detail.config
  const by = {
    'training-loss': 'its loss on the learning data',
    'validation-loss': 'validation loss',
    'validation-accuracy': 'validation accuracy',
  }[select]
  const chosen =
    recipe.epoch === null
      ? `Of every stage the state with the best ${by.replace('its ', '')} was kept, and an iteration was accepted only where it was better than its own start.`
      : `A person chose this state: epoch ${recipe.epoch} of ${recipe.iteration === 0 ? 'the start' : `iteration ${recipe.iteration}`}. The run itself chose by ${by}.`
  const state = [...aims(detail.config), chosen, ...differenceVectorNotes(detail).map(plain)].join(' ')
  const { objective, tasks } = detail.config
  if (
    detail.leaks.every(({ unlabelled }) => unlabelled) &&
    objectiveCard(objective)?.unlabelled &&
    tasks.some((task) => task.data === task.test)
  )
    return `${state} Images of the test data were learned on, without their labels, which were opened once, at the end, and selected nothing.`
  if (detail.leaks.length > 0) return `${state} **Mark: ${leakMark}.** ${plain(leakReason(detail.leaks))}.`
  return detail.evaluatedOn === 'test'
    ? `${state} Test data was opened once, at the end, and selected nothing.`
    : `${state} There was no test data.`
}
