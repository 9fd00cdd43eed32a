// Clusters, what was found there and what is at work there, in words for a terminal.
import type { ClusterTask, PlanThere, Probe, StatusThere } from '../../contract/api/clusters.ts'
import type { Cluster } from '../../contract/clusters/cluster.ts'
import { taskCounts } from '../../contract/clusters/counts.ts'
import { sentence } from '../../contract/errors.ts'
import { inColumns } from '../columns.ts'
import { duration } from '../print.ts'

export function clusterLine(cluster: Cluster): string {
  const { name, kind, host, folder, partition, account, qos, minutes, memoryGigabytes, cpus, gpus, atOnce } = cluster
  const asked = [
    ...(partition ? [`partition ${partition}`] : []),
    ...(account ? [`account ${account}`] : []),
    ...(qos ? [`QOS ${qos}`] : []),
    ...[`${cpus} CPUs`, `${memoryGigabytes} GB`, ...(gpus > 0 ? [`${gpus} GPUs`] : []), `${minutes} min a task`],
    `${atOnce} at once`,
  ]
  return `${name}: ${kind === 'slurm' ? 'Slurm' : 'a folder'}, ${host ? `${host}:` : ''}${folder}; ${asked.join(', ')}`
}

export function probeLines({ cluster, facts, wrong, notes }: Probe): string[] {
  return [
    `${cluster}:`,
    ...inColumns(facts.map(({ what, is }) => [`  ${what}`, is])),
    ...notes.map((note) => `  ${note}`),
    ...wrong.map((error) => `  WRONG: ${sentence(error)}`),
    ...(wrong.length === 0 ? ['  A study can run there.'] : []),
  ]
}

export function planLines({ cluster, tasks, hours, gpuHours, there, missing, bytes }: PlanThere): string[] {
  const gpus = gpuHours > 0 ? `, ${gpuHours.toFixed(1)} GPU hours` : ''
  const limit = hours === null ? '' : `, together ${hours.toFixed(1)} hours at most${gpus} by their limit`
  return [
    `On ${cluster}: ${tasks} tasks${limit}.`,
    `${there} of ${there + missing.length} files and folders are there; ${size(bytes)} will be sent, the program included where it is not there.`,
    ...inColumns(missing.map((one) => ['  missing', size(one.bytes), one.path, one.why])),
  ]
}

const heads = ['task', 'arm', 'seed', 'run', 'state', 'host', 'job', 'took', 'words'] as const

export function statusLines(study: number, { cluster, tasks, seen, ahead, error, folder }: StatusThere): string[] {
  const counts = taskCounts(tasks).map(({ state, count }) => `${String(count).padStart(6)} ${state}`)
  const rows = tasks.map((task) => [
    String(task.place),
    [task.arm, task.part].filter(Boolean).join(', '),
    String(task.seed),
    task.run === null ? '' : String(task.run),
    ...[task.state, task.host ?? '', task.job ?? ''],
    task.seconds === null ? '' : duration(task.seconds),
    task.words,
  ])
  return [
    `Study ${study} on ${cluster}${folder ? `, in ${folder}` : ''}: ${tasks.length} tasks`,
    ...counts,
    ...(seen === null ? [] : [`Last looked at ${seen.slice(0, 19).replace('T', ' ')} UTC.`]),
    ...(ahead !== null && Math.abs(ahead) > 60 ? [`Its clock is ${Math.round(ahead)} s ahead of this one.`] : []),
    ...(error ? [`Not reached: ${sentence(error)}`] : []),
    ...inColumns([heads, ...rows]),
  ]
}

/** What became of one. */
export function taskLine({ place, arm, part, seed, run, state, host, words }: ClusterTask): string {
  const what = [arm, part, `seed ${seed}`].filter(Boolean).join(', ')
  const on = host === null ? '' : ` on ${host}`
  const told = words === state ? '' : `, ${words}`
  return `  task ${place} ${(run === null ? '' : `run ${run}`).padEnd(9)} ${what}: ${state}${on}${told}`
}

/** "3 done, 2 running" */
export const countsText = (tasks: readonly ClusterTask[]): string =>
  taskCounts(tasks)
    .map(({ state, count }) => `${count} ${state}`)
    .join(', ')

const size = (bytes: number): string =>
  bytes < 2 ** 20 ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`
