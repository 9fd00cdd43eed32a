// basil merge: task arithmetic on any checkpoints, without a run and without data. The models are CLIP towers, or of
// any architecture at all; then they are combined by tensor name:
//   theta = theta_pre + sum_t c_t (theta_t - theta_pre)
// What is written carries its recipe, as every model Basil makes.
import { basename, resolve } from 'node:path'

import { Command, InvalidArgumentError, Option } from 'commander'

import type { Recipe } from '../contract/run/recipe.ts'
import { exportedLines, formOf, withFormOptions } from './convert.ts'
import { print, printJson } from './output.ts'
import { withEngine } from './with.ts'

export function mergeCommand(): Command {
  const command = new Command('merge')
    .description('combine checkpoints of any architecture by task arithmetic, without a run')
    .requiredOption('--pretrained <file>', 'the model they were fine-tuned from')
    .requiredOption('--vectors <files...>', 'fine-tuned models')
    .addOption(
      new Option('--coefficient <c>', 'one for all of them')
        .argParser(coefficient)
        .default(0.3)
        .conflicts('coefficients'),
    )
    .option('--coefficients <list>', 'one for each, as in 0.3,0.2', (text) => text.split(',').map(coefficient))
    .requiredOption('--out <file>', 'where to')
    .option('--overwrite', 'replace the file if it is there')
    .option('--json', 'as JSON')
  return withFormOptions(command, 'the pre-trained model').action(
    ({ json = false, out, overwrite = false, ...given }) => {
      const vectors: string[] = given.vectors
      const coefficients: number[] = given.coefficients ?? vectors.map(() => given.coefficient)
      if (coefficients.length !== vectors.length)
        return command.error(`error: there are ${vectors.length} models, and ${coefficients.length} coefficients`, {
          exitCode: 2,
        })
      return withEngine(json, async (supervisor) => {
        const parent = async (file: string): Promise<Recipe['pretrained']> => {
          const path = resolve(file)
          const { sha256 } = await supervisor.ask((client) => client.hash({ file: path }))
          return { file: path, name: basename(path), sha256 }
        }
        const recipe = recipeOf(await parent(given.pretrained), await Promise.all(vectors.map(parent)), coefficients)
        const request = { recipe, out: resolve(out), overwrite, form: formOf(out, given) }
        const exported = await supervisor.ask((client) => client.rebuild(request))
        if (json) return printJson(exported)
        for (const line of exportedLines(exported)) print(line)
      })
    },
  )
}

function recipeOf(
  pretrained: Recipe['pretrained'],
  vectors: Recipe['vectors'],
  coefficients: readonly number[],
): Recipe {
  return {
    basil: '1',
    run: null,
    name: `${vectors.map(({ name }, t) => `${coefficients[t]} ${name}`).join(' + ')}`.slice(0, 200),
    method: 'task-arithmetic',
    grouping: 'scalar',
    iteration: 0,
    epoch: null,
    pretrained,
    vectors,
    groups: ['all'],
    start: coefficients.map((c) => [c]),
    iterations: [],
  }
}

function coefficient(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It is not a number.')
  return value
}
