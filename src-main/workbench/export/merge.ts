// A merge without a run: what is asked for becomes a recipe, and the recipe a model with its card. Nothing is learned:
// the parameters are the person's. Of data no more is known than the statistics that some merges want.
import type { Form } from '../../contract/checkpoint.ts'
import { BasilError, type Steps } from '../../contract/errors.ts'
import type { MergeCard } from '../../contract/merges/card.ts'
import {
  givenBy,
  issuesOf,
  mergeCard,
  namesAfter,
  needsBase,
  type Step,
  stepInWords,
} from '../../contract/merges/step.ts'
import { differs, type Weight } from '../../contract/merges/valued.ts'
import { citation } from '../../contract/paper.ts'
import type { Exported, Recipe } from '../../contract/run/recipe.ts'
import { sum } from '../../numbers/vectors.ts'
import { fileSentence, filled, modelParts, plain, table, type WrittenModel } from './card-model.ts'
import { type TokenizerSource, tokenizerFor } from './tokenizer.ts'
import { type Target, type Writer, writeWithCard } from './with-card.ts'

type Parent = Recipe['pretrained']

export interface AskedMerge {
  method: string
  parameters: Record<string, unknown>
  pretrained: Parent | null // null: the merge needs none
  vectors: Parent[] // of a merge that needs no base all models
  /** One for all vectors that it gives, or one for each; none: the merge's own. */
  coefficients?: number | readonly number[] | undefined
  weights?: readonly Weight[] | undefined // of the models in their order
  missing?: 'base' | undefined
  tokenizer?: TokenizerSource | undefined // not given: rows are matched by their numbers
}

/** Throws config-invalid where the merge does not take what it is given. */
export function mergeRecipe(asked: AskedMerge): Recipe {
  const { method, parameters, pretrained, vectors, coefficients, missing, tokenizer } = asked
  const card = mergeCard(method)
  const { multiplied, weights } = weightsFor(card, asked.weights, vectors.length)
  const step: Step = { method, parameters: parametersFor(card, parameters), ...(weights && { weights: [...weights] }) }
  requireInputs(card, needsBase([step]), pretrained, vectors)
  const names = namesAfter(
    vectors.map(({ name }) => name),
    [step],
  )
  const own = coefficientsFor(card, givenBy(step), names, coefficients)
  const start = own.map((c, k) => c * (multiplied?.[k] ?? 1))
  if (weights) requireWeights(card, step, weights)
  return {
    basil: '2',
    run: null,
    name: `${names.map((name, k) => `${start[k]} ${name}`).join(' + ')}`.slice(0, 200),
    method,
    grouping: 'scalar',
    iteration: 0,
    epoch: null,
    pretrained: pretrained ?? (vectors[0] as Parent),
    vectors,
    steps: [step],
    groups: ['all'],
    start: start.map((c) => [c]),
    iterations: [],
    ...(missing && { missing }),
    ...(tokenizer && {
      tokenizer: tokenizerFor(tokenizer, [pretrained ?? (vectors[0] as Parent), ...vectors], pretrained !== null),
    }),
  }
}

/** Parts of its card that a merge alone does not tell: of one that was chosen, by what. */
export type Chosen = Readonly<Record<'data' | 'accuracy' | 'selection', string>>

/** What was seen of a model while it was made by hand. */
export const measuredByHand = (measured: string, images: string): string =>
  measured === '' ? 'This model was not measured.' : `On ${images}, while it was made by hand: ${plain(measured)}`

/**
 * Parents that have no hash yet get theirs. target: both the model and, with its extension changed, the card. Throws
 * config-invalid where tokens are matched and there is no folder to write them into.
 */
export function exportMerge(
  writer: Writer,
  target: Target & { recipe: Recipe; form: Form },
  chosen?: Chosen,
): Promise<Exported & { card: string }> {
  if (target.recipe.tokenizer && target.form.shardBytes === undefined)
    throw wrong(
      'A model with a tokenizer of its own is written into a folder',
      target.out,
      'its rows are in the order of a tokenizer that stands beside it',
      { next: 'name a folder: --out without an extension', inWindow: 'write it as a folder' },
    )
  return writeWithCard(writer, target, (template, model) => cardOfMerge(template, model, chosen))
}

/** Those that the step has, and those that its coefficients are multiplied by. */
function weightsFor(
  card: MergeCard,
  given: readonly Weight[] | undefined,
  models: number,
): { weights?: readonly Weight[]; multiplied?: readonly number[] } {
  if (!given) return {}
  if (given.length !== models) {
    const are = models === 1 ? 'is 1 model' : `are ${models} models`
    const next = 'give one for each model, in their order'
    throw wrong('The weights do not fit the models', card.name, `there ${are}, and ${given.length} of them`, next)
  }
  const plainOnes = given.filter((weight) => typeof weight === 'number')
  if (card.weights === 'coefficients' && plainOnes.length === models) return { multiplied: plainOnes }
  return { weights: given }
}

/**
 * Of models, not of differences, only a merge that knows what to do with them takes some; and what divides by their sum
 * takes none that cancel out. Of weights that differ from tensor to tensor that is seen tensor by tensor.
 */
