// The workbench in a browser on the same machine, only because the person asked for it: npm start without a window, or
// basil serve.

import { createRouter } from '../workbench/router.ts'
import type { Workbench } from '../workbench/workbench.ts'
import { between, keepAddress, readAddress, touchAddress } from './address.ts'
import { type Served, type ServeOptions, serveRouter } from './listen.ts'

/**
 * Works on the queue, and serves the workbench until closed; closing leaves the workbench open. Rejects when the port
 * is taken or the pages are not built.
 */
export async function serve(workbench: Workbench, options: ServeOptions): Promise<Served> {
  workbench.jobs.work('all')
  const last = readAddress(workbench.home)
  const served = await serveRouter((platform) => createRouter(workbench, platform), { last, ...options })
  keepAddress(workbench.home, served.address)
  const timer = setInterval(() => touchAddress(workbench.home), between).unref()
  return {
    ...served,
    close: async () => {
      clearInterval(timer)
      await served.close()
    },
  }
}
