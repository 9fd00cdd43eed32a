// basil cluster: where studies can run besides this machine, and studies that are there. Listing, looking at a cluster
// and saying where a study's tasks are work while another process is at the queue.
import { resolve } from 'node:path'

import { Command } from 'commander'

import { dataFolder } from '../../files/data-folder.ts'
import { requireFree } from '../../files/write-atomic.ts'
import { programOf } from '../../workbench/clusters/program.ts'
import { count } from '../numbers.ts'
import { fail, print, printJson } from '../output.ts'
import { resultOf } from '../terminal.ts'
import { withWorkbench } from '../with.ts'
import { followThere } from './follow.ts'
import { type ClusterOptions, clusterOf, withClusterOptions } from './options.ts'
import { packedLines, packProgram } from './pack.ts'
import { clusterLine, probeLines, statusLines } from './print.ts'
import { type SubmitOptions, submitStudy } from './submit.ts'
import { cancelThere, collectThere, statusOf } from './there.ts'

type Part = (name: string, description: string) => Command
type Json = { json?: boolean }

export function clusterCommand(): Command {
  const command = new Command('cluster').description('studies on Slurm, or in a folder that this machine works through')
  const part: Part = (name, description) => command.command(name).description(description).option('--json', 'as JSON')
  addPlaces(part)
  addStudies(part)
  return command
}

/** What is known of clusters, and what goes there. */
function addPlaces(part: Part): void {
  withClusterOptions(
    part('add', 'a cluster; one of that name is changed').argument('<name>', 'what it is called'),
  ).action((name: string, { json = false, ...given }: ClusterOptions & Json) =>
    withWorkbench(json, true, async ({ clusters }) => {
      const cluster = await clusters.put(clusterOf(name, given))
      if (json) printJson(cluster)
      else for (const line of [clusterLine(cluster), `Next: basil cluster probe "${name}"`]) print(line)
    }),
  )
  part('list', 'every cluster').action(({ json = false }: Json) =>
    withWorkbench(json, false, async ({ clusters }) => {
      const all = clusters.list()
      if (json) return printJson(all)
      for (const cluster of all) print(clusterLine(cluster))
      if (all.length === 0) print('None was added. Next: basil cluster add NAME --folder PATH [--slurm --host HOST]')
    }),
  )
  part('remove', 'from the list; what lies there stays')
    .argument('<name>', 'its name')
    .action((name: string, { json = false }: Json) =>
      withWorkbench(json, true, async ({ clusters }) => {
        const removed = await clusters.remove(name)
        if (json) printJson({ removed })
        else print(removed ? `${name} is removed; what lies there stays.` : `There is no cluster called ${name}.`)
      }),
    )
  part('probe', 'look at it: what is there, and what is wrong; puts the program there where it is not')
    .argument('<name>', 'its name')
    .action((name: string, { json = false }: Json) =>
      withWorkbench(json, false, async ({ clusters }) => {
        const found = await resultOf(clusters.probe(name, new AbortController().signal), json)
        if (json) printJson(found)
        else for (const line of probeLines(found)) print(line)
        if (found.wrong.length > 0) process.exitCode = 1
      }),
    )
  part('pack', 'the one archive that a cluster needs, to be put there by hand')
    .requiredOption('--out <file.tar.gz>', 'where to; a new file')
    .option('--portable', 'the portable engine alone, whatever is installed here')
    .action(async ({ json = false, out, portable = false }: Json & { out: string; portable?: boolean }) => {
      try {
        await requireFree(resolve(out), { overwrite: false })
        const program = await programOf(dataFolder(), portable ? 'portable' : 'installed')
        const packed = await packProgram(program, resolve(out))
        if (json) printJson(packed)
        else for (const line of packedLines(packed)) print(line)
      } catch (error) {
        fail(error, json)
      }
    })
}

/** Of studies on a cluster. */
function addStudies(part: Part): void {
  const ofStudy = (name: string, description: string): Command =>
    part(name, description).argument('<study>', 'its number', count)
  part('submit', 'a study, once its plan was looked at; follows it to its end, Ctrl+C leaves it there')
    .argument('<study>', 'a study as JSON, or the number of one that is paused')
    .requiredOption('--to <name>', 'the cluster')
    .option('--yes', 'without asking')
    .option('--detach', 'do not wait for its end')
    .action((given: string, options: SubmitOptions) =>
      withWorkbench(options.json ?? false, true, (workbench) => submitStudy(workbench, given, options)),
    )
  ofStudy('status', 'where its tasks are, as they were seen last').action((study: number, { json = false }: Json) =>
    withWorkbench(json, false, async (workbench) => {
      const status = statusOf(workbench, study)
      if (json) printJson(status)
      else for (const line of statusLines(study, status)) print(line)
    }),
  )
  ofStudy('cancel', 'its tasks there end; what they have is kept').action((study: number, { json = false }: Json) =>
    withWorkbench(json, true, async (workbench) => {
      const cancelled = await cancelThere(workbench, study)
      if (json) printJson({ cancelled })
      else print(cancelled ? `Study ${study} is cancelled there.` : `Study ${study} is over already.`)
    }),
  )
  ofStudy('retry', 'its failed and lost tasks once more, each after its last kept epoch; follows it')
    .option('--detach', 'do not wait for its end')
    .action((study: number, { json = false, detach = false }: Json & { detach?: boolean }) =>
      withWorkbench(json, true, async (workbench) => {
        const tasks = await workbench.clusters.retry(study)
        if (json) printJson({ type: 'retry', tasks })
        else print(tasks > 0 ? `${tasks} tasks are tried again.` : 'None has failed or is lost.')
        if (tasks > 0) await followThere(workbench, study, { json, until: detach ? 'handed over' : 'over' })
      }),
    )
  ofStudy('collect', 'look there at once, and follow it to its end')
    .option('--once', 'look only once')
    .action((study: number, { json = false, once = false }: Json & { once?: boolean }) =>
      withWorkbench(json, true, (workbench) => collectThere(workbench, study, json, once)),
    )
  ofStudy('take-back', 'what is left of it runs on this machine from now on').action(
    (study: number, { json = false }: Json) =>
      withWorkbench(json, true, async ({ clusters }) => {
        clusters.takeBack(study)
        if (json) printJson({ study })
        else print(`Study ${study} is of this machine again. Next: basil study resume ${study}`)
      }),
  )
}
