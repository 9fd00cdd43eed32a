// What a merge is asked in a terminal: options made of the merges' cards, or a file of the same, and the recipe they
// come to. No file of weights is read here, so its parents have no hashes yet.
import { type Command, InvalidArgumentError, Option } from 'commander'

import { sha256 } from '../contract/branded.ts'
import { BasilError } from '../contract/errors.ts'
import type { MergeCard, Preset } from '../contract/merges/card.ts'
import { merges } from '../contract/merges/index.ts'
import { allowed, type Parameter, parametersOf } from '../contract/merges/parameters.ts'
import { mergeCard } from '../contract/merges/step.ts'
import type { Weight } from '../contract/merges/valued.ts'
import type { Recipe } from '../contract/run/recipe.ts'
import { modelAt } from '../files/model-in-folder.ts'
import { type AskedMerge, mergeRecipe } from '../workbench/export/merge.ts'
import type { TokenizerSource } from '../workbench/export/tokenizer.ts'
import { valueGiven } from '../workbench/scores/asked.ts'
import type { MergeFile } from './merge-file.ts'

export interface MergeOptions extends Record<string, unknown> {
  method?: string
  pretrained?: string
  vectors?: string[]
  data?: string[]
  heads?: string[]
  coefficient?: number
  coefficients?: number[]
  weights?: Weight[]
  preset?: string
  set?: string[]
  missing?: 'base'
  tokenizerSource?: string
  out?: string
}

const fixed = [
  ...['method', 'pretrained', 'vectors', 'weights', 'set', 'out', 'json', 'plan', 'preset', 'missing', 'dtype'],
  ...['data', 'heads'],
]

export function withMergeOptions(command: Command): Command {
  command
    .argument('[recipe]', "what the options say, as JSON in a file; or a recipe of mergekit's, a .yaml")
    .addOption(
      new Option('--method <name>', `how; see below (default: "${merges[0]?.name}")`).choices(
        merges.map(({ name }) => name),
      ),
    )
    .option('--pretrained <model>', 'the model they were fine-tuned from, a file or a folder, if the method needs it')
    .option('--vectors <models...>', 'fine-tuned models')
    .option('--data <images...>', "of each model's own task, in their order, if the method looks at images")
    .option('--heads <heads...>', "of each model's own task, in their order, if the method wants them")
    .addOption(
      new Option('--coefficient <c>', "of every vector it gives; the method's own if not given")
        .argParser(coefficient)
        .conflicts('coefficients'),
    )
    .option('--coefficients <list>', 'one for each, as in 0.3,0.2', (text) => text.split(',').map(coefficient))
    .option('--weights <w...>', 'of the models, as in 1 0.5; 1 if not given', (text, before: number[] = []) => [
      ...before,
      coefficient(text),
    ])
    .option('--preset <name>', 'parameters as another program or the paper has them, as in mergekit')
    .option('--set <key=value...>', 'parameters by name, as in density=0.2 lambda=1 (lambda: the coefficient)')
    .addOption(
      new Option(
        '--missing <what>',
        "base: a tensor that not all have in one shape is the pre-trained model's",
      ).choices(['base']),
    )
    .option(
      '--tokenizer-source <source>',
      'match rows of embeddings token by token, and write the tokens of: base, union, or one of the models',
    )
    .option('--out <path>', 'where to: a file by its extension, else a folder')
    .option('--shard-size <bytes>', 'most bytes of each file of a folder, as in 4GB', sizeOf)
    .option('--overwrite', 'replace the file, and its card, if they are there; a folder never')
  for (const [name, takers] of parameters())
    if (!fixed.includes(name)) command.option(`--${dashed(name)} <value>`, takersLine(takers))
  return command.addHelpText(
    'after',
    ['', 'Methods:', ...methodLines(), '', 'basil merge methods <name> explains one.'].join('\n'),
  )
}

/**
 * The recipe; no file but those of folders' names is looked at. Throws config-invalid where the merge does not take
 * what it is given.
 */
export async function askedMerge(given: MergeOptions, written: Partial<MergeFile>): Promise<Recipe> {
  return mergeRecipe(await askOf(given, written))
}

/** What the recipe is made of. */
export async function askOf(given: MergeOptions, written: Partial<MergeFile>): Promise<AskedMerge> {
  const method = given.method ?? written.method ?? (merges[0]?.name as string)
  const preset = presetOf(mergeCard(method), given.preset ?? written.preset)
  const { lambda, ...set } = { ...written.set, ...parametersGiven(method, given) }
  const pretrained = given.pretrained ?? written.pretrained
  if ((given.data ?? given.heads) && !mergeCard(method).needs.statistics) throw looksAtNone(method)
  return {
    method,
    parameters: { ...preset?.parameters, ...set },
    pretrained: pretrained === undefined ? null : await unread(pretrained),
    vectors: await Promise.all((given.vectors ?? written.vectors ?? []).map(unread)),
    coefficients: given.coefficients ?? given.coefficient ?? lambdaOf(lambda) ?? preset?.coefficient,
    weights: given.weights ?? written.weights,
    missing: given.missing ?? written.missing,
    tokenizer: await tokenizerGiven(given.tokenizerSource ?? written.tokenizer),
  }
}

