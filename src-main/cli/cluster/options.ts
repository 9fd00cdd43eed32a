// A cluster as options of a command say it.
import type { Command } from 'commander'

import { type Cluster, clusterSchema } from '../../contract/clusters/cluster.ts'
import { BasilError } from '../../contract/errors.ts'

export interface ClusterOptions {
  folder: string
  slurm?: boolean
  host?: string
  partition?: string
  account?: string
  qos?: string
  minutes?: string
  memory?: string
  cpus?: string
  gpus?: string
  atOnce?: string
  line?: string[]
  path?: string[]
  portable?: boolean
}

/** What is not given is as the schema has it. */
export function withClusterOptions(command: Command): Command {
  const each = (text: string, before: string[] = []): string[] => [...before, text]
  return command
    .requiredOption('--folder <path>', 'there: that all of its machines see; data, programs and results lie in it')
    .option('--slurm', "tasks get their turn from Slurm; if not given from this program, by this machine's processes")
    .option('--host <host>', 'as ssh takes it, if Slurm is not on this machine')
    .option('--partition <name>', 'of Slurm')
    .option('--account <name>', 'of Slurm')
    .option('--qos <name>', 'of Slurm')
    .option('--minutes <n>', 'of a task, before it is queued again and goes on; 240 if not given')
    .option('--memory <GB>', 'of a task; 8 if not given')
    .option('--cpus <n>', 'of a task; 4 if not given')
    .option('--gpus <n>', 'of a task; none if not given')
    .option('--at-once <n>', 'tasks at a time, at most; 4 if not given')
    .option('--line <shell>', 'before each task, as "module load cuda/12.4"; may be repeated', each)
    .option('--path <here=there>', 'a folder of here that lies there too; may be repeated', each)
    .option('--portable', 'the portable engine alone goes along, whatever is installed here')
}

/** Throws config-invalid. */
export function clusterOf(name: string, options: ClusterOptions): Cluster {
  const { folder, host, partition, account, qos, line, path = [] } = options
  const given = {
    ...{ name, folder, host, partition, account, qos, setup: line },
    kind: options.slurm ? 'slurm' : 'folder',
    engine: options.portable ? 'portable' : 'installed',
    minutes: numberOf(options.minutes),
    memoryGigabytes: numberOf(options.memory),
    cpus: numberOf(options.cpus),
    gpus: numberOf(options.gpus),
    atOnce: numberOf(options.atOnce),
    paths: path.map(pathPair),
  }
  const { data, error } = clusterSchema.safeParse(given)
  if (data) return data
  const [issue] = error.issues
  throw invalid(issue?.path.join('.') ?? name, issue?.message ?? error.message)
}

/** What is no number is told by the schema. */
const numberOf = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text))

function pathPair(text: string): { here: string; there: string } {
  const at = text.indexOf('=')
  if (at < 1) throw invalid('paths', `"${text}" does not say HERE=THERE`)
  return { here: text.slice(0, at), there: text.slice(at + 1) }
}

function invalid(where: string, why: string): BasilError {
  return new BasilError({ code: 'config-invalid', what: 'The cluster is not possible', where, why, next: 'correct it' })
}
