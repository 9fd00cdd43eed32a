// basil disentangle: how far two task vectors disturb each other's predictions when they are added, over a grid of
// their coefficients.

import { basename, resolve } from 'node:path'

import { Command, InvalidArgumentError } from 'commander'

import { type Disentanglement, type DisentanglementRequest, evenGrid } from '../../contract/api/disentanglement.ts'
import { resolveConfig } from '../../contract/run/resolve.ts'
import { at } from '../../numbers/vectors.ts'
import { print, printJson } from '../output.ts'
import { resultOf } from '../terminal.ts'
import { type Options, saidBy, warn, withTowerOptions } from '../tower-options.ts'
import { withEngine } from '../with.ts'

export function disentangleCommand(): Command {
  const command = withTowerOptions(new Command('disentangle'))
  return command
    .description(
      "how far two task vectors disturb each other's predictions: the disentanglement error over a grid, in %",
    )
    .requiredOption('--pretrained <file>', 'the model they were fine-tuned from')
    .requiredOption('--vectors <files...>', 'two fine-tuned models')
    .requiredOption('--tasks <images...>', 'images of the task of each, "file#name" or a data set\'s split')
    .requiredOption('--heads <heads...>', 'the head of each task')
    .option('--grid <n>', 'values of each coefficient, from -3 to 3', points, 11)
    .option('--linearised', 'of the models linearised at the pre-trained one')
    .option('--json', 'as JSON')
    .action(({ json = false, grid, ...given }) => {
      for (const name of ['vectors', 'tasks', 'heads'] as const)
        if (given[name].length !== 2) command.error(`error: give two of --${name}`, { exitCode: 2 })
      return withEngine(json, async (supervisor) => {
        const request = { config: configOf(given), grid: evenGrid(grid) }
        const found = await supervisor.ask(async (client) => resultOf(await client.disentangle(request), json))
        if (json) return printJson(found)
        warn(found.warnings)
        for (const line of mapLines(found)) print(line)
      })
    })
}

interface Given extends Options {
  pretrained: string
  vectors: string[]
  tasks: string[]
  heads: string[]
  linearised?: boolean
}

function configOf({
  pretrained,
  vectors,
  tasks,
  heads,
  linearised,
  ...given
}: Given): DisentanglementRequest['config'] {
  const config = {
    method: 'atlas',
    pretrained,
    vectors,
    tasks: tasks.map((data, t) => ({ name: `${t + 1} ${nameOf(data)}`, data, head: heads[t], finetuned: vectors[t] })),
    linearised: linearised ? 'jvp' : 'no',
    ...saidBy(given),
  }
  return resolveConfig(config, (path) => resolve(path))
}

/** What a task's name may hold. */
const nameOf = (data: string): string =>
  basename(data)
    .replace(/[^\w .()+-]/g, ' ')
    .slice(0, 60)

/** Rows by a_1, columns by a_2. */
function mapLines({ tasks, grid, error, linearised }: Disentanglement): string[] {
  const cells = error.map((row) => row.map((xi) => (100 * xi).toFixed(1).padStart(6)).join(' '))
  return [
    ...tasks.map(({ name, vector, images }, t) => `a${t + 1}: ${vector} on ${name}, ${images} images`),
    `xi(a1, a2) in %, of at most 200${linearised ? ', linearised' : ''}; a1 down, a2 across`,
    `${''.padStart(6)} ${grid.map((a) => a.toFixed(1).padStart(6)).join(' ')}`,
    ...cells.map((row, i) => `${at(grid, i).toFixed(1).padStart(6)} ${row}`),
  ]
}

function points(text: string): number {
  const n = Number(text)
  if (!Number.isInteger(n) || n < 2 || n > 61) throw new InvalidArgumentError('Give a whole number from 2 to 61.')
  return n
}
