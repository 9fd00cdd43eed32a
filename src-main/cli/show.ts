// basil show: all that is known of a run.
import { Command } from 'commander'

import type { RunId } from '../contract/branded.ts'
import { wholeNumber } from './numbers.ts'
import { print, printJson } from './output.ts'
import { detailLines } from './print.ts'
import { withWorkbench } from './with.ts'

export function showCommand(): Command {
  return new Command('show')
    .argument('<run>', 'number of the run', wholeNumber)
    .description('all that is known of a run')
    .option('--json', 'as JSON')
    .action((run: RunId, { json = false }) =>
      withWorkbench(json, false, async (workbench) => {
        const detail = workbench.runs.show(run)
        if (json) printJson(detail)
        else for (const line of detailLines(detail)) print(line)
      }),
    )
}
