// What is asked of a Slurm before a study goes there, and what its answer tells: whether it is there and answers, what
// of the partition is up, and whether it would take a task as the cluster's settings ask for one.
import type { Cluster } from '../../../contract/clusters/cluster.ts'
import type { ErrorRecord } from '../../../contract/errors.ts'
import { quoted } from '../place.ts'
import type { ProbedScheduler } from '../target.ts'

const mark = '--- basil'
const partitionColumns = ['%P', '%a', '%l', '%D', '%T', '%c', '%m', '%G'].join('|')

/** For sh; the batch script stands on its standard input. */
export function asksProbe({ partition, folder }: Cluster): string {
  const of = partition ? ` -p ${quoted(partition)}` : ''
  return `cd ${quoted(folder)} 2>/dev/null || cd /
command -v sbatch >/dev/null || exit 0
sinfo --version
echo '${mark} partitions'
sinfo -h${of} -o '${partitionColumns}' 2>&1
echo '${mark} settings'
scontrol show config 2>&1
echo '${mark} trial'
sbatch --test-only --array=0-0 2>&1 && echo '${mark} taken'
true`
}

export function probed(said: string, cluster: Cluster): ProbedScheduler {
  const [version = '', ...rest] = said.split(new RegExp(`^${mark} `, 'm'))
  const parts = new Map(rest.map((part) => [part.split('\n')[0], part.split('\n').slice(1).join('\n').trim()]))
  if (version.trim() === '')
    return refusedProbe(wrong(cluster, 'There is no Slurm', 'sbatch is not found there', looked))
  const [partitions = '', settings = '', trial = ''] = ['partitions', 'settings', 'trial'].map((of) => parts.get(of))
  const setting = (name: string): string | undefined => new RegExp(`^${name}\\s*= (.*)$`, 'm').exec(settings)?.[1]
  const size = setting('MaxArraySize')
  if (size === undefined) return refusedProbe(wrong(cluster, 'Slurm does not answer', lastLine(settings), later))

  const rows = partitions.split('\n').map((line) => line.split('|'))
  const known = rows.filter((row) => row.length === 8)
  const facts = [
    { what: 'Slurm', is: `${setting('SLURM_VERSION') ?? version.trim()}, cluster ${setting('ClusterName') ?? '?'}` },
    ...known.map(([name = '', up, limit, nodes, state, cpus, megabytes, gpus]) => ({
      what: `Partition ${name.replace('*', '')}`,
      is: `${up}, ${nodes} nodes ${state}, ${cpus} CPUs, ${megabytes} MB${gpus === '(null)' ? '' : `, ${gpus}`}, at most ${limit}`,
    })),
    { what: 'Tasks of a job array', is: `at most ${Number(size) - 1}` },
  ]
  const isTaken = parts.has('taken')
  const start = /to start at (\S+)/.exec(trial)?.[1]
  return {
    facts: isTaken && start ? [...facts, { what: 'A task would start', is: `at ${start}, by its clock` }] : facts,
    wrong: [
      ...(isTaken ? [] : [wrong(cluster, 'Slurm would not take a task', lastLine(trial), mend)]),
      ...known
        .filter(([, up]) => up !== 'up')
        .map(([name = '', up]) => wrong(cluster, `Partition ${name} is not up`, `it is ${up}`, later)),
    ],
    notes:
      setting('JobRequeue') === '0'
        ? ['Jobs are not queued again by themselves here when a node fails: such tasks are handed over again']
        : [],
  }
}

const lastLine = (text: string): string =>
  text
    .trim()
    .split('\n')
    .at(-1)
    ?.replace(/^\w+: (error: )?/, '') || 'it said nothing'
const looked = 'give a host that Slurm is used from, as a login node'
const later = 'try again later, or ask its administrators'
const mend = 'change what is asked for: partition, account, QOS, time, memory, processors or GPUs'

const refusedProbe = (error: ErrorRecord): ProbedScheduler => ({ facts: [], wrong: [error], notes: [] })

function wrong({ name }: Cluster, what: string, why: string, next: string): ErrorRecord {
  return { code: 'not-supported', what, where: name, why, next }
}
