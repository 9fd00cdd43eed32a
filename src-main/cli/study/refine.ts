// basil refine: from a fine-tuned checkpoint to a refined one in one go: DV-BASI on its own task, the exported model
// with its card, and test accuracy before and after with Wilson's intervals. Where no iteration beat the checkpoint on
// validation data, it says so and writes nothing.
import { basename, resolve } from 'node:path'

import { Command } from 'commander'

import type { Form } from '../../contract/checkpoint.ts'
import { type Refinement, refinementOf } from '../../contract/run/refine.ts'
import { resolveConfig } from '../../contract/run/resolve.ts'
import type { RunDetail } from '../../contract/run/run.ts'
import { wilson } from '../../numbers/statistics/wilson.ts'
import type { Workbench } from '../../workbench/workbench.ts'
import { exportedLines, formOf, withFormOptions } from '../convert.ts'
import { followRun } from '../follow.ts'
import { wholeNumber } from '../numbers.ts'
import { print, printJson } from '../output.ts'
import { withWorkbench } from '../with.ts'

type Given = Omit<Refinement, 'finetuned' | 'name'> &
  Partial<Form> & {
    name?: string
    iterations?: number
    epochs?: number
    seed: number
    out?: string
    overwrite?: boolean
    json?: boolean
  }

export function refineCommand(): Command {
  const command = new Command('refine')
    .description('go on where fine-tuning ended: DV-BASI on the task of one fine-tuned model')
    .argument('<checkpoint>', 'the fine-tuned model')
    .requiredOption('--pretrained <file>', 'what it was fine-tuned from')
    .requiredOption(
      '--data <images>',
      '"file#name", or a data set\'s folder: half of its validation split then, the other half selects',
    )
    .option('--validation <images>', 'images that select')
    .option('--test <images>', 'images opened once, at the end')
    .requiredOption('--head <file>', '"file#head.name", or a file of one head')
    .option('--name <task>', "the task's name; the checkpoint's if not given")
    .option('--iterations <n>', 'at most', wholeNumber)
    .option('--epochs <n>', 'of an iteration, at most', wholeNumber)
    .option('--seed <n>', 'of the batches', wholeNumber, 0)
    .option('--out <file>', 'the refined model; a new file in the data folder if not given')
    .option('--overwrite', 'replace the file, and its card, if they are there')
    .option('--json', 'events as JSON, one a line')
  return withFormOptions(command, 'the pre-trained model').action((checkpoint: string, given: Given) => {
    const { json = false } = given
    return withWorkbench(json, true, (workbench) => refine(workbench, checkpoint, given, json))
  })
}

async function refine(workbench: Workbench, checkpoint: string, given: Given, json: boolean): Promise<void> {
  const {
    name = basename(checkpoint).replace(/\.[^.]*$/, ''),
    iterations,
    epochs,
    seed,
    out,
    overwrite = false,
    ...files
  } = given
  const written = refinementOf({ ...files, name, finetuned: checkpoint })
  const config = {
    ...written,
    seed,
    ...(iterations !== undefined && { iterations }),
    ...(epochs !== undefined && { epochs }),
  }
  const run = await workbench.runs.start(resolveConfig(config, (path) => resolve(path)))
  await followRun(workbench, run, json)
  const detail = workbench.runs.show(run)
  if (detail.state !== 'done' && detail.state !== 'stopped') return
  const compared = beforeAndAfter(detail)
  if (!json && compared) print(comparisonLine(compared))
  if (!detail.iterations.some(({ accepted }) => accepted)) {
    if (json) return printJson({ type: 'refined', run, accepted: false, ...compared, exported: null })
    return print('No iteration beat the checkpoint on what selects: it stays as it is, and nothing was written.')
  }
  const target = out === undefined ? null : { out: resolve(out), overwrite }
  const exported = await workbench.exports.export(
    run,
    { iteration: null, form: formOf(out ?? 'refined.safetensors', given) },
    target,
  )
  if (json) return printJson({ type: 'refined', run, accepted: true, ...compared, exported })
  for (const line of exportedLines(exported)) print(line)
  print(`${exported.card}: its card`)
}

interface Measured {
  accuracy: number
  interval: [number, number] | null // Wilson's, at 95 %; null where the number of images is not known
}
interface Compared {
  split: string
  images: number | null
  before: Measured
  after: Measured
}

/** Of the split that the run was evaluated on; null where it did not come so far. */
function beforeAndAfter({ evaluations, evaluatedOn, tasks, config, images }: RunDetail): Compared | null {
  const before = evaluations.find(({ model, split }) => model === 'finetuned' && split === evaluatedOn)?.tasks[0]
    ?.accuracy
  const after = tasks[config.tasks[0]?.name ?? '']?.accuracy
  if (evaluatedOn === null || before === undefined || after === undefined) return null
  const n = images[0]?.[evaluatedOn] ?? null
  const measured = (accuracy: number): Measured => ({
    accuracy,
    interval: n === null ? null : wilson(Math.round(accuracy * n), n),
  })
  return { split: evaluatedOn, images: n, before: measured(before), after: measured(after) }
}

function comparisonLine({ split, images, before, after }: Compared): string {
  const told = ({ accuracy, interval }: Measured): string =>
    `${percent(accuracy)} %${interval ? ` [${percent(interval[0])}, ${percent(interval[1])}]` : ''}`
  const on = images === null ? '' : ` of ${images} images`
  return `Accuracy on ${split} data${on}: ${told(before)} before, ${told(after)} after; in brackets 95 % intervals by Wilson`
}

const percent = (share: number): string => (100 * share).toFixed(2)