async function tokenizerGiven(source: MergeFile['tokenizer'] | string): Promise<TokenizerSource | undefined> {
  if (source === undefined || source === 'base' || source === 'union') return source
  return { path: (await modelAt(typeof source === 'string' ? source : source.path)).file }
}

function looksAtNone(method: string): BasilError {
  const looking = merges.flatMap(({ name, needs }) => (needs.statistics ? [name] : []))
  return new BasilError({
    code: 'config-invalid',
    what: `${mergeCard(method).title} looks at no images`,
    where: '--data',
    why: `of the methods only ${looking.join(', ')} do`,
    next: 'leave them out, or choose one of these',
  })
}

function presetOf(card: MergeCard, asked: string | undefined): Preset | undefined {
  if (asked === undefined) return undefined
  const presets = Object.entries(card.presets ?? {})
  const found = presets.find(([name]) => name === asked || name === `as ${asked}`)
  if (found) return found[1]
  throw new BasilError({
    code: 'config-invalid',
    what: `${card.title} has no such preset`,
    where: asked,
    why: presets.length ? `it has ${presets.map(([name]) => name).join(', ')}` : 'it has none',
    next: `read what it takes: basil merge methods ${card.name}`,
  })
}

function lambdaOf(value: unknown): number | undefined {
  if (value === undefined) return undefined
  return typeof value === 'number' ? value : coefficient(String(value))
}

/** "4GB" is 4e9 bytes, "4GiB" 2 to the 32nd. */
export function sizeOf(text: string): number {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)\s*([kmgt]i?)?b?$/i.exec(text.trim()) ?? []
  const power = ['', 'k', 'm', 'g', 't'].indexOf(unit.slice(0, 1).toLowerCase())
  const size = Math.floor(Number(digits) * (unit.length === 2 ? 1024 : 1000) ** power)
  if (size >= 1) return size
  throw new InvalidArgumentError('It is not a number of bytes, as in 4GB or 500MB.')
}

export function methodLines(): string[] {
  const longest = Math.max(...merges.map(({ name }) => name.length))
  return merges.map(({ name, sentence }) => `  ${name.padEnd(longest)}  ${sentence}`)
}

/** "share of largest elements (above 0, at most 1; default 0.2)" */
export function told(of: Parameter): string {
  const bounds = [allowed(of), of.default === undefined ? '' : `default ${of.default}`].filter(Boolean).join('; ')
  return bounds ? `${of.description} (${bounds})` : of.description
}

/** By name, with the merges that take it. */
function parameters(): Map<string, { card: MergeCard; of: Parameter }[]> {
  return Map.groupBy(
    merges.flatMap((card) => parametersOf(card).map((of) => ({ card, of }))),
    ({ of }) => of.name,
  )
}

/** "TIES, DARE: share of largest elements ..."; of more than a few methods only which. */
function takersLine(takers: readonly { card: MergeCard; of: Parameter }[]): string {
  if (takers.length > 3) return `of ${takers.map(({ card }) => card.name).join(', ')}`
  const alike = Map.groupBy(takers, ({ of }) => told(of))
  return [...alike].map(([text, of]) => `${of.map(({ card }) => card.title).join(', ')}: ${text}`).join('; ')
}

/** Those of other merges too, so that the one chosen can refuse what it does not take. */
function parametersGiven(method: string, given: MergeOptions): Record<string, unknown> {
  const valueOf = (name: string, text: string): unknown => valueGiven(method, name, text)
  const options = [...parameters().keys()].flatMap((name): [string, unknown][] => {
    const text = fixed.includes(name) ? undefined : given[name]
    return typeof text === 'string' ? [[name, valueOf(name, text)]] : []
  })
  const set = (given.set ?? []).map((word): [string, unknown] => {
    const at = word.indexOf('=')
    if (at < 1) throw notKeyed(word)
    return [word.slice(0, at), valueOf(word.slice(0, at), word.slice(at + 1))]
  })
  return Object.fromEntries([...options, ...set])
}

function notKeyed(word: string): BasilError {
  return new BasilError({
    code: 'config-invalid',
    what: 'A parameter has no value',
    where: `--set ${word}`,
    why: 'it is not of the form key=value',
    next: 'give both, as in --set density=0.2',
  })
}

export const dashed = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

/** No file is read here, so it has no hash yet. */
const unread = async (path: string): Promise<Recipe['pretrained']> => ({ ...(await modelAt(path)), sha256: sha256('') })

function coefficient(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It is not a number.')
  return value
}
