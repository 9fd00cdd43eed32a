// How a draft stands: the method's card with the parameters as given, what is wrong with them field by field, what the
// merge would give, and why a method cannot be chosen for these models. Pure.
import type { Gives, MergeCard, Preset } from '../../../src-main/contract/merges/card.ts'
import { merges } from '../../../src-main/contract/merges/index.ts'
import { isOfDifferences, issuesOf, namesAfter, typical } from '../../../src-main/contract/merges/step.ts'
import { differs } from '../../../src-main/contract/merges/valued.ts'
import type { Draft } from './draft.ts'
import { looksOf } from './looking.ts'

export interface Stand {
  readonly card: MergeCard
  readonly parameters: Readonly<Record<string, unknown>> // those that were given
  readonly issues: ReadonlyMap<string, string> // by field: a parameter's name, "lambda 1", "weight 12", "shardSize"
  readonly blocked: string | null // why these models cannot be merged so
  readonly ofDifferences: boolean // and so it needs the pre-trained model
  readonly takesWeights: boolean
  readonly gives: Gives
  readonly names: readonly string[] // of the vectors that it gives
  readonly coefficients: number | number[] | undefined
}

/** nameOf: of a row. */
export function standOf(draft: Draft, nameOf: (id: number) => string): Stand {
  const card = merges.find(({ name }) => name === draft.method) ?? (merges[0] as MergeCard)
  const parameters = draft.parameters[card.name] ?? {}
  const wrong = issuesOf(card, parameters)
  const filled = card.parameters.parse(wrong.length > 0 ? {} : typical(parameters))
  const ofDifferences = isOfDifferences(card, filled)
  const gives = card.gives(filled)
  const step = { method: card.name, parameters: wrong.length > 0 ? {} : { ...parameters } }
  const names = draft.models.length > 0 && gives !== 'model' ? namesAfter(draft.models.map(nameOf), [step]) : []
  const lambdas = gives === 'model' ? [] : lambdasOf(draft, card, names.length)
  const takesWeights = card.weights !== undefined || ofDifferences
  const weights = takesWeights ? draft.models.map((id) => [`weight ${id}`, draft.weights[id] ?? 1] as const) : []
  const numbers = [...lambdas.map((value, k) => [`lambda ${k}`, value] as const), ...weights]
  return {
    ...{ card, parameters, ofDifferences, takesWeights, gives, names },
    issues: new Map([
      ...wrong.map(({ path, message }): [string, string] => [String(path[0] ?? ''), message]),
      ...numbers.flatMap(([field, value]) =>
        typeof value === 'number' || differs([value]) ? [] : [[field, typeANumber] as const],
      ),
      ...(draft.shards && !isSize(draft.shardSize) ? [['shardSize', 'type a size above 0, in GB'] as const] : []),
    ]),
    blocked: blockedBecause(draft, card) ?? lackingImages(draft, card),
    coefficients: lambdas.length > 1 || draft.lambda[card.name] !== undefined ? plainOf(lambdas) : undefined,
  }
}

const typeANumber = 'type a number'

/** One for all, or one for each where that is wished and there are several. */
function lambdasOf(draft: Draft, { name, coefficient }: MergeCard, several: number): unknown[] {
  const one = draft.lambda[name] ?? coefficient
  if (!draft.each || several < 2) return [one]
  return Array.from({ length: several }, (_, k) => draft.lambdas[name]?.[k] ?? one)
}

function plainOf(lambdas: readonly unknown[]): number | number[] | undefined {
  const numbers = lambdas.filter((value) => typeof value === 'number')
  if (numbers.length !== lambdas.length || numbers.length === 0) return undefined
  return numbers.length === 1 ? numbers[0] : numbers
}

const isSize = (value: unknown): boolean => typeof value === 'number' && value > 0 && Number.isFinite(value)

/** In a sentence; null: it can be chosen. */
export function blockedBecause(draft: Draft, card: MergeCard): string | null {
  const there = draft.models.length
  const { least, most = Number.POSITIVE_INFINITY } = card.needs
  const chosen = there === 1 ? '1 is chosen' : there === 0 ? 'none is chosen' : `${there} are chosen`
  if (there < least || there > most) return `It merges ${countOf(card)}, and ${chosen}.`
  const own = typical(draft.parameters[card.name] ?? {})
  const filled = card.parameters.safeParse(own).data ?? card.parameters.parse({})
  if (isOfDifferences(card, filled) && draft.pretrained === null)
    return 'It needs the pre-trained model, and none is chosen.'
  return null
}

function lackingImages({ models, images }: Draft, card: MergeCard): string | null {
  if (card.needs.statistics === undefined || looksOf(card, models, images) !== null) return null
  return `It looks at images of each model’s own task: choose a data set${card.needs.heads ? ' and a head' : ''} for each.`
}

/** "2 models or more", "2 models", "1 to 3 models" */
function countOf({ needs: { least, most } }: MergeCard): string {
  if (most === undefined) return least === 1 ? '1 model or more' : `${least} models or more`
  const count = least === most ? `${least}` : `${least} to ${most}`
  return `${count} ${most === 1 ? 'model' : 'models'}`
}

/** What it merges: "2 models or more, and the pre-trained one" */
export function needsSentence(card: MergeCard): string {
  const { base, statistics } = card.needs
  const pretrained =
    base === true ? ', and the pre-trained one' : base === false ? '' : ', of differences the pre-trained one'
  return `Merges ${countOf(card)}${pretrained}${statistics === undefined ? '' : `, with ${statistics}`}.`
}

/** Whether the draft is as a preset has it. */
export function isAs({ card, parameters }: Stand, preset: Preset, lambda: unknown): boolean {
  const filled = card.parameters.safeParse(parameters).data
  const same = JSON.stringify(filled) === JSON.stringify(card.parameters.parse(preset.parameters))
  return same && (preset.coefficient ?? card.coefficient) === (lambda ?? card.coefficient)
}
