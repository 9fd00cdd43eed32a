// Whether the end of longer work is told by the system: asked for by a button alone, remembered, and in a browser also
// allowed by the person there. The window's own program tells it by itself.
import { z } from 'zod'

import type { Job } from '../../../src-main/contract/api/jobs.ts'
import { addressOfJob, finishedWork, noticeOf } from '../../../src-main/contract/work.ts'
import { choice } from '../remembered.svelte.ts'
import { workbench } from '../workbench.svelte.ts'

const wanted = choice('notifications', z.boolean(), false) // the same word is in src-main/desktop/signs.ts
const inBrowser = typeof Notification === 'undefined' ? null : Notification

class Notifications {
  #permission = $state<NotificationPermission>(inBrowser?.permission ?? 'denied')

  /** blocked: the browser refuses, and only the person can change that in its settings. */
  get state(): 'on' | 'off' | 'blocked' {
    if (workbench.about?.window) return wanted.value ? 'on' : 'off'
    if (this.#permission === 'denied') return 'blocked'
    return wanted.value && this.#permission === 'granted' ? 'on' : 'off'
  }

  /** On a person's click: browsers ask at no other time. */
  async turn(on: boolean): Promise<void> {
    if (on && !workbench.about?.window) this.#permission = (await inBrowser?.requestPermission()) ?? 'denied'
    wanted.value = on && (workbench.about?.window === true || this.#permission === 'granted')
  }

  /** Of what has ended since, unless the person is looking. One for each, however many tabs are open. */
  tell(before: readonly Job[], now: readonly Job[]): void {
    if (!inBrowser || workbench.about?.window || this.state !== 'on' || document.hasFocus()) return
    for (const job of finishedWork(before, now)) {
      const { title, body } = noticeOf(job)
      const notification = new inBrowser(title, { body, tag: `basil-job-${job.job}` })
      notification.onclick = () => {
        window.focus()
        window.location.hash = addressOfJob(job)
        notification.close()
      }
    }
  }
}

export const notifications = new Notifications()
