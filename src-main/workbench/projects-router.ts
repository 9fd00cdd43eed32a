// The contract's procedures for configurations and the places a person names.
import { existsSync } from 'node:fs'

import { implement } from '@orpc/server'

import { api } from '../contract/api/api.ts'
import type { Platform } from './platform.ts'
import { recognise } from './recognise.ts'
import { absolute } from './typed-path.ts'
import type { Workbench } from './workbench.ts'

export function projectsRouter({ projects, runs, sample }: Workbench, platform: Platform) {
  const os = implement(api).projects
  return {
    sample: os.sample.handler(() => projects.open(sample)),
    open: os.open.handler(({ input }) => projects.open(input.path)),
    pick: os.pick.handler(async () => {
      const path = await platform.pickConfig()
      return path === null ? null : projects.open(path)
    }),
    take: os.take.handler(({ input }) => projects.take(input.name, input.text)),
    recognise: os.recognise.handler(({ input }) => recognise(absolute(input.path))),
    missing: os.missing.handler(({ input }) => input.paths.filter((path) => !existsSync(path))),
    library: os.library.handler(() => ({ grant: projects.library() })),
    ofRun: os.ofRun.handler(({ input }) => ({ grant: projects.ofRun(runs.show(input.run).config) })),
  }
}
