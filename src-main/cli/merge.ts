// basil merge: checkpoints combined without a run and without data. The models are CLIP towers, or of any architecture
// at all; then they are combined by tensor name. How is said by the merges' cards (contract/merges), which also give
// the options. What is written carries its recipe, as every model Basil makes, and has a card beside it.
import { join, resolve } from 'node:path'

import { Command } from 'commander'

import type { MergeCard } from '../contract/merges/card.ts'
import { merges } from '../contract/merges/index.ts'
import { parametersOf } from '../contract/merges/parameters.ts'
import { mergeCard } from '../contract/merges/step.ts'
import { citation } from '../contract/paper.ts'
import { exportMerge } from '../workbench/export/merge.ts'
import type { EngineClient } from '../workbench/link/engine-link.ts'
import { exportedLines, formOf, withFormOptions } from './convert.ts'
import { askedMerge, dashed, methodLines, told, withMergeOptions } from './merge-options.ts'
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
    .option('--json', 'as JSON')
  return withFormOptions(withMergeOptions(command), 'the pre-trained model')
    .addCommand(methodsCommand())
    .action(({ json = false, overwrite = false, ...given }) => {
      const recipe = askedMerge(command, given)
      return (
        recipe &&
        withEngine(json, async ({ ask }) => {
          const writer = {
            template: join(resources, 'model-card.md'),
            hash: (file: string) => ask((client) => client.hash({ file })),
            rebuild: (request: Parameters<EngineClient['rebuild']>[0]) => ask((client) => client.rebuild(request)),
            look: (file: string) => ask((client) => client.look({ file })),
          }
          const target = { out: resolve(given.out), overwrite, form: formOf(given.out, given) }
          const exported = await exportMerge(writer, { recipe: recipe(), ...target })
          if (json) return printJson(exported)
          for (const line of exportedLines(exported)) print(line)
          print(`${exported.card}: its card`)
        })
      )
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

function cardLines(card: MergeCard): string[] {
  const { title, sentence, equation, paper, needs } = card
  const { base, least, most } = needs
  const count = most === undefined ? `${least} or more` : least === most ? `${least}` : `${least} to ${most}`
  const own = parametersOf(card)
  return [
    `${title}: ${sentence}.`,
    `  ${equation}`,
    ...(paper ? [`  ${citation(paper)}`] : []),
    `  of ${count} models${base ? ` and the one they were fine-tuned from${base === true ? '' : ', where asked'}` : ''}`,
    ...own.map((of) => `  --${dashed(of.name)}${of.symbol ? ` (${of.symbol})` : ''}: ${told(of)}`),
  ]
}
