// The contract's procedures for the history as a whole: its backups, and what can be brought back.
import { implement } from '@orpc/server'

import { api } from '../contract/api/api.ts'
import { BasilError } from '../contract/errors.ts'
import type { HistoryCare } from './history-care.ts'
import type { Platform } from './platform.ts'
import { absolute } from './typed-path.ts'

export function historyRouter(care: HistoryCare, platform: Platform) {
  const os = implement(api).history
  return {
    backups: os.backups.handler(() => care.backups()),
    backUp: os.backUp.handler(() => care.backUp()),
    salvage: os.salvage.handler(() => care.salvage()),
    contents: os.contents.handler(async ({ input }) => ({
      backup: await care.contents(absolute(input.file)),
      present: care.present(),
    })),
    restore: os.restore.handler(async ({ input }) => {
      const file = absolute(input.file)
      if (!platform.restore) throw notHere(file)
      await care.giveWay(file)
      platform.restore(file)
      return { begun: true as const }
    }),
    restored: os.restored.handler(() => care.restored),
  }
}

function notHere(where: string): BasilError {
  return new BasilError({
    code: 'not-supported',
    what: 'A backup cannot be put in place here',
    where,
    why: 'this Basil was opened in a way that cannot open its history anew',
    next: 'close it and use "basil history restore"',
    inWindow: 'start Basil in the usual way, as a program or with its page in a browser',
  })
}
