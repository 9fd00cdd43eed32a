// basil merge: checkpoints combined without a run and without data. The models are CLIP towers, or of any architecture
// at all; then they are combined by tensor name. How is said by the merges' cards (contract/merges), which also give
// the options. What is written carries its recipe, as every model Basil makes, and has a card beside it.
import { dirname, join, resolve } from 'node:path'

import { Command } from 'commander'

import type { Told } from '../contract/engine-api.ts'
import type { MergeCard } from '../contract/merges/card.ts'
import { merges } from '../contract/merges/index.ts'
import { parametersOf } from '../contract/merges/parameters.ts'
import { fates, type MergePlan } from '../contract/merges/plan.ts'
import type { MergeReport, MergeReportRequest } from '../contract/merges/report.ts'
import { mergeCard } from '../contract/merges/step.ts'
import { citation } from '../contract/paper.ts'
import type { Recipe } from '../contract/run/recipe.ts'
import { exportMerge } from '../workbench/export/merge.ts'
import type { EngineClient } from '../workbench/link/engine-link.ts'
import { exportedLines, withFormOptions } from './convert.ts'
import { askedOnce } from './merge-asked.ts'
import type { Kept } from './merge-kept.ts'
import { dashed, methodLines, told, withMergeOptions } from './merge-options.ts'
import { mergePage } from './merge-page.ts'
import { reportLines, requestOf, standsAgainst } from './merge-report.ts'
import { fail, print, printJson } from './output.ts'
import { asksSearch, withSearchOptions, withUsualMethod } from './search/options.ts'
import { resultOf } from './terminal.ts'

interface MergeCommands {
  resources: string
  withEngine: (json: boolean, act: (engine: Asked) => Promise<void>, writesTo?: string) => Promise<void>
  /** Works on it, and keeps in the history that it was. */
  kept: Kept
}

/** What of the engine is asked here. */
export type MergeClient = Pick<EngineClient, 'look' | 'mergePlan' | 'rebuild' | 'collect'> & {
  mergeReport(request: MergeReportRequest): Promise<AsyncIterable<Told<MergeReport>>>
}

interface Asked {
  close(): Promise<void>
  ask<T>(question: (client: MergeClient) => Promise<T>): Promise<T>
}

export function mergeCommand({ resources, withEngine, kept }: MergeCommands): Command {
  const command = new Command('merge')
    .description('combine checkpoints of any architecture, without a run')
    .option('--plan', 'read headers only, say what would become of every tensor, and end')
    .option('--report', 'measure the models, say how they lie to each other layer by layer, and end')
    .option('--fast', 'of a report no singular values')
    .option('--full', 'of a report all singular values, however long they take')
    .option('--json', 'as JSON')
  return withFormOptions(withSearchOptions(withMergeOptions(command)), 'the pre-trained model')
    .addCommand(methodsCommand())
    .action((file: string | undefined, { json = false, overwrite = false, plan = false, report = false, ...given }) =>
      askedOnce(
        command,
        file,
        withUsualMethod(given, file),
        { json, isPlan: plan || report },
        (asked, out, form, written) =>
          withEngine(
            json,
            async ({ ask, close }) => {
              if (report) return showReport(ask, requestOf(await asked(), given), json)
              if (plan) return showPlan(ask, { recipe: await asked(), form }, json)
              const writer = {
                template: join(resources, 'model-card.md'),
                rebuild: (request: Parameters<EngineClient['rebuild']>[0]) => ask((client) => client.rebuild(request)),
                look: (written: string) => ask((client) => client.look({ file: written })),
              }
              if (asksSearch(given)) {
                const { searchInTerminal } = await import('./search/search.ts')
                return searchInTerminal(
                  writer,
                  { close, kept },
                  {
                    given: withUsualMethod(given, file),
                    ...{ written, out, overwrite, form, json },
                  },
                )
              }
              const recipe = await lookedAt(ask, await asked(), given, json)
              const request = { recipe, out: resolve(out), overwrite, form }
              const exported = await kept(request, () => exportMerge(writer, request), close)
              if (json) return printJson(exported)
              for (const line of exportedLines(exported)) print(line)
              print(`${exported.card}: its card`)
            },
            dirname(resolve(out)),
          ),
      ),
    )
}

