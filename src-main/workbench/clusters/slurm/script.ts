// What Slurm is given of a study: run.sbatch, which works on one task of it, and which elements an array has. The tasks
// of an array are numbered from the script's argument on, as Slurm numbers no element beyond MaxArraySize.
import type { Cluster } from '../../../contract/clusters/cluster.ts'
import { exits } from '../../../contract/clusters/task.ts'
import { quoted } from '../place.ts'
import type { StudyThere } from '../target.ts'

export const scriptName = 'run.sbatch'
const warning = 90 // seconds before its limit that a task hears of it; Slurm looks every 30

/** For sbatch and squeue, which takes several with commas. */
export const jobName = ({ name }: Pick<StudyThere, 'name'>): string => name.replaceAll(/[^\w.+-]+/g, '-').slice(0, 60)

/**
 * The task runs behind the script, which hears signals for it: bash acts on one only where it waits. Near the limit a
 * task keeps what it has and ends, and the script has this element queued again, by its own name: the number in
 * SLURM_JOB_ID is, in the last element, that of the whole array. What was cancelled hears TERM and is not queued again.
 */
export function batchScript(cluster: Cluster, study: StudyThere): string {
  const { partition, account, qos, minutes, memoryGigabytes, cpus, gpus, setup } = cluster
  const options = [
    `--job-name=${jobName(study)}`,
    ...(partition ? [`--partition=${partition}`] : []),
    ...(account ? [`--account=${account}`] : []),
    ...(qos ? [`--qos=${qos}`] : []),
    ...['--ntasks=1', `--cpus-per-task=${cpus}`, `--mem=${Math.ceil(memoryGigabytes * 1024)}M`, `--time=${minutes}`],
    ...(gpus > 0 ? [`--gres=gpu:${gpus}`] : []),
    ...['--requeue', `--signal=B:USR1@${warning}`, '--open-mode=append'],
  ]
  return `#!/bin/bash
${options.map((option) => `#SBATCH ${option}`).join('\n')}
# A task of the study in this folder: that of number $1 + SLURM_ARRAY_TASK_ID.
index=$((\${1:-0} + SLURM_ARRAY_TASK_ID))
exec >>"$(printf 'tasks/%04d/log' "$index")" 2>&1
export BASIL_THREADS="\${BASIL_THREADS:-${cpus}}"
${setup.join('\n')}
pid= near= ended=
trap 'heard=1 near=1; [ -z "$pid" ] || kill -USR1 "$pid"' USR1
trap 'heard=1 ended=1; [ -z "$pid" ] || kill -TERM "$pid"' TERM
${quoted(study.program)} task "$PWD" "$index" &
pid=$!
while :; do
  heard=
  wait "$pid"
  said=$?
  [ "$said" -eq 127 ] && [ -n "\${code:-}" ] && break
  code=$said
  [ -n "$heard" ] || break
done 2>/dev/null
if [ "$code" -eq ${exits.goesOn} ] && [ -n "$near" ] && [ -z "$ended" ]; then
  scontrol requeue "\${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID"
fi
exit "$code"
`
}

/** Of one job: elements as --array takes them, counted from the first task. */
export interface TaskArray {
  tasks: number[]
  first: number
  elements: string // "0-3,7"
}

/** maxArraySize: Slurm's; its elements' numbers lie below. */
export function arraysOf(tasks: readonly number[], maxArraySize: number): TaskArray[] {
  const size = Math.max(1, maxArraySize - 1)
  const blocks = Map.groupBy(new Set(tasks), (task) => Math.floor(task / size) * size)
  return [...blocks]
    .sort(([a], [b]) => a - b)
    .map(([first, own]) => ({ tasks: own, first, elements: ranges(own.map((task) => task - first)) }))
}

/** 1, 3, 4, 5: "1,3-5". */
export function ranges(numbers: readonly number[]): string {
  const runs: [number, number][] = []
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const last = runs.at(-1)
    if (last?.[1] === number - 1) last[1] = number
    else runs.push([number, number])
  }
  return runs.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(',')
}

/**
 * For sh, in the study's folder. Each array waits for the one before, and the first for the jobs that are given, so
 * that no more tasks are at work than wanted. Says the number of each that was taken, up to one that is not. A job's
 * output is what Slurm says of it; the tasks have logs of their own. sbatch would ask for two minutes where Slurm has
 * as many jobs as it takes: that is done here, later.
 */
export function submission(
  { folder }: StudyThere,
  arrays: readonly TaskArray[],
  { atOnce, after }: { atOnce: number; after: readonly string[] },
): string {
  const where = [`--chdir=${folder}`, `--output=${folder.replaceAll('%', '%%')}/slurm/%A_%a.out`].map(quoted).join(' ')
  const each = arrays.map(
    ({ first, elements }) => `take --array=${elements}%${atOnce} ${quoted(`${folder}/${scriptName}`)} ${first} || exit`,
  )
  return [
    'mkdir -p slurm || exit',
    `id=${after.join(':')}`,
    `take() {
  : >slurm/refused || return
  sbatch --parsable ${where} \${id:+"--dependency=afterany:$id"} "$@" >slurm/taken 2>slurm/refused &
  while kill -0 $! 2>/dev/null; do
    ! grep -q 'sleeping and retrying' slurm/refused || kill $!
    sleep 0.1
  done
  wait $! && id=$(cut -d';' -f1 slurm/taken) && echo "$id" && return
  cat slurm/refused >&2
  return 1
}`,
    ...each,
  ].join('\n')
}
