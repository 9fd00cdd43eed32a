// basil fine-tune: starts a fine-tuning, or goes on with one, and follows it to its end. Ctrl+C once lets it end after
// its next state, twice at once; a termination signal or a closed pipe closes the workbench. It goes on from its last
// state whatever ended it.
import { resolve } from 'node:path'

import { Command } from 'commander'

import type { Form } from '../contract/checkpoint.ts'
import { type ResolvedTuning, tuningJsonSchema } from '../contract/tuning/config.ts'
import type { TuningOutput } from '../contract/tuning/output.ts'
import type { TuningEvent } from '../contract/tuning/tuning.ts'
import { resolveTuningFile } from '../workbench/projects.ts'
import type { Workbench } from '../workbench/workbench.ts'
import { formOf, withFormOptions } from './convert.ts'
import { onSignals } from './ending.ts'
import { planLines, tuningLine, tuningTeller } from './fine-tune-lines.ts'
import { wholeNumber } from './numbers.ts'
import { fail, isPipeClosed, onClosedPipe, print, printJson } from './output.ts'
import { clearLive, sayLive } from './terminal.ts'
import { withWorkbench } from './with.ts'

interface Given extends Partial<Pick<Form, 'layout' | 'dtype' | 'container'>> {
  json?: boolean
  out?: string
  convention?: string
  check?: boolean
  schema?: boolean
  list?: boolean
  resume?: number
}

export function fineTuneCommand(): Command {
  const command = new Command('fine-tune')
    .argument('[config]', 'a configuration; its paths are relative to it')
    .description('fine-tune a pre-trained model on a task, and follow it to its end')
    .option('--json', 'events as JSON, one a line')
    .option('--out <file>', "where the model goes; among the data folder's models if not given")
    .option(
      '--convention <folder>',
      "as the field's programs leave it: FOLDER/MODEL/TASKVal/{finetuned,zeroshot}.pt, heads and accuracies",
    )
    .option('--check', 'what it would take, by headers alone')
    .option('--resume <number>', 'go on with one from its last state', wholeNumber)
    .option('--list', 'all fine-tunings, newest first')
    .option('--schema', "the configuration's JSON Schema, for editors")
  return withFormOptions(command, 'the pre-trained model').action((file: string | undefined, given: Given) =>
    fineTune(command, file, given),
  )
}

async function fineTune(command: Command, file: string | undefined, given: Given): Promise<void> {
  const { json = false, resume } = given
  if (given.schema) return print(JSON.stringify(tuningJsonSchema(), null, 2))
  if (given.list) return withWorkbench(json, false, async ({ tunings }) => listed(tunings.list(), json))
  if (resume !== undefined)
    return withWorkbench(json, true, async (workbench) =>
      follow(workbench, await workbench.tunings.resume(resume), json),
    )
  if (file === undefined) return command.error('error: name a configuration, or --resume with a number, or --list')
  const config = await resolveTuningFile(file).catch((error: unknown) => fail(error, json, 2))
  if (!config) return
  await withWorkbench(json, !given.check, async (workbench) => {
    if (given.check) return checked(workbench, config, json)
    await follow(workbench, await workbench.tunings.start(config, outputOf(given)), json)
  })
}

function outputOf({ out, convention, ...given }: Given): TuningOutput {
  if (convention !== undefined) return { out: resolve(convention), form: formOf('', {}), convention: true }
  return { out: out === undefined ? null : resolve(out), form: formOf(out ?? '', given), convention: false }
}

function listed(found: ReturnType<Workbench['tunings']['list']>, json: boolean): void {
  if (json) printJson(found)
  else if (found.length === 0) print('There are no fine-tunings yet.')
  else for (const one of found) print(tuningLine(one))
}

async function checked({ tunings }: Workbench, config: ResolvedTuning, json: boolean): Promise<void> {
  const plan = await tunings.check(config)
  if (json) return printJson(plan)
  for (const line of planLines(plan)) print(line)
}

/** Sets the exit code: 0 when its model is there, or nobody listens any more; else 1. */
async function follow(workbench: Workbench, tuning: number, json: boolean): Promise<void> {
  const { tunings } = workbench
  const release = onSignals({
    first: () => {
      process.stderr.write('\nIt ends after its next state. Ctrl+C again ends it at once.\n')
      void tunings.pause(tuning, false).catch(() => undefined) // it may be over just now
    },
    again: () => void tunings.pause(tuning, true).catch(() => undefined),
    end: () => void workbench.close(),
  })
  onClosedPipe(() => void workbench.close())
  const lineOf = tuningTeller()
  let last: TuningEvent | undefined
  try {
    for await (const event of tunings.watch(tuning)) {
      if (event.type === 'memory') continue
      last = event
      if (json) printJson(event)
      else say(lineOf(event))
    }
  } finally {
    release()
  }
  process.exitCode = last?.type === 'done' || isPipeClosed() ? 0 : 1
}

/** On a terminal the last live line is written over; elsewhere none is printed. */
function say(line: { text: string; live: boolean } | null): void {
  if (!line) return
  if (line.live && !process.stdout.isTTY) return
  clearLive()
  if (line.live) sayLive(line.text)
  else print(line.text)
}
