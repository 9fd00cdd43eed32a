// The workbench in a browser on the same machine, only because the person asked for it: npm start without a window, or
// basil serve. Where a backup takes the place of the history the workbench is closed, and another is served in its
// place at the same address: pages lose their connection and come back by themselves.

import type { Restored } from '../contract/api/history.ts'
import { restoreUnder } from '../workbench/history-care.ts'
import type { Platform } from '../workbench/platform.ts'
import { createRouter } from '../workbench/router.ts'
import type { Workbench } from '../workbench/workbench.ts'
import { between, keepAddress, readAddress, touchAddress } from './address.ts'
import { type Served, type ServeOptions, serveRouter } from './listen.ts'

interface Options extends ServeOptions {
  /** Opens another one on the same folder; not there: no backup can be put in place. */
  open?: (restored: Restored) => Promise<Workbench>
  /** It could not be opened anew. */
  failed?: (error: unknown) => void
}

const heard = 100 // milliseconds until an answer has reached its page

/**
 * Works on the queue, and serves the workbench until closed; closing leaves the workbench open, and closes those that
 * were opened since. Rejects when the port is taken or the pages are not built.
 */
export async function serve(
  workbench: Workbench,
  { open, failed = () => undefined, ...options }: Options,
): Promise<Served> {
  let current = workbench
  const last = readAddress(workbench.home)
  const router = (platform: Platform) => {
    current.clusters.goOn()
    current.jobs.work('all')
    const restore = (file: string): void => void setTimeout(() => void exchange(file).catch(failed), heard)
    return createRouter(current, { ...platform, ...(open && { restore }) })
  }
  const served = await serveRouter(router, { last, ...options })
  const exchange = (file: string): Promise<void> =>
    served.exchange(async () => {
      if (open) current = await restoreUnder(current, file, open)
      return router
    })
  keepAddress(workbench.home, served.address)
  const timer = setInterval(() => touchAddress(workbench.home), between).unref()
  return {
    ...served,
    close: async () => {
      clearInterval(timer)
      await served.close()
      if (current !== workbench) await current.close()
    },
  }
}
