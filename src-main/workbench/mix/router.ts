// The contract's procedures for mixes: what a window and a browser may ask for.
import { implement } from '@orpc/server'

import { api } from '../../contract/api/api.ts'
import type { Platform } from '../platform.ts'
import type { Mixes } from './mix.ts'

export function mixRouter(mixes: Mixes, platform: Platform) {
  const os = implement(api).mix
  return {
    open: os.open.handler(({ input, signal = new AbortController().signal }) => mixes.open(input, signal)),
    score: os.score.handler(({ input }) => mixes.score(input.session, input.coefficients)),
    export: os.export.handler(async ({ input }) => {
      const out = await platform.pickTarget(mixes.suggestName(input.of, input.form))
      return out === null ? null : { job: await mixes.export(input, out) }
    }),
  }
}
