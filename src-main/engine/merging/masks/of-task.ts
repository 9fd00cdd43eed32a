// Merges that give each task a model of its own out of one shared vector: all of them, each with a coefficient, or one.
import { BasilError } from '../../../contract/errors.ts'

/** Those of a task, counted from 1; 0: all. */
export function ofTask<T>(all: readonly T[], task: number): T[] {
  if (task === 0) return [...all]
  const own = all[task - 1]
  if (own !== undefined) return [own]
  throw new BasilError({
    code: 'config-invalid',
    what: 'There is no such task',
    where: `task ${task}`,
    why: `there are ${all.length} models`,
    next: 'give the place of one of them, from 1',
  })
}

/** Whether a task needs an element of the sum of all task vectors (TALL masks). */
export const isNeeded = (tau: number, sum: number, threshold: number): boolean =>
  Math.abs(tau) > threshold * Math.abs(sum - tau)
