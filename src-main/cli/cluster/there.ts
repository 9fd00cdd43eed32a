// A study that is on a cluster, whoever handed it over: where its tasks are, and its end.
import type { StatusThere } from '../../contract/api/clusters.ts'
import { BasilError } from '../../contract/errors.ts'
import type { Workbench } from '../../workbench/workbench.ts'
import { followThere } from './follow.ts'

/** Throws run-state where it is on no cluster. */
export function statusOf({ clusters }: Workbench, study: number): StatusThere {
  const status = clusters.status(study)
  if (status) return status
  throw new BasilError({
    code: 'run-state',
    what: 'The study is on no cluster',
    where: `study ${study}`,
    why: 'it was not handed over, or was taken back',
    next: '"basil cluster submit" hands a study over',
  })
}

/** Looks there at once, and follows it. Throws run-state where it is on no cluster. */
export async function collectThere(workbench: Workbench, study: number, json: boolean, once: boolean): Promise<void> {
  statusOf(workbench, study)
  if (workbench.studies.show(study).state !== 'done') await workbench.studies.resume(study)
  await followThere(workbench, study, { json, until: once ? 'looked' : 'over' })
}

/**
 * Whoever was at it has left: it is gone on with, and told to end before anything is looked at. false: it is over
 * already. Throws run-state where it is on no cluster, and what kept its tasks from ending.
 */
export async function cancelThere(workbench: Workbench, study: number): Promise<boolean> {
  const { jobs, studies } = workbench
  statusOf(workbench, study)
  const job = jobs.list().find((one) => one.kind === 'study' && one.study === study)
  if (!job || job.state === 'done' || job.state === 'cancelled') return false
  await studies.resume(study)
  const isCancelled = await jobs.cancel(job.job)
  const { error } = studies.show(study)
  if (error) throw new BasilError(error)
  return isCancelled
}
