// What may run beside what. The engine holds one model's weights and takes the whole device, so it has one job at a
// time; processes that read and write files share the disk, and a few of them at once are not slower than one.
import type { Need } from '../../contract/api/jobs.ts'

const most: Record<Need, number> = { engine: 1, reader: 2, elsewhere: Number.POSITIVE_INFINITY }

/**
 * Which of those that wait begin now: each in its order, as long as there is room for what it needs. So nothing is
 * overtaken by what needs the same, and a conversion does not wait for a run.
 */
export function whatBegins<Waiting extends { needs: Need }>(
  waiting: readonly Waiting[],
  atWork: readonly Need[],
): Waiting[] {
  const room = { ...most }
  for (const need of atWork) room[need]--
  return waiting.filter(({ needs }) => room[needs]-- > 0)
}
