// The contract's procedures for newer versions. Only an installed program with a window has a way to one.
import { implement } from '@orpc/server'

import { api } from '../contract/api/api.ts'
import type { UpdatesShown } from '../contract/api/updates.ts'
import type { Platform } from './platform.ts'

const none: UpdatesShown = {
  absent: 'this Basil is no installed program: who brought it here brings a newer one too',
  ...{ step: 'idle', version: '', bytes: 0, done: 0, looked: null, error: null },
}

export function updatesRouter({ updates }: Pick<Platform, 'updates'>) {
  const os = implement(api).updates
  return {
    show: os.show.handler(() => updates?.show() ?? none),
    watch: os.watch.handler(async function* () {
      if (updates) yield* updates.watch()
      else yield none
    }),
    look: os.look.handler(() => updates?.look() ?? none),
    fetch: os.fetch.handler(() => updates?.fetch() ?? none),
  }
}