function requireWeights(card: MergeCard, step: Step, weights: readonly Weight[]): void {
  if (card.weights === undefined && !needsBase([step]))
    throw wrong(`${card.title} takes no weights`, card.name, 'it merges all models alike', 'leave them out')
  const plainOnes = weights.filter((weight) => typeof weight === 'number')
  if (plainOnes.length < weights.length || differs(Object.values(step.parameters))) return
  if (!card.normalizes?.(card.parameters.parse(step.parameters)) || Math.abs(sum(plainOnes)) >= 1e-8) return
  const canBeTurnedOff = 'normalize' in card.parameters.shape
  throw wrong(
    'The weights cancel out',
    card.name,
    `they sum to 0, and ${card.title} divides by their sum`,
    `give weights of another sum${canBeTurnedOff ? ', or turn normalizing off' : ''}`,
  )
}

function parametersFor(card: MergeCard, given: Record<string, unknown>): Record<string, unknown> {
  const [issue] = issuesOf(card, given)
  if (!issue) return differs(Object.values(given)) ? given : card.parameters.parse(given)
  const next = {
    next: `read what it takes: basil merge methods ${card.name}`,
    inWindow: `read what it takes on the page of ${card.title} in the help`,
  }
  const unknown = Object.keys(given).find((name) => !(name in card.parameters.shape))
  if (unknown !== undefined)
    throw wrong(`${card.title} does not take this parameter`, unknown, 'the method has none of this name', next)
  throw wrong(
    `${card.title} does not take this value`,
    issue.path.join('.') || card.name,
    issue.message || 'it has another form',
    next,
  )
}

function requireInputs(
  { name, title, needs }: MergeCard,
  base: boolean,
  pretrained: Parent | null,
  vectors: readonly Parent[],
): void {
  const { least, most = Number.POSITIVE_INFINITY } = needs
  if (base && !pretrained)
    throw wrong(`${title} needs the pre-trained model`, name, 'it merges differences from it', {
      next: 'name it: --pretrained',
      inWindow: 'choose it',
    })
  if (!base && pretrained)
    throw wrong(
      `${title} needs no pre-trained model`,
      name,
      'it merges the models themselves',
      'leave it out, or give it as one of them',
    )
  if (vectors.length >= least && vectors.length <= most) return
  const wanted =
    least === most ? `${least}` : most < Number.POSITIVE_INFINITY ? `${least} to ${most}` : `${least} or more`
  throw wrong(
    `${title} does not merge so many models`,
    name,
    `there ${vectors.length === 1 ? 'is 1' : `are ${vectors.length}`}, it takes ${wanted}`,
    'give it other models, or choose another merge',
  )
}

function coefficientsFor(
  card: MergeCard,
  gives: ReturnType<typeof givenBy>,
  names: readonly string[],
  asked: AskedMerge['coefficients'] = card.coefficient,
): number[] {
  if (gives === 'model') {
    if (asked === card.coefficient) return [1]
    throw wrong(`${card.title} takes no coefficient`, card.name, 'it gives the whole model', 'leave it out')
  }
  if (typeof asked === 'number') return names.map(() => asked)
  if (asked.length === names.length) return [...asked]
  const are = names.length === 1 ? 'is 1 vector' : `are ${names.length} vectors`
  throw wrong(
    'The coefficients do not fit the vectors',
    card.name,
    `there ${are}, and ${asked.length === 1 ? '1 coefficient' : `${asked.length} coefficients`}`,
    {
      next: 'give one for all (--coefficient), or one for each (--coefficients)',
      inWindow: 'give one for all, or one for each',
    },
  )
}

function wrong(what: string, where: string, why: string, steps: string | Steps): BasilError {
  const said = typeof steps === 'string' ? { next: steps } : steps
  return new BasilError({ code: 'config-invalid', what, where, why, ...said })
}

function cardOfMerge(template: string, model: WrittenModel, chosen?: Chosen): string {
  const { recipe, written, exported } = model
  const { title, paper, equation } = mergeCard(recipe.method)
  const isTower = written.architecture?.embed !== undefined
  const rounded = exported.rounded?.length ? ` Its merged numbers were rounded to ${exported.rounded.join(', ')}.` : ''
  const of = needsBase(recipe.steps)
    ? `${recipe.vectors.length} fine-tuned models of one pre-trained model`
    : `${recipe.vectors.length} models`
  return filled(template, {
    ...modelParts(model),
    tags: `basil, ${isTower ? 'clip, ' : ''}model-merging, ${recipe.method}`,
    what: [
      `A model (${plain(written.architecture?.name ?? 'unknown architecture')}) that Basil merged out of ${of} by ${title}, without training.`,
      `${fileSentence(model)}${rounded}`,
    ].join('\n'),
    recipe: table(
      ['', ''],
      [
        ['method', plain(title)],
        ['equation', `\`${equation.replaceAll('|', '\\|')}\``],
        ...(paper ? [['paper', plain(citation(paper))]] : []),
        ['steps', plain(recipe.steps.map(stepInWords).join(', then '))],
      ],
    ),
    data: dataOf(recipe),
    accuracy: 'This model was not measured.',
    selection: 'Nothing was learned or selected: the parameters above were given.',
    ...chosen,
  })
}

function dataOf({ method, statistics }: Recipe): string {
  if (!statistics?.length) return 'None was read.'
  const files = statistics.map(({ name, sha256 }) => `\`${name}\` (SHA-256 ${sha256})`)
  return `Some images of each model's own task, for ${plain(mergeCard(method).needs.statistics ?? '')}: ${files.join(', ')}.`
}
