// What a study's tasks on a cluster are at, as a whole.
import { type ClusterTask, type ClusterTaskState, clusterTaskStates } from '../api/clusters.ts'

/** How many are in each state, in the order in which a task goes through them; a state without any is left out. */
export function taskCounts(tasks: readonly Pick<ClusterTask, 'state'>[]): { state: ClusterTaskState; count: number }[] {
  const counts = new Map<ClusterTaskState, number>()
  for (const { state } of tasks) counts.set(state, (counts.get(state) ?? 0) + 1)
  return clusterTaskStates.flatMap((state) => {
    const count = counts.get(state)
    return count === undefined ? [] : [{ state, count }]
  })
}

/** It waits its turn or is at work there. */
export const isThere = ({ state }: Pick<ClusterTask, 'state'>): boolean => state === 'queued' || state === 'running'
