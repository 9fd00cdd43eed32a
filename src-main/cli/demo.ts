// The sample project in the terminal: task arithmetic, aTLAS and DV-BASI on the same models and images, and beside them
// the rival that must always stand there, aTLAS run for as many epochs as aTLAS and DV-BASI together. Seeds draw the
// batches.

import { Command } from 'commander'

import type { RunId } from '../contract/branded.ts'
import { BasilError } from '../contract/errors.ts'
import { iterates, methodCard } from '../contract/methods/lookup.ts'
import type { RunConfig } from '../contract/run/config.ts'
import type { RunDetail, RunEvent } from '../contract/run/run.ts'
import type { Workbench } from '../workbench/workbench.ts'
import { type DemoRow, markLines, rowsOf, tableLines } from './demo-table.ts'
import { wholeNumber } from './numbers.ts'
import { onClosedPipe, print, printJson } from './output.ts'
import { lineOf } from './print.ts'
import { clearLive, sayLive } from './terminal.ts'
import { withWorkbench } from './with.ts'

export function demoCommand(): Command {
  return new Command('demo')
    .description('learn on the sample, on this machine, and compare the methods')
    .option('--json', 'results as JSON')
    .option('--seeds <n>', 'how many seeds', wholeNumber, 1)
    .action(({ json = false, seeds }) =>
      withWorkbench(json, true, async (workbench) => {
        onClosedPipe(() => void workbench.close())
        await demo(workbench, { json, seeds })
      }),
    )
}

/** Runs everything one after the other; each run is kept in the history like any other. */
async function demo(workbench: Workbench, { json, seeds }: { json: boolean; seeds: number }): Promise<void> {
  const began = performance.now()
  const { grant, config } = await workbench.projects.open(workbench.sample)
  const arms = armsOf(config)
  const details: { arm: string; seed: number; detail: RunDetail }[] = []
  for (let seed = 0; seed < seeds; seed++) {
    for (const [arm, settings] of Object.entries(arms)) {
      if (methodCard(arm)?.learns.by === 'grid' && seed > 0) continue // it draws nothing
      if (!json) print(`Seed ${seed}: ${settings.name}`)
      const run = await workbench.runs.start(workbench.projects.resolve(grant, { ...settings, seed }))
      await follow(workbench, run, json)
      details.push({ arm, seed, detail: workbench.runs.show(run) })
    }
  }
  const rows: DemoRow[] = rowsOf(details)
  const seconds = (performance.now() - began) / 1000
  if (json)
    return printJson({
      type: 'done',
      seeds,
      seconds,
      engine: details[0]?.detail.engine ?? null,
      runs: details.map((d) => d.detail.run),
      table: rows,
      leaks: details.flatMap(({ detail: { run, leaks } }) => (leaks.length ? [{ run, leaks }] : [])),
    })
  print('')
  for (const line of [...tableLines(rows, seeds), ...markLines(details)]) print(line)
  print(
    `\n${details.length} runs in ${seconds.toFixed(0)} s on ${details[0]?.detail.engine}. "basil runs" lists them; "basil export ${details[0]?.detail.run} --out merged.safetensors" writes the merged model.`,
  )
}

/** The sample's configuration and what is compared with it, all of one budget: start and iterations together. */
export function armsOf(config: RunConfig): Record<'dv-basi' | 'task-arithmetic' | 'atlas', RunConfig> {
  const { start, iterations, epochs, initialCoefficient: _, patience: __, testEach: ___, ...shared } = config
  const startEpochs = start?.epochs
  if (!iterates(config.method) || startEpochs === undefined || epochs === undefined || iterations === undefined)
    throw new BasilError({
      code: 'config-invalid',
      what: 'The sample cannot be compared',
      where: config.name ?? 'sample',
      why: 'it is not DV-BASI with epochs for start and iterations',
      next: 'put the sample project back as it was',
    })
  return {
    'dv-basi': config,
    'task-arithmetic': {
      ...shared,
      name: 'Sample: task arithmetic',
      method: 'task-arithmetic',
      select: 'validation-accuracy',
    },
    atlas: {
      ...shared,
      name: 'Sample: aTLAS, as many epochs',
      method: 'atlas',
      epochs: startEpochs + iterations * epochs,
      initialCoefficient: start?.initialCoefficient,
    },
  }
}

async function follow(workbench: Workbench, run: RunId, json: boolean): Promise<void> {
  let last: RunEvent | undefined
  for await (const event of workbench.runs.watch(run)) {
    last = event
    if (json) printJson(event)
    else show(event)
  }
  if (last?.type === 'ended' && last.error) throw new BasilError(last.error)
  if (last?.type !== 'done')
    throw new BasilError({
      code: 'run-state',
      what: 'The demo ended early',
      where: `run ${run}`,
      why: last?.type === 'ended' ? `the run was ${last.state}` : 'the run did not end',
      next: 'start it again with "npm run demo"',
    })
}

/** On a terminal the last line lives; elsewhere only what stays is printed. */
function show(event: RunEvent): void {
  const line = lineOf(event)
  if (!line || event.type === 'evaluation') return
  if (line.live) sayLive(line.text)
  else {
    clearLive()
    print(line.text)
  }
}
