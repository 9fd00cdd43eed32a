// Slurm by its commands: a study is a job array of run.sbatch, or several where Slurm takes no larger one; what is
// missing is handed over as an array of those elements alone. Slurm is asked each time and nothing is remembered here,
// so that neither its controller nor this program loses anything by being started again.
import type { Cluster } from '../../contract/clusters/cluster.ts'
import { BasilError } from '../../contract/errors.ts'
import { type Place, quoted } from './place.ts'
import { failedThere, type Said } from './said.ts'
import { asksProbe, probed } from './slurm/probe.ts'
import { asksQueue, elementsOf, turnsOf } from './slurm/queue.ts'
import { arraysOf, batchScript, scriptName, submission } from './slurm/script.ts'
import type { Handed, Scheduler, StudyThere, Turn } from './target.ts'

export function createSlurm(cluster: Cluster, place: Place): Scheduler {
  async function ask(script: string, what: string, input = ''): Promise<string> {
    const said = await place.run(script, { input })
    if (said.code !== 0) throw failed(cluster, what, place, said)
    return said.stdout.toString('utf8')
  }

  const poll = async (study: StudyThere): Promise<Map<number, Turn>> =>
    turnsOf(await ask(asksQueue(study), 'Slurm did not say where the tasks are'), study)

  return {
    probe: async () => {
      const study = { folder: cluster.folder, name: 'basil-trial', program: 'true' }
      return probed(await ask(asksProbe(cluster), 'Slurm could not be looked at', batchScript(cluster, study)), cluster)
    },
    submit: (study, tasks) => submit({ cluster, place, ask, poll }, study, tasks),
    poll,
    cancel: async (study, tasks) => {
      const living = async (states: Turn['state'][]): Promise<string[]> => {
        const found = [...(await poll(study))].filter(
          ([task, { state }]) => states.includes(state) && (tasks?.includes(task) ?? true),
        )
        return elementsOf(found.map(([, turn]) => turn))
      }
      const cancel = async (which: string[]): Promise<void> => {
        const what = 'Slurm did not cancel the tasks'
        if (which.length > 0) await ask(`scancel ${which.map(quoted).join(' ')}`, what)
      }
      await cancel(await living(['queued', 'running']))
      await cancel(await living(['queued'])) // one that had itself queued again just then
    },
    close: async () => undefined,
  }
}

interface Asking {
  cluster: Cluster
  place: Place
  ask(script: string, what: string, input?: string): Promise<string>
  poll(study: StudyThere): Promise<Map<number, Turn>>
}

/**
 * All that Slurm has not yet; where its limits let it take no array of that size, one of half as many, and of half of
 * that. More of a study are handed over only while fewer are there than may be at work at once.
 */
async function submit(
  { cluster, place, ask, poll }: Asking,
  study: StudyThere,
  tasks: readonly number[],
): Promise<Handed> {
  const living = async (): Promise<Map<number, Turn>> =>
    new Map([...(await poll(study))].filter(([, { state }]) => state !== 'over'))
  const there = await living()
  const taken = tasks.filter((task) => there.has(task))
  const wanted = tasks.filter((task) => !there.has(task))
  if (wanted.length === 0) return { taken, left: null }
  const { atOnce } = cluster
  if (there.size >= atOnce) return { taken, left: `${there.size} tasks are there, and ${atOnce} may work at once` }
  const what = 'Slurm did not take the tasks'
  const size = Number(/^MaxArraySize\s*= (\d+)/m.exec(await ask('scontrol show config', what))?.[1] ?? 1001)
  const jobs = [...new Set([...there.values()].flatMap(({ job }) => job?.split('_')[0] ?? []))]
  const after = there.size + wanted.length > atOnce ? jobs : []
  const write = `cd ${quoted(study.folder)} && cat > ${scriptName}.new && mv ${scriptName}.new ${scriptName} || exit`
  let left: string | null = null
  for (let some = wanted; some.length > 0; some = some.slice(0, Math.floor(Math.min(some.length, size) / 2))) {
    const arrays = arraysOf(some, size)
    const handOver = `${write}\n${submission(cluster, study, arrays, { jobs, after, isAll: some === wanted })}`
    const said = await place.run(handOver, { input: batchScript(cluster, study) })
    const count = said.stdout.toString('utf8').match(/^\d+$/gm)?.length ?? 0
    const now = [...taken, ...arrays.slice(0, count).flatMap((array) => array.tasks)]
    if (said.code === 0) return { taken: now, left }
    const refused = failed(cluster, what, place, said)
    left = limitIn(said.stderr.toString('utf8'))
    if (count > 0) return { taken: now, left: left ?? refused.record.why }
    if (left === null) throw refused
    const late = await living() // it may have been taken as sbatch was told to ask no more
    if (some.some((task) => late.has(task))) return { taken: tasks.filter((task) => late.has(task)), left }
  }
  return { taken, left }
}

/** Of how many jobs Slurm takes, by its own words; null: it says no to something else. */
function limitIn(said: string): string | null {
  const limit = /\b(?:QOS|Assoc)\w*Submit\w*/.exec(said)?.[0]
  if (limit) return `Slurm takes no more of them now: ${limit}`
  return /temporarily unable to accept job|job queue full/i.test(said)
    ? 'Slurm has as many jobs as it takes now (MaxJobCount)'
    : null
}

/** A controller that does not answer is tried again, as a host that cannot be reached; what it says no to is not. */
function failed({ name }: Cluster, what: string, place: Place, said: Said): BasilError {
  const { record } = failedThere(what, place, said)
  const isAway = /unable to contact|timed out|connection refused|communication connection/i.test(
    said.stderr.toString('utf8'),
  )
  if (isAway)
    return new BasilError({
      ...record,
      code: 'not-allowed',
      where: name,
      next: 'wait for its controller to answer; the tasks that are there go on',
    })
  const next = 'change what is asked for on the cluster, as partition, account, time or memory, and try again'
  return new BasilError({ ...record, code: 'config-invalid', where: name, next })
}
