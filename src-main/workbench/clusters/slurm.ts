// Slurm by its commands: a study is a job array of run.sbatch, or several where Slurm takes no larger one; what is
// missing is handed over as an array of those elements alone. Slurm is asked each time and nothing is remembered here,
// so that neither its controller nor this program loses anything by being started again.
import type { Cluster } from '../../contract/clusters/cluster.ts'
import { BasilError } from '../../contract/errors.ts'
import { failedThere, type Place, quoted, type Said } from './place.ts'
import { asksProbe, probed } from './slurm/probe.ts'
import { asksQueue, elementsOf, turnsOf } from './slurm/queue.ts'
import { arraysOf, batchScript, scriptName, submission } from './slurm/script.ts'
import type { HandedOver, Scheduler, StudyThere, Turn } from './target.ts'

/** It took no more when so many were held; next, most are tried. */
interface Limit {
  words: string
  held: number
  most: number
}

export function createSlurm(cluster: Cluster, place: Place): Scheduler {
  const limits = new Map<string, Limit>() // by folders of studies
  async function ask(script: string, what: string, input = ''): Promise<string> {
    const said = await place.run(script, { input })
    if (said.code !== 0) throw failed(cluster, what, place, said)
    return said.stdout.toString('utf8')
  }

  const poll = async (study: StudyThere): Promise<Map<number, Turn>> =>
    turnsOf(await ask(asksQueue(study), 'Slurm did not say where the tasks are'), study)

  /** What is not taken for a limit of jobs is tried again in halves, once half of what was there is over. */
  async function submit(study: StudyThere, tasks: readonly number[]): Promise<HandedOver> {
    const known = await poll(study)
    const living = [...known.values()].filter(({ state }) => state !== 'over')
    const lives = (task: number): boolean => (known.get(task)?.state ?? 'over') !== 'over'
    const had = tasks.filter(lives)
    const wanted = tasks.filter((task) => !lives(task))
    const limit = limits.get(study.folder)
    if (wanted.length === 0 || (limit && living.length > limit.held / 2))
      return { taken: had, words: limit?.words ?? '' }
    const some = wanted.slice(0, limit?.most ?? wanted.length)
    const what = 'Slurm did not take the tasks'
    const size = /^MaxArraySize\s*= (\d+)/m.exec(await ask('scontrol show config', what))?.[1]
    const write = `cd ${quoted(study.folder)} && cat > ${scriptName}.new && mv ${scriptName}.new ${scriptName} || exit`
    const arrays = arraysOf(some, Number(size ?? 1001))
    const after = limit ? [...new Set(living.flatMap(({ job }) => job?.split('_')[0] ?? []))] : []
    const handOver = submission(study, arrays, { atOnce: cluster.atOnce, after })
    const said = await place.run(`${write}\n${handOver}`, { input: batchScript(cluster, study) })
    const refused = limitIn(said)
    if (said.code !== 0 && refused === null) throw failed(cluster, what, place, said)
    const lines = said.stdout.toString('utf8').split('\n').length - 1
    const taken = arrays.slice(0, lines).flatMap(({ tasks }) => tasks)
    const words = refused ?? limit?.words ?? ''
    const most = refused === null ? some.length * 2 : Math.max(1, Math.floor(some.length / 2))
    if (taken.length === wanted.length) limits.delete(study.folder)
    else limits.set(study.folder, { words, held: living.length + taken.length, most })
    return { taken: [...had, ...taken], words }
  }

  return {
    probe: async () => {
      const study = { folder: cluster.folder, name: 'basil-trial', program: 'true' }
      return probed(await ask(asksProbe(cluster), 'Slurm could not be looked at', batchScript(cluster, study)), cluster)
    },
    submit,
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

/**
 * What a hand-over said that Slurm has room for only later: a limit of jobs that a person, an account or a quality of
 * service may have, or the cluster as a whole. null: something else, or nothing.
 */
function limitIn(said: Said): string | null {
  const text = said.stderr.toString('utf8')
  return said.code === 0
    ? null
    : (/\S*(?:Max|Grp)SubmitJobs?\S*|temporarily unable to accept job/i.exec(text)?.[0] ?? null)
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
