// basil run and basil resume: a run is started, or gone on with, and followed to its end.
import { Command } from 'commander'

import type { RunId } from '../contract/branded.ts'
import { resolveFile } from '../workbench/projects.ts'
import { followRun } from './follow.ts'
import { wholeNumber } from './numbers.ts'
import { fail } from './output.ts'
import { withWorkbench } from './with.ts'

export function runCommand(): Command {
  return new Command('run')
    .argument('<config>', 'a configuration; its paths are relative to it')
    .description('start a run and follow it to its end')
    .option('--json', 'events as JSON, one a line')
    .action(async (file: string, { json = false }) => {
      const config = await resolveFile(file).catch((error: unknown) => fail(error, json, 2))
      if (config)
        await withWorkbench(json, true, async (workbench) =>
          followRun(workbench, await workbench.runs.start(config), json),
        )
    })
}

export function resumeCommand(): Command {
  return new Command('resume')
    .argument('<run>', 'number of the run', wholeNumber)
    .description('go on with an interrupted run after its last kept epoch')
    .option('--json', 'events as JSON, one a line')
    .action((run: RunId, { json = false }) =>
      withWorkbench(json, true, async (workbench) => followRun(workbench, await workbench.runs.resume(run), json)),
    )
}
