// What a merge is asked in a terminal: options made of the merges' cards, and the recipe they come to. No file is read
// here, so its parents have no hashes yet.
import { basename, resolve } from 'node:path'

import { type Command, InvalidArgumentError, Option } from 'commander'

import { sha256 } from '../contract/branded.ts'
import type { MergeCard } from '../contract/merges/card.ts'
import { merges } from '../contract/merges/index.ts'
import { allowed, type Parameter, parametersOf, typed } from '../contract/merges/parameters.ts'
import type { Recipe } from '../contract/run/recipe.ts'
import { mergeRecipe } from '../workbench/export/merge.ts'

export interface MergeOptions extends Record<string, unknown> {
  method: string
  pretrained?: string
  vectors?: string[]
  coefficient?: number
  coefficients?: number[]
  out?: string
}

export function withMergeOptions(command: Command): Command {
  command
    .addOption(
      new Option('--method <name>', 'how; see below').choices(merges.map(({ name }) => name)).default(merges[0]?.name),
    )
    .option('--pretrained <file>', 'the model they were fine-tuned from, where the method needs it')
    .option('--vectors <files...>', 'fine-tuned models')
    .addOption(
      new Option('--coefficient <c>', "of every vector it gives; the method's own if not given")
        .argParser(coefficient)
        .conflicts('coefficients'),
    )
    .option('--coefficients <list>', 'one for each, as in 0.3,0.2', (text) => text.split(',').map(coefficient))
    .option('--out <file>', 'where to')
    .option('--overwrite', 'replace the file, and its card, if they are there')
  for (const [name, takers] of parameters()) command.option(`--${dashed(name)} <value>`, takersLine(takers))
  return command.addHelpText(
    'after',
    ['', 'Methods:', ...methodLines(), '', 'basil merge methods <name> explains one.'].join('\n'),
  )
}

/**
 * The recipe and its target, or undefined where the program ends because an option is missing. Throws config-invalid
 * where the merge does not take what it is given.
 */
export function askedMerge(command: Command, given: MergeOptions): (() => Recipe) | undefined {
  const { method, pretrained, vectors, out } = given
  const lacking = [!vectors && '--vectors <files...>', !out && '--out <file>'].find(Boolean)
  if (lacking || !vectors) {
    command.error(`error: required option '${lacking}' not specified`, { exitCode: 2 })
    return undefined
  }
  return () =>
    mergeRecipe({
      method,
      parameters: parametersGiven(method, given),
      pretrained: pretrained ? unread(pretrained) : null,
      vectors: vectors.map(unread),
      coefficients: given.coefficients ?? given.coefficient,
    })
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

/** "TIES, DARE: share of largest elements ..." */
function takersLine(takers: readonly { card: MergeCard; of: Parameter }[]): string {
  const alike = Map.groupBy(takers, ({ of }) => told(of))
  return [...alike].map(([text, of]) => `${of.map(({ card }) => card.title).join(', ')}: ${text}`).join('; ')
}

/** Those of other merges too, so that the one chosen can refuse what it does not take. */
function parametersGiven(method: string, given: Record<string, unknown>): Record<string, unknown> {
  const found = [...parameters()].flatMap(([name, takers]): [string, unknown][] => {
    const text = given[name]
    const own = takers.find(({ card }) => card.name === method)
    return typeof text === 'string' ? [[name, own ? typed(own.of, text) : text]] : []
  })
  return Object.fromEntries(found)
}

export const dashed = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

const unread = (file: string): Recipe['pretrained'] => ({
  file: resolve(file),
  name: basename(file),
  sha256: sha256(''),
})

function coefficient(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It is not a number.')
  return value
}
