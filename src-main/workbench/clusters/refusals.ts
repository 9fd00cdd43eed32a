// What clusters say no to, and why.
import type { Cluster } from '../../contract/clusters/cluster.ts'
import { BasilError, recordOf } from '../../contract/errors.ts'
import type { StoredJob } from '../../history/jobs.ts'

/** Throws config-invalid. */
export function requirePossible({ kind, host, name }: Cluster): void {
  const why =
    name === 'here'
      ? ['name', 'this is what this machine is called in the queue']
      : kind === 'folder' && host !== null
        ? ['host', 'the tasks of a folder are worked on by this machine; a host wants Slurm']
        : null
  if (!why) return
  throw new BasilError({
    code: 'config-invalid',
    what: 'The cluster is not possible',
    where: why[0] ?? '',
    why: why[1] ?? '',
    next: 'correct the field',
  })
}

export function stillThere(name: string, title: string): BasilError {
  return new BasilError({
    code: 'run-state',
    what: 'The cluster cannot be taken away',
    where: name,
    why: `the study "${title}" is there`,
    next: 'wait for its end, or cancel it first',
  })
}

export function atWorkAlready(study: number, state: string): BasilError {
  return new BasilError({
    code: 'run-state',
    what: 'The study cannot go elsewhere now',
    where: `study ${study}`,
    why: state === 'running' ? 'it is at work' : 'it waits for its turn',
    next: 'pause it first',
  })
}

export function atWorkThere(study: number, place: string): BasilError {
  return new BasilError({
    code: 'run-state',
    what: 'The study cannot come back now',
    where: `study ${study}`,
    why: `tasks of it wait or are at work on ${place}`,
    next: 'cancel it there first',
  })
}

/** Its tasks were to end, and could not be told to. */
export function notEnded({ title, place }: Pick<StoredJob, 'title' | 'place'>, thrown: unknown): BasilError {
  const record = recordOf(thrown)
  const again = (next: string): string => `${next}: cancel the study there, or have it go on`
  return new BasilError(
    {
      ...record,
      what: `Tasks of "${title}" may still be at work on ${place}`,
      next: again(record.next),
      ...(record.inWindow !== undefined && { inWindow: again(record.inWindow) }),
    },
    { cause: thrown },
  )
}
