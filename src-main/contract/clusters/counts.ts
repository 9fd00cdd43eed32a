// How many tasks are in each state, in the order in which a task goes through them; a state without any is left out.
import { type ClusterTask, type ClusterTaskState, clusterTaskStates } from '../api/clusters.ts'

export function taskCounts(tasks: readonly Pick<ClusterTask, 'state'>[]): { state: ClusterTaskState; count: number }[] {
  const counts = new Map<ClusterTaskState, number>()
  for (const { state } of tasks) counts.set(state, (counts.get(state) ?? 0) + 1)
  return clusterTaskStates.flatMap((state) => {
    const count = counts.get(state)
    return count === undefined ? [] : [{ state, count }]
  })
}
