// The contract's procedures for heads: what a window and a browser may ask for.
import { implement } from '@orpc/server'

import { api } from '../../contract/api/api.ts'
import type { Heads } from './heads.ts'
import type { Prompts } from './prompts.ts'

export function headsRouter(heads: Heads) {
  const os = implement(api).heads
  const counted = (known: Prompts[]) => known.map(({ name, texts }) => ({ name, count: texts.length }))
  return {
    prompts: os.prompts.handler(() => {
      const { classes, templates } = heads.prompts()
      return { classes: counted(classes), templates: counted(templates) }
    }),
    make: os.make.handler(({ input }) => heads.make(input)),
    importHead: os.importHead.handler(({ input }) => heads.importHead(input)),
    probe: os.probe.handler(({ input }) => heads.probe(input)),
  }
}
