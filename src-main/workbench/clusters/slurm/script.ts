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
 * A task is told by USR2, as USR1 opens Node's debugger where it comes before the task can hear; USR2 ends it then.
 */
export function batchScript(cluster: Cluster, study: StudyThere): string {
  const { minutes, memoryGigabytes, cpus, gpus, setup } = cluster
  const options = [
    `--job-name=${jobName(study)}`,
    ...whose(cluster),
    ...[`--cpus-per-task=${cpus}`, `--mem=${mebibytes(memoryGigabytes)}M`, `--time=${minutes}`],
    ...(gpus > 0 ? [`--gres=gpu:${gpus}`] : []),
    ...['--requeue', `--signal=B:USR1@${warning}`, '--open-mode=append'],
  ]
  return `#!/bin/bash
${options.map((option) => `#SBATCH ${option}`).join('\n')}
# A task of the study in this folder: that of number $1 + SLURM_ARRAY_TASK_ID.
index=$((\${1:-0} + SLURM_ARRAY_TASK_ID))
exec >>"$(printf 'tasks/%04d/log' "$index")" 2>&1
pid= near= ended=
trap 'heard=1 near=1; [ -z "$pid" ] || kill -USR2 "$pid"' USR1
trap 'heard=1 ended=1; [ -z "$pid" ] || kill -TERM "$pid"' TERM
export BASIL_THREADS="\${BASIL_THREADS:-${cpus}}"
${setup.join('\n')}
${quoted(study.program)} task "$PWD" "$index" &
pid=$!
[ -z "$near" ] || kill -USR2 "$pid"
[ -z "$ended" ] || kill -TERM "$pid"
while :; do
  heard=
  wait "$pid"
  said=$?
  [ "$said" -eq 127 ] && [ -n "\${code:-}" ] && break
  code=$said
  [ -n "$heard" ] || break
done 2>/dev/null
[ "$code" -ne $((128 + $(kill -l USR2))) ] || code=${exits.goesOn}
if [ "$code" -eq ${exits.goesOn} ] && [ -n "$near" ] && [ -z "$ended" ]; then
  scontrol requeue "\${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID"
fi
exit "$code"
`
}

const whose = ({ partition, account, qos }: Cluster): string[] => [
  ...(partition ? [`--partition=${partition}`] : []),
  ...(account ? [`--account=${account}`] : []),
  ...(qos ? [`--qos=${qos}`] : []),
  '--ntasks=1',
]
const mebibytes = (gigabytes: number): number => Math.ceil(gigabytes * 1024)

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

/** Of the job that makes a table of what came of the study, once its tasks have ended; it computes nothing. */
function gathering(cluster: Cluster, study: StudyThere): string {
  const { minutes, memoryGigabytes, setup } = cluster
  const does = [...setup, `exec ${quoted(study.program)} gather ${quoted(study.folder)}`].join('\n')
  const options = [
    ...[`--job-name=${jobName(study)}-results`, `--output=${folderOf(study)}/slurm/results.out`, ...whose(cluster)],
    ...[`--mem=${Math.min(1024, mebibytes(memoryGigabytes))}M`, `--time=${Math.min(30, minutes)}`, `--wrap=${does}`],
  ]
  return options.map(quoted).join(' ')
}

const folderOf = ({ folder }: StudyThere): string => folder.replaceAll('%', '%%')

interface Handing {
  /** That live; what is handed over comes with them to the study's end. */
  jobs: readonly string[]
  /** Those of them that the arrays wait for. */
  after: readonly string[]
  /** Nothing is left to be handed over later. */
  isAll: boolean
}

/**
 * For sh, in the study's folder. Each array waits for the one before, and the first for the jobs that are given, so
 * that no more tasks are at work than wanted. After all of them comes the table of results, without which a study does
 * as well: nobody hears where Slurm does not take that job. Says the number of each that was taken, up to one that is
 * not. A job's output is what Slurm says of it; the tasks have logs of their own. sbatch would ask for two minutes
 * where Slurm has as many jobs as it takes: that is done here, later.
 */
export function submission(
  cluster: Cluster,
  study: StudyThere,
  arrays: readonly TaskArray[],
  { jobs, after, isAll }: Handing,
): string {
  const { folder } = study
  const output = quoted(`--output=${folderOf(study)}/slurm/%A_%a.out`)
  const script = quoted(`${folder}/${scriptName}`)
  const each = arrays.map(
    ({ first, elements }) => `take ${output} --array=${elements}%${cluster.atOnce} ${script} ${first} || exit`,
  )
  return [
    'mkdir -p slurm || exit',
    `id=${after.join(':')} all=${jobs.join(':')}`,
    `take() {
  : >slurm/refused || return
  sbatch --parsable ${quoted(`--chdir=${folder}`)} \${id:+"--dependency=afterany:$id"} "$@" >slurm/taken 2>slurm/refused &
  while kill -0 $! 2>/dev/null; do
    ! grep -q 'sleeping and retrying' slurm/refused || kill $!
    sleep 0.1
  done
  wait $! && id=$(cut -d';' -f1 slurm/taken) && all=\${all:+$all:}$id && echo "$id" && return
  cat slurm/refused >&2
  return 1
}`,
    ...each,
    ...(isAll ? [`id=$all; take ${gathering(cluster, study)} >/dev/null 2>&1 || true`] : []),
  ].join('\n')
}
