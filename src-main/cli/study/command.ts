// basil study run|controls|adapt|list|show|pause|resume|forget: one configuration, what is varied of it, and seeds, as
// runs that follow one another, and their table. Listing and showing work while another process is at the study;
// pausing asks that process.
import { Command } from 'commander'

import { adaptationOf } from '../../contract/run/adaptation.ts'
import { controlsOf } from '../../contract/run/study.ts'
import { readDefinition } from '../../workbench/studies/definition.ts'
import { count } from '../numbers.ts'
import { fail, print, printJson } from '../output.ts'
import { withWorkbench } from '../with.ts'
import { followStudy } from './follow.ts'
import { runLine, summaryLine } from './print.ts'
import { readyFor, tableLinesOf, writeTables } from './tables.ts'

const outWords = 'write its tables there too, as Markdown; what is there is replaced'

type Part = (name: string, description: string) => Command

export function studyCommand(): Command {
  const command = new Command('study').description('runs that belong together: arms, sweeps and seeds, with one table')
  const part: Part = (name, description) => command.command(name).description(description).option('--json', 'as JSON')
  addStarting(part)
  addKept(part)
  return command
}

/** Those that begin a study. */
function addStarting(part: Part): void {
  part('run', 'start a study and follow it to its end; Ctrl+C pauses it')
    .argument(
      '<file>',
      'a study as JSON; its paths are relative to it, its "config" may be the path of a configuration',
    )
    .option('--out <file.md>', outWords)
    .action((file: string, { json = false, out }) => run(file, json, (definition) => definition, out))
  part(
    'controls',
    'run a configuration of dv-basi beside its controls: isotropic, random, restart, one long run, larger rate, no decay',
  )
    .argument('<config>', 'a configuration; its paths are relative to it')
    .option('--seeds <n>', 'how many seeds', count, 1)
    .action((file: string, { json = false, seeds }) =>
      run(file, json, (config) => ({ ...controlsOf(config), seeds: firstSeeds(seeds) })),
    )
  part('adapt', 'adapt to every task in turn, without its labels and its own model: aTLAS with UFM, then DV-BASI')
    .argument('<config>', 'a configuration; its paths are relative to it')
    .option('--rivals', 'beside it aTLAS alone: with UFM, with entropy, with SAR')
    .option('--seeds <n>', 'how many seeds', count, 1)
    .action((file: string, { json = false, rivals = false, seeds }) =>
      run(file, json, (config) => ({
        ...adaptationOf(config, { rivals }),
        seeds: firstSeeds(seeds),
      })),
    )
}

/** Of studies that are there. */
function addKept(part: Part): void {
  part('list', 'every study, newest first').action(({ json = false }) =>
    withWorkbench(json, false, async ({ studies }) => {
      const all = studies.list()
      if (json) printJson(all)
      else for (const summary of all) print(summaryLine(summary))
    }),
  )
  part('show', 'its runs and its table')
    .argument('<study>', 'its number', count)
    .option('--out <file.md>', outWords)
    .action((study: number, { json = false, out }) =>
      withWorkbench(json, false, async (workbench) => {
        const detail = workbench.studies.show(study)
        if (out !== undefined) await readyFor(out)
        if (out !== undefined) await writeTables(out, workbench, detail)
        if (json) return printJson(detail)
        print(summaryLine(detail))
        for (const one of detail.runs) print(runLine(one))
        for (const line of tableLinesOf(workbench, detail)) print(line)
      }),
    )
  part('pause', 'after its present run, whichever process is at it')
    .argument('<study>', 'its number', count)
    .action((study: number, { json = false }) =>
      withWorkbench(json, false, async ({ studies }) => {
        const asked = await studies.pause(study, false)
        if (json) printJson({ asked })
        else print(asked ? `Study ${study} pauses after its present run.` : `Nobody is at study ${study}.`)
      }),
    )
  part('resume', 'go on where it was')
    .argument('<study>', 'its number', count)
    .option('--out <file.md>', outWords)
    .action((study: number, { json = false, out }) =>
      withWorkbench(json, true, async (workbench) => {
        if (out !== undefined) await readyFor(out)
        await followStudy(workbench, await workbench.studies.resume(study), json, out)
      }),
    )
  part('forget', 'take it away; its runs stay')
    .argument('<study>', 'its number', count)
    .action((study: number, { json = false }) =>
      withWorkbench(json, true, async ({ studies }) => {
        const forgotten = studies.forget(study)
        if (json) printJson({ forgotten })
      }),
    )
}

/** Starts the study that a file describes, as `change` makes it, and follows it to its end. */
async function run(
  file: string,
  json: boolean,
  change: (definition: Record<string, unknown>) => unknown,
  out?: string,
): Promise<void> {
  const read = await readDefinition(file, change).catch((error: unknown) => fail(error, json, 2))
  if (read)
    await withWorkbench(json, true, async (workbench) => {
      if (out !== undefined) await readyFor(out)
      await followStudy(workbench, await workbench.studies.start(read.definition, read.absolute), json, out)
    })
}

const firstSeeds = (n: number): number[] => Array.from({ length: n }, (_, seed) => seed)
