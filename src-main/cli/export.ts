// basil export: the model of a run, rebuilt from its parents, and its card.
import { resolve } from 'node:path'

import { Command } from 'commander'

import type { RunId } from '../contract/branded.ts'
import { exportedLines, formOf, withFormOptions } from './convert.ts'
import { wholeNumber } from './numbers.ts'
import { print, printJson } from './output.ts'
import { withWorkbench } from './with.ts'

export function exportCommand(): Command {
  const command = new Command('export')
    .argument('<run>', 'number of the run', wholeNumber)
    .description('write the model of a run and its card, rebuilt from its parents')
    .requiredOption('--out <file>', 'where to')
    .option(
      '--iteration <k>',
      'after this iteration, 0 being the start; the last accepted one if not given',
      wholeNumber,
    )
    .option('--epoch <n>', 'any state of that iteration; its chosen one if not given', wholeNumber)
    .option('--overwrite', 'replace the file, and its card, if they are there')
    .option('--json', 'as JSON')
  return withFormOptions(command, 'the pre-trained model').action(
    (run: RunId, { json = false, out, iteration = null, epoch = null, overwrite = false, ...given }) =>
      withWorkbench(json, false, async (workbench) => {
        const exported = await workbench.exports.export(
          run,
          { iteration, epoch, form: formOf(out, given) },
          { out: resolve(out), overwrite },
        )
        if (json) return printJson(exported)
        for (const line of exportedLines(exported)) print(line)
        print(`${exported.card}: its card`)
      }),
  )
}
