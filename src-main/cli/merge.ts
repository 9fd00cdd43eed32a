// basil merge: checkpoints combined without a run and without data. The models are CLIP towers, or of any architecture
// at all; then they are combined by tensor name. How is said by the merges' cards (contract/merges), which also give
// the options. What is written carries its recipe, as every model Basil makes, and has a card beside it.
import { basename, join, resolve } from 'node:path'

import { Command, InvalidArgumentError, Option } from 'commander'

import { sha256 } from '../contract/branded.ts'
import type { MergeCard } from '../contract/merges/card.ts'
import { merges } from '../contract/merges/index.ts'
import { allowed, type Parameter, parametersOf, typed } from '../contract/merges/parameters.ts'
import { mergeCard } from '../contract/merges/step.ts'
import { citation } from '../contract/paper.ts'
import type { Recipe } from '../contract/run/recipe.ts'
import { exportMerge, mergeRecipe } from '../workbench/export/merge.ts'
import type { EngineClient } from '../workbench/link/engine-link.ts'
import { exportedLines, formOf, withFormOptions } from './convert.ts'
import { fail, print, printJson } from './output.ts'

interface MergeCommands {
  resources: string
  withEngine: (json: boolean, act: (engine: Asked) => Promise<void>) => Promise<void>
}

/** What of the engine is asked here. */
interface Asked {
  ask<T>(question: (client: Pick<EngineClient, 'hash' | 'look' | 'rebuild'>) => Promise<T>): Promise<T>
}

export function mergeCommand({ resources, withEngine }: MergeCommands): Command {
  const command = new Command('merge')
    .description('combine checkpoints of any architecture, without a run')
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
    .option('--json', 'as JSON')
  for (const [name, takers] of parameters()) command.option(`--${dashed(name)} <value>`, takersLine(takers))
  return withFormOptions(command, 'the pre-trained model')
    .addHelpText('after', ['', 'Methods:', ...methodLines(), '', 'basil merge methods <name> explains one.'].join('\n'))
    .addCommand(methodsCommand())
    .action(({ json = false, method, out, vectors, overwrite = false, ...given }) => {
      const lacking = [!vectors && '--vectors <files...>', !out && '--out <file>'].find(Boolean)
      if (lacking) return command.error(`error: required option '${lacking}' not specified`, { exitCode: 2 })
      return withEngine(json, async (engine) => {
        const asked = mergeRecipe({
          method,
          parameters: parametersGiven(method, given),
          pretrained: given.pretrained ? unread(given.pretrained) : null,
          vectors: vectors.map(unread),
          coefficients: given.coefficients ?? given.coefficient,
        })
        const recipe = await withHashes(asked, engine)
        const exported = await exportMerge(
          {
            template: join(resources, 'model-card.md'),
            rebuild: (request) => engine.ask((client) => client.rebuild(request)),
            look: (file) => engine.ask((client) => client.look({ file })),
          },
          { recipe, out: resolve(out), overwrite, form: formOf(out, given) },
        )
        if (json) return printJson(exported)
        for (const line of exportedLines(exported)) print(line)
        print(`${exported.card}: its card`)
      })
    })
}

function methodsCommand(): Command {
  return new Command('methods')
    .description('what each method does, or one of them at length')
    .argument('[name]')
    .option('--json', 'as JSON')
    .action((name: string | undefined, _: unknown, command: Command) => {
      const { json = false } = command.optsWithGlobals()
      try {
        const cards = name === undefined ? merges : [mergeCard(name)]
        if (json) return printJson(cards.map((card) => ({ ...card, parameters: parametersOf(card) })))
        for (const line of name === undefined ? methodLines() : cards.flatMap(cardLines)) print(line)
      } catch (error) {
        fail(error, json)
      }
    })
}

function methodLines(): string[] {
  const longest = Math.max(...merges.map(({ name }) => name.length))
  return merges.map(({ name, sentence }) => `  ${name.padEnd(longest)}  ${sentence}`)
}

function cardLines(card: MergeCard): string[] {
  const { title, sentence, equation, paper, needs } = card
  const { base, least, most } = needs
  const count = most === undefined ? `${least} or more` : least === most ? `${least}` : `${least} to ${most}`
  const own = parametersOf(card)
  return [
    `${title}: ${sentence}.`,
    `  ${equation}`,
    ...(paper ? [`  ${citation(paper)}`] : []),
    `  of ${count} models${base ? ' and the one they were fine-tuned from' : ''}`,
    ...own.map((of) => `  --${dashed(of.name)}${of.symbol ? ` (${of.symbol})` : ''}: ${told(of)}`),
  ]
}

/** "share of largest elements (above 0, at most 1; default 0.2)" */
function told(of: Parameter): string {
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

const dashed = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

const unread = (file: string): Recipe['pretrained'] => ({
  file: resolve(file),
  name: basename(file),
  sha256: sha256(''),
})

async function withHashes(recipe: Recipe, engine: Asked): Promise<Recipe> {
  const hashed = async (parent: Recipe['pretrained']): Promise<Recipe['pretrained']> => {
    const { sha256 } = await engine.ask((client) => client.hash({ file: parent.file }))
    return { ...parent, sha256 }
  }
  return {
    ...recipe,
    pretrained: await hashed(recipe.pretrained),
    vectors: await Promise.all(recipe.vectors.map(hashed)),
  }
}

function coefficient(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It is not a number.')
  return value
}
