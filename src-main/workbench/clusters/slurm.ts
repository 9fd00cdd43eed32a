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
import type { Scheduler, StudyThere, Turn } from './target.ts'

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
    submit: async (study, tasks) => {
      const known = await poll(study)
      const wanted = tasks.filter((task) => (known.get(task)?.state ?? 'over') === 'over')
      if (wanted.length === 0) return
      const what = 'Slurm did not take the tasks'
      const size = /^MaxArraySize\s*= (\d+)/m.exec(await ask('scontrol show config', what))?.[1]
      const write = `cd ${quoted(study.folder)} && cat > ${scriptName}.new && mv ${scriptName}.new ${scriptName} || exit`
      const handOver = submission(study, arraysOf(wanted, Number(size ?? 1001)), cluster.atOnce)
      await ask(`${write}\n${handOver}`, what, batchScript(cluster, study))
    },
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
