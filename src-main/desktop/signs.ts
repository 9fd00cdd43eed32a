// What the system shows of the work: progress in the taskbar, a notification at the end of what took a while where the
// person wants that, and the question before the window closes on work.
import { type BrowserWindow, dialog, Notification } from 'electron'

import type { Job } from '../contract/api/jobs.ts'
import { addressOfJob, atWork, finishedWork, nameOfJob, noticeOf } from '../contract/work.ts'
import type { Workbench } from '../workbench/workbench.ts'
import { goTo, showWindow } from './window.ts'

type Place = Pick<Workbench, 'preferences'> & { jobs: Pick<Workbench['jobs'], 'list' | 'watch'> }

const newest = 50 // jobs that are over, among which are those that have just ended

/** Until the queue closes. window: undefined once it is closed. */
export async function showWork({ jobs, preferences }: Place, window: () => BrowserWindow | undefined): Promise<void> {
  let before: readonly Job[] = []
  for await (const _ of jobs.watch()) {
    const now = jobs.list(newest)
    window()?.setProgressBar(progressOf(now))
    if (preferences.all().notifications === true && window()?.isFocused() !== true)
      for (const job of finishedWork(before, now)) notify(job, window)
    before = now
  }
}

/** As the taskbar takes it: -1: none, 2: some, it is not known how far. */
function progressOf(all: readonly Job[]): number {
  const { jobs, share } = atWork(all)
  return jobs.length === 0 ? -1 : (share ?? 2)
}

function notify(job: Job, window: () => BrowserWindow | undefined): void {
  if (!Notification.isSupported()) return
  const notification = new Notification(noticeOf(job))
  notification.on('click', () => {
    const shown = window()
    if (!shown) return
    showWindow(shown)
    goTo(shown, addressOfJob(job))
  })
  notification.show()
}

/** Asks at most once, and only where something is at work: whether it may be left. */
export function createLeaving({ jobs }: Pick<Place, 'jobs'>): (window?: BrowserWindow) => boolean {
  let isAllowed = false
  return (window) => {
    const { jobs: running } = atWork(jobs.list(0))
    if (isAllowed || running.length === 0) return true
    const options = {
      type: 'question' as const,
      buttons: ['Close Basil', 'Stay'],
      defaultId: 1,
      cancelId: 1,
      message: `${running.map(nameOfJob).join(', ')} ${running.length === 1 ? 'is' : 'are'} at work. Close Basil?`,
      detail: 'Runs keep what they have learned up to their last epoch and can be resumed; other work begins anew.',
    }
    const answer = window ? dialog.showMessageBoxSync(window, options) : dialog.showMessageBoxSync(options)
    isAllowed = answer === 0
    return isAllowed
  }
}
