// basil preset list|plan: the paper's tables as studies. A plan names everything that is missing before anything runs,
// and says where the protocol is not what its name says; with all of it there, or without the rows that lack something,
// it writes the study.
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'

import { Command, InvalidArgumentError, Option } from 'commander'

import type { Filled } from '../../contract/api/studies.ts'
import { BasilError } from '../../contract/errors.ts'
import { answerOf } from '../../workbench/reading/answer.ts'
import { named, type Preset, type Protocol, readPresets, recomputed } from '../../workbench/studies/presets/files.ts'
import { fill } from '../../workbench/studies/presets/fill.ts'
import {
  type AtHand,
  checkpointsIn,
  type Inventory,
  inventoryOf,
  onShelf,
} from '../../workbench/studies/presets/inventory.ts'
import { namedData } from '../../worker/data/named-data.ts'
import { fail, print, printJson } from '../output.ts'
import { resources, withWorkbench } from '../with.ts'

interface Given {
  protocol: string
  model: string
  models?: string
  library?: boolean
  tauJp?: string
  data?: string
  seeds: number
  out?: string
  withoutMissing?: boolean
  json?: boolean
}

export function presetCommand(): Command {
  const command = new Command('preset').description(
    "the paper's tables as studies, to be run on your checkpoints and data",
  )
  command
    .command('list')
    .description('every table, every protocol, and what the paper printed')
    .option('--json', 'as JSON')
    .action(({ json = false }) => {
      const { presets, protocols, paper } = readPresets(resources)
      if (json) return printJson({ presets, protocols, paper })
      for (const { name, title, arms } of presets) print(`${name.padEnd(10)} ${title} (${arms.length} rows)`)
      for (const [name, { words }] of Object.entries(protocols)) print(`  --protocol ${name.padEnd(9)} ${words}`)
      for (const remark of paper.remarks) print(`Of the paper's tables, not ours: ${remark}`)
      for (const { table, model, printed, ofRows, distinct } of recomputed(paper))
        print(
          `Of the paper's tables, not ours: ${table}, ${model}: mean ${pair(printed)} printed, ${pair(ofRows)} of its rows, ${pair(distinct)} of its distinct rows.`,
        )
    })
  command
    .command('plan')
    .description('what a table needs and what is missing of it; writes the study that "basil study run" runs')
    .argument('<name>', 'T1, T2, T3, T4, T5 or figure-2c')
    .addOption(
      new Option('--protocol <name>', 'how it learns and selects')
        .choices(['strict', 'paper', 'released'])
        .default('strict'),
    )
    .option('--model <name>', "the folder's name, as in the field", 'ViT-B-32')
    .option(
      '--models <folder>',
      "checkpoints and heads in the field's folders: MODEL/CarsVal/finetuned.pt, head_CarsVal.pt",
    )
    .option('--library', 'checkpoints of the library, those tagged "tau-jp" as such, and the data sets that were added')
    .option('--tau-jp <folder>', 'checkpoints fine-tuned with the tau-Jp penalty, in the same folders')
    .option('--data <folder>', 'the data sets, as torchvision leaves them')
    .option('--seeds <n>', 'how many seeds', number, 1)
    .option('--out <study.json>', 'write the study')
    .option('--without-missing', 'leave out what lacks something')
    .option('--json', 'as JSON')
    .action((name: string, given: Given) => plan(name, given))
  return command
}

async function plan(name: string, given: Given): Promise<void> {
  const { json = false } = given
  try {
    const presets = readPresets(resources)
    const preset = named('preset', name, Object.fromEntries(presets.presets.map((one) => [one.name, one])))
    const protocol = named('protocol', given.protocol, presets.protocols)
    const filled = fill(presets, preset, protocol, await atHand(given), given.seeds)
    const isWhole = filled.missing.length === 0 || (given.withoutMissing === true && filled.definition !== null)
    if (given.out !== undefined && isWhole)
      writeFileSync(resolve(given.out), `${JSON.stringify(filled.definition, null, 2)}\n`, { flag: 'wx' })
    if (json)
      printJson({
        preset: preset.name,
        protocol: given.protocol,
        differs: protocol.differs,
        without: preset.without,
        ...filled,
      })
    else for (const line of planLines(preset, given.protocol, protocol, filled, given)) print(line)
    process.exitCode = isWhole ? 0 : 3
  } catch (error) {
    fail(taken(error), json)
  }
}

async function atHand({ model, models, library, tauJp, data, json = false }: Given): Promise<Inventory> {
  const there = async (folder: string | undefined): Promise<AtHand['rows']> =>
    folder === undefined ? [] : checkpointsIn(resolve(folder))
  const given: AtHand = {
    rows: await there(models),
    tauJp: await there(tauJp),
    data: data === undefined ? [] : [resolve(data)],
  }
  if (library)
    await withWorkbench(json, false, async (workbench) => {
      const shelf = await onShelf(workbench)
      for (const kind of ['rows', 'tauJp'] as const)
        given[kind] = [...given[kind], ...shelf[kind]].map(({ path }, id) => ({ id, path }))
      given.data.push(...shelf.data)
    })
  return inventoryOf(model, given, (folders) => answerOf(namedData(folders)))
}

function* planLines(
  { name, title, arms, without }: Preset,
  protocolName: string,
  { words, differs }: Protocol,
  filled: Filled,
  given: Given,
): Generator<string> {
  yield `${name}: ${title}`
  yield `${protocolName}: ${words}.`
  yield `${arms.length} rows, ${filled.runs} runs for each of ${given.seeds} ${given.seeds === 1 ? 'seed' : 'seeds'}.`
  for (const line of differs) yield `Not as its name says: ${line}`
  for (const line of without) yield `Not offered: ${line}.`
  if (filled.missing.length === 0) yield 'Nothing is missing.'
  for (const { kind, name: what, arms: rows } of filled.missing)
    yield `Missing ${kind}: ${what} (for ${rows.length > 3 ? `${rows.length} of ${arms.length} rows` : rows.join('; ')})`
  if (given.out !== undefined && (filled.missing.length === 0 || (given.withoutMissing && filled.definition)))
    yield `Written. Next: basil study run ${given.out}`
}

function taken(error: unknown): unknown {
  if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) return error
  return new BasilError({
    code: 'target-exists',
    what: 'The file is already there',
    where: 'path' in error ? String(error.path) : '',
    why: 'a study is written to a new file',
    next: 'name another',
  })
}

const pair = (values: readonly number[]): string => values.map((v) => v.toFixed(2)).join(' to ')

function number(text: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text)) throw new InvalidArgumentError('It is not a whole number from 1 to 999.')
  return Number(text)
}
