// What can be done with the queue: the chosen job moves, is held, goes on, ends or is asked for once more; and what is
// over is taken from the list.
import ArrowDown from '@lucide/svelte/icons/arrow-down'
import ArrowUp from '@lucide/svelte/icons/arrow-up'
import ArrowUpToLine from '@lucide/svelte/icons/arrow-up-to-line'
import Ban from '@lucide/svelte/icons/ban'
import Bell from '@lucide/svelte/icons/bell'
import BellOff from '@lucide/svelte/icons/bell-off'
import Braces from '@lucide/svelte/icons/braces'
import Brush from '@lucide/svelte/icons/brush-cleaning'
import Pause from '@lucide/svelte/icons/pause'
import Play from '@lucide/svelte/icons/play'
import RotateCcw from '@lucide/svelte/icons/rotate-ccw'

import type { Job } from '../../src-main/contract/api/jobs.ts'
import { addressOfJob, nameOfJob } from '../../src-main/contract/work.ts'
import { queue } from '../state/queue.svelte.ts'
import { router } from '../state/router.svelte.ts'
import { undo } from '../state/undo.svelte.ts'
import { chosen } from '../state/work/chosen.svelte.ts'
import { notifications } from '../state/work/notifications.svelte.ts'
import type { Action } from './action.ts'

type Does = Pick<Action, 'id' | 'title' | 'shortcut' | 'icon'> & {
  can(job: Job): boolean
  does(job: Job): void | Promise<void>
}
/** An action upon a job: the one given where a row's button has it, else the chosen one. */
interface JobAction extends Action {
  on(job: Job): Action
}

function jobAction({ can, does, ...named }: Does): JobAction {
  const on = (found: () => Job | undefined): Action => ({
    ...named,
    enabled: () => {
      const job = found()
      return router.at('queue') && job !== undefined && can(job)
    },
    run: async () => {
      const job = found()
      if (job) await does(job)
    },
  })
  return { ...on(() => chosen.job), on: (job) => on(() => job) }
}

const last = () => queue.open.filter(({ position }) => position !== null).length
const isQueued = ({ position }: Job) => position !== null
const isOver = ({ state, position }: Job) => position === null && state !== 'running'

export const moveJobUp = jobAction({
  ...{ id: 'move-job-up', title: 'Move up', shortcut: 'Alt+ArrowUp', icon: ArrowUp },
  can: ({ position }) => position !== null && position > 1,
  does: ({ job, position }) => queue.move(job, Math.max(1, (position ?? 1) - 1)),
})

export const moveJobDown = jobAction({
  ...{ id: 'move-job-down', title: 'Move down', shortcut: 'Alt+ArrowDown', icon: ArrowDown },
  can: ({ position }) => position !== null && position < last(),
  does: ({ job, position }) => queue.move(job, (position ?? 1) + 1),
})

export const moveJobTop = jobAction({
  ...{ id: 'move-job-top', title: 'Move to the top', shortcut: 'Mod+ArrowUp', icon: ArrowUpToLine },
  can: ({ position }) => position !== null && position > 1,
  does: ({ job }) => queue.move(job, 1),
})

/** Of a job that has no page of its own. */
export const showRequest = jobAction({
  ...{ id: 'show-request', title: 'What was asked', shortcut: null, icon: Braces },
  can: (job) => addressOfJob(job) === '#/queue',
  does: ({ job }) => chosen.showRequest(job),
})

/** One at work ends after its next kept epoch, a study after its present run. */
export const pauseJob = jobAction({
  ...{ id: 'pause-job', title: 'Pause', shortcut: 'P', icon: Pause },
  can: ({ state, goesOn, pausing }) => state === 'waiting' || (state === 'running' && goesOn && !pausing),
  does: ({ job }) => queue.pause(job),
})

export const resumeJob = jobAction({
  ...{ id: 'resume-job', title: 'Resume', shortcut: 'G', icon: Play },
  can: ({ state, pausing, goesOn }) => state === 'paused' || pausing || (goesOn && state === 'interrupted'),
  does: ({ job }) => queue.resume(job),
})

/** Asks first where work would be lost; the dialog then calls endJob(). */
export const cancelJob = jobAction({
  ...{ id: 'cancel-job', title: 'Cancel', shortcut: 'Delete', icon: Ban },
  can: (job) => job.state === 'running' || isQueued(job),
  does: async (job) => {
    chosen.choose(job.job)
    if (job.state === 'running') chosen.confirming = true
    else await endJob(job)
  },
})

export async function endJob(job: Job): Promise<void> {
  chosen.confirming = false
  await queue.cancel(job.job)
  if (job.state === 'running') return
  const back = () => (job.goesOn ? queue.resume(job.job) : queue.retry(job.job))
  undo.give(`${nameOfJob(job)} has left the queue`, back)
}

export const retryJob = jobAction({
  ...{ id: 'retry-job', title: 'Retry', shortcut: 'Alt+R', icon: RotateCcw },
  can: (job) => isOver(job) && job.state !== 'done' && !resumeJob.on(job).enabled(),
  does: ({ job }) => queue.retry(job),
})

export const pruneJobs: Action = {
  id: 'prune-jobs',
  title: 'Clear finished',
  shortcut: null,
  icon: Brush,
  enabled: () => router.at('queue') && queue.over.length > 0,
  run: async () => {
    const jobs = await queue.prune()
    const are = `${jobs.length} finished ${jobs.length === 1 ? 'job' : 'jobs'}`
    if (jobs.length > 0) undo.give(`${are} taken from the queue; what they made stays`, () => queue.bringBack(jobs))
  },
}

export const tellEnds: Action = {
  id: 'tell-ends',
  title: 'Notify me when work ends',
  shortcut: null,
  icon: Bell,
  enabled: () => notifications.state === 'off',
  run: () => notifications.turn(true),
}

export const tellNoEnds: Action = {
  id: 'tell-no-ends',
  title: 'Do not notify me',
  shortcut: null,
  icon: BellOff,
  enabled: () => notifications.state === 'on',
  run: () => notifications.turn(false),
}