interface Looks {
  data?: string[]
  heads?: string[]
}

/** The recipe with what its method wants to know of each model's images, which is collected first. */
async function lookedAt(
  ask: Asked['ask'],
  recipe: Recipe,
  { data = [], heads = [] }: Looks,
  json: boolean,
): Promise<Recipe> {
  if (!mergeCard(recipe.method).needs.statistics) return recipe
  const paths = { data: data.map((of) => resolve(of)), heads: heads.map((of) => resolve(of)) }
  return ask(async (client) => resultOf(await client.collect({ recipe, ...paths }), json))
}

async function showReport(ask: Asked['ask'], request: MergeReportRequest, json: boolean): Promise<void> {
  const found = await ask(async (client) => resultOf(await client.mergeReport(request), json))
  if (json) printJson(found)
  else for (const line of reportLines(found)) print(line)
  if (standsAgainst(found)) process.exitCode = 3
}

async function showPlan(
  ask: Asked['ask'],
  request: Parameters<EngineClient['mergePlan']>[0],
  json: boolean,
): Promise<void> {
  const found = await ask((client) => client.mergePlan(request))
  if (json) printJson(found)
  else for (const line of planLines(found)) print(line)
  if (found.tensors.some(({ fate }) => fate === 'refused')) process.exitCode = 3
}

function planLines({ tensors, ...plan }: MergePlan): string[] {
  const counts = fates.flatMap((fate) => {
    const count = tensors.filter((one) => one.fate === fate).length
    return count ? [`${count} ${fate}`] : []
  })
  const told = tensors.filter(({ fate, why }) => fate !== 'merged' || why !== null)
  return [
    ...told.map(({ tensor, fate, why, from, dtype, shape }) =>
      [`${fate.padEnd(8)}  ${tensor} ${dtype} [${shape}]`, from && `of ${from}`, why].filter(Boolean).join(': '),
    ),
    ...vocabularyLines(plan.vocabulary),
    `${tensors.length} tensors: ${counts.join(', ')}`,
    `reads ${inGigabytes(plan.bytesRead)}, writes ${inGigabytes(plan.bytesWritten)} in ${plan.files === 1 ? '1 file' : `${plan.files} files`}`,
    `memory: about ${inGigabytes(plan.peakBytes)}; time: ${plan.seconds === null ? 'not known before the first merge on this machine' : `about ${Math.ceil(plan.seconds)} s`}`,
  ]
}

function vocabularyLines(vocabulary: MergePlan['vocabulary']): string[] {
  if (!vocabulary) return []
  const { source, tokens, models } = vocabulary
  return [
    `tokens: ${tokens}, ${source === 'union' ? 'those of all models' : `those of ${source}`}`,
    ...models.map(
      ({ model, tokens: own, shared, added, dropped }) =>
        `  ${model}: ${own} tokens, ${shared} shared, ${added} added, ${dropped} dropped`,
    ),
  ]
}

const inGigabytes = (bytes: number): string =>
  bytes < 1e8 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`

function methodsCommand(): Command {
  return new Command('methods')
    .description('what each method does, or one of them at length')
    .argument('[name]')
    .option('--json', 'as JSON')
    .option('--markdown', 'all of them as a page')
    .action((name: string | undefined, _: unknown, command: Command) => {
      const { json = false, markdown = false } = command.optsWithGlobals()
      try {
        if (markdown) return print(mergePage().trimEnd())
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
    ...presetLines(card),
    ...own.map((of) => `  --${dashed(of.name)}${of.symbol ? ` (${of.symbol})` : ''}: ${told(of)}`),
  ]
}

function presetLines({ presets = {} }: MergeCard): string[] {
  return Object.entries(presets).map(([name, { parameters, coefficient }]) => {
    const set = Object.entries({ ...parameters, ...(coefficient !== undefined && { lambda: coefficient }) })
    return `  --preset "${name}": ${set.map(([key, value]) => `${key} ${value}`).join(', ') || 'its defaults'}`
  })
}
