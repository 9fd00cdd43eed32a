// What is told of tasks that ended on a cluster without a result: with the run of one, and with their study. Where
// memory ran out, as Slurm says it, trying again with no more of it would end the same.
import type { ErrorRecord, Steps } from '../../contract/errors.ts'
import type { ClusterTaskRow } from '../../history/cluster-tasks.ts'
import { outOfMemory } from './slurm/queue.ts'
import type { StudyThere } from './target.ts'

const isOutOfMemory = ({ words }: Pick<ClusterTaskRow, 'words'>): boolean => words.startsWith(outOfMemory)

/** there: the study's, whose folder has its log. */
export function lostTask(task: ClusterTaskRow, { folder }: Pick<StudyThere, 'folder'>): ErrorRecord {
  const { place, words, job } = task
  return {
    ...said([task], `have it tried again; its log is in ${folder}/tasks`),
    what: 'A task on the cluster ended without a result',
    where: `task ${place}${job ? `, job ${job}` : ''}`,
    why: words || 'the scheduler does not know it any more',
  }
}

/** lost: at least one; total: the study's tasks. */
export function lostTasks(lost: readonly ClusterTaskRow[], total: number): ErrorRecord {
  const first = lost.find(isOutOfMemory) ?? lost[0]
  return {
    ...said(lost, 'have them tried again: each goes on after its last kept epoch'),
    what: `${lost.length} of ${total} tasks ended on the cluster without a result`,
    where: lost
      .slice(0, 10)
      .map(({ place }) => `task ${place}`)
      .join(', '),
    why: first?.words || 'the scheduler does not know them any more',
  }
}

function said(lost: readonly ClusterTaskRow[], next: string): Pick<ErrorRecord, 'code'> & Steps {
  if (!lost.some(isOutOfMemory)) return { code: 'engine-lost', next }
  return {
    code: 'out-of-memory',
    next: `give a task more memory ("basil cluster add" once more, with a larger --memory), then ${next}`,
    inWindow: `give a task more memory on the page Clusters, then ${next}`,
  }
}
