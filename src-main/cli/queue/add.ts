// basil queue add: asks for work without beginning it. What is wrong with it is said at once.

import { resolve } from 'node:path'

import { type Command, Option } from 'commander'

import { evaluationRequestSchema } from '../../contract/api/evaluations.ts'
import type { RunId } from '../../contract/branded.ts'
import { requireFree, requireNothing } from '../../files/write-atomic.ts'
import { resolveFile } from '../../workbench/projects.ts'
import { readDefinition } from '../../workbench/studies/definition.ts'
import type { Workbench } from '../../workbench/workbench.ts'
import { formOf, withFormOptions } from '../convert.ts'
import { askedOnce } from '../merge-asked.ts'
import { withMergeOptions } from '../merge-options.ts'

/** Adds to the queue; what it prints is the caller's. */
export type Adding = (json: boolean, add: (workbench: Workbench) => Promise<void>) => Promise<void>

type Split = 'test' | 'validation' | 'training'

export function addCommands(command: Command, adding: Adding, number: (text: string) => number): Command {
  const part = (name: string, description: string): Command =>
    command.command(name).description(description).option('--json', 'as JSON')
  part('run', 'configurations, each a run; their paths are relative to them')
    .argument('<configs...>', 'configurations')
    .action((files: string[], { json = false }) =>
      adding(json, async ({ runs }) => {
        for (const file of files) await runs.start(await resolveFile(file))
      }),
    )
  part('study', 'a study, as for "basil study run"')
    .argument('<file>', 'a study as JSON')
    .action((file: string, { json = false }) =>
      adding(json, async ({ studies }) => {
        const { definition, absolute } = await readDefinition(file, (found) => found)
        await studies.start(definition, absolute)
      }),
    )
  part('eval', 'the model of a run on its own tasks')
    .argument('<run>', 'number of the run', number)
    .option('--iteration <k>', 'after this iteration, 0 being the start; the last accepted one if not given', number)
    .addOption(
      new Option('--split <split>', 'on which data').choices(['test', 'validation', 'training']).default('test'),
    )
    .action((run: RunId, { json = false, iteration = null, split }) =>
      adding(json, async ({ evaluations }) => void evaluations.start(requestOf(evaluations, run, iteration, split))),
    )
  const model = part('export', 'the model of a run and its card, rebuilt from its parents')
    .argument('<run>', 'number of the run', number)
    .requiredOption('--out <file>', 'where to')
    .option('--iteration <k>', 'after this iteration, 0 being the start; the last accepted one if not given', number)
    .option('--overwrite', 'replace the file, and its card, if they are there')
  withFormOptions(model, 'the pre-trained model').action(
    (run: RunId, { json = false, out, iteration = null, overwrite = false, ...given }) =>
      adding(json, async ({ exports }) => {
        await exports.queue(run, { iteration, form: formOf(out, given) }, { out: resolve(out), overwrite })
      }),
  )
  const converted = part('convert', 'a checkpoint in another layout, container or type')
    .argument('<file>', 'a checkpoint')
    .requiredOption('--out <file>', 'where to')
    .option('--overwrite', 'replace the file if it is there')
  withFormOptions(converted, 'the checkpoint').action(
    (file: string, { json = false, out, overwrite = false, ...given }) =>
      adding(json, async ({ jobs }) => {
        const request = { file: resolve(file), out: resolve(out), overwrite, form: formOf(out, given) }
        await requireFree(request.out, { overwrite })
        jobs.add(() => ({ kind: 'conversion', request, file: request.out }))
      }),
  )
  const merged = withMergeOptions(part('merge', 'checkpoints combined without a run, as by "basil merge"'))
  withFormOptions(merged, 'the pre-trained model').action(
    (file: string | undefined, { json = false, overwrite = false, ...given }) =>
      askedOnce(merged, file, given, { json }, (asked, out, form) =>
        adding(json, async ({ jobs }) => {
          const request = { recipe: await asked(), out: resolve(out), overwrite, form }
          await (form.shardBytes === undefined ? requireFree(request.out, { overwrite }) : requireNothing(request.out))
          jobs.add(() => ({ kind: 'merge', request, file: request.out }))
        }),
      ),
  )
  return command
}

function requestOf({ tasksOf, stateOf }: Workbench['evaluations'], run: RunId, iteration: number | null, split: Split) {
  const recipe = stateOf(run, iteration)
  const name = `run ${run}${recipe.iteration ? `, iteration ${recipe.iteration}` : ', start'}`
  return evaluationRequestSchema.parse({ ...tasksOf(run, split), models: [{ name, from: { recipe } }], split })
}
