// basil serve: the workbench in a browser on this machine.
import { join } from 'node:path'

import { Command } from 'commander'

import { say } from '../files/log.ts'
import { serve } from '../server/serve.ts'
import { toldToEnd } from './ending.ts'
import { wholeNumber } from './numbers.ts'
import { fail, print } from './output.ts'
import { openHere, root, withWorkbench } from './with.ts'

export function serveCommand(): Command {
  return new Command('serve')
    .description('the workbench in a browser on this machine')
    .option('--port <n>', 'a port of 127.0.0.1; if not given the one of last time, or any free one', wholeNumber, 0)
    .action(({ port }) =>
      withWorkbench(false, true, async (workbench) => {
        const served = await serve(workbench, {
          ...{ port, renderer: join(root, 'out', 'renderer') },
          open: (restored) => openHere(true, restored),
          failed: (error) => {
            fail(error, false)
            process.kill(process.pid, 'SIGTERM')
          },
        })
        say('served')
        print(`Basil is at ${served.url}\nCtrl+C ends it.`)
        await toldToEnd()
        await served.close()
        say('ended as it was told to')
      }),
    )
}
