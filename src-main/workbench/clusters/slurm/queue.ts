// What squeue says of a study's jobs: those that wait and work, and those that ended within the last minutes
// (MinJobAge). Jobs of a study are known by their name, their folder and the script's argument, so that nothing has to
// be remembered here and a job is found whose number never arrived.
import { quoted } from '../place.ts'
import type { StudyThere, Turn } from '../target.ts'
import { jobName, ranges, scriptName } from './script.ts'

/** With separators of our own, as a column is cut at 20 characters otherwise. */
const columns = ['JobArrayID', 'State', 'Reason', 'exit_code', 'Command', 'WorkDir']
  .map((name) => `${name}:|`)
  .join(',')

export const asksQueue = (study: StudyThere): string =>
  `squeue -h -r -t all -u "$(id -un)" -n ${quoted(jobName(study))} -O ${quoted(columns)}`

export const outOfMemory = 'OUT_OF_MEMORY'
const over = new Set(
  `COMPLETED FAILED CANCELLED TIMEOUT ${outOfMemory} NODE_FAIL BOOT_FAIL DEADLINE PREEMPTED REVOKED LAUNCH_FAILED`.split(
    ' ',
  ),
)
const waiting = new Set('PENDING REQUEUED REQUEUE_HOLD REQUEUE_FED RESV_DEL_HOLD SPECIAL_EXIT'.split(' '))
const stateOf = (state: string): Turn['state'] => (over.has(state) ? 'over' : waiting.has(state) ? 'queued' : 'running')

/** By task. Of several jobs with the same one that which still lives, else the latest. */
export function turnsOf(said: string, { folder }: StudyThere): Map<number, Turn> {
  const turns = new Map<number, Turn & { number: number }>()
  for (const line of said.split('\n')) {
    const [, array = '', element = '', state = '', reason = '', status = '', rest = ''] = row.exec(line) ?? []
    const [, first] = / (\d+)\|/.exec(rest.slice(folder.length + scriptName.length + 1)) ?? []
    if (first === undefined || rest !== `${folder}/${scriptName} ${first}|${folder}|`) continue
    const task = Number(first) + Number(element)
    const turn = {
      state: stateOf(state),
      words: words(state, reason, Number(status)),
      job: `${array}_${element}`,
      number: Number(array),
    }
    const known = turns.get(task)
    if (!known || rank(turn) > rank(known)) turns.set(task, turn)
  }
  return new Map([...turns].map(([task, { state, words, job }]) => [task, { state, words, job }]))
}

const row = /^(\d+)_(\d+)\|([^|]*)\|([^|]*)\|(\d*)\|(.*)$/
const rank = ({ state, number }: { state: Turn['state']; number: number }): number =>
  (state === 'over' ? 0 : 1e12) + number

/** status: as wait(2) gives it; Slurm has a number of its own for memory that ran out, which is no signal. */
function words(state: string, reason: string, status: number): string {
  const signal = state === outOfMemory ? 0 : status & 127
  const code = status >> 8
  const end = signal
    ? [`signal ${signal}`]
    : code
      ? [`exit code ${code}${code > 128 ? `, signal ${code - 128}` : ''}`]
      : []
  return [state, ...(reason === 'None' || reason === '' ? [] : [reason]), ...(over.has(state) ? end : [])].join(', ')
}

/** As scancel takes them: "12_[0,3-5]". */
export function elementsOf(turns: Iterable<Turn>): string[] {
  const jobs = [...turns].flatMap(({ job }) => (job === null ? [] : [job.split('_')]))
  return [...Map.groupBy(jobs, ([array]) => array ?? '')].map(
    ([array, own]) => `${array}_[${ranges(own.map(([, element]) => Number(element)))}]`,
  )
}
