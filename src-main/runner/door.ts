// The entry of the engine's process: the real engine behind its door. The backend starts with the first question and
// stays. Nothing here or behind it opens the database.
import { join } from 'node:path'

import type { ResolvedConfig } from '../contract/config.ts'
import { openBackend } from '../engine/backend.ts'
import { checkRun } from '../engine/check.ts'
import type { FeatureCache } from '../engine/formats/feature-cache.ts'
import { run } from '../engine/run.ts'
import { dataFolder } from '../files/data-folder.ts'
import { featureCache } from '../files/feature-cache.ts'
import { hashFile, openSource } from '../files/source.ts'
import { makeHead } from './heads/make.ts'
import { inspect } from './inspect.ts'
import { serveEngine } from './link/engine-door.ts'
import { parentPort } from './link/parent-port.ts'
import { rebuild } from './rebuild.ts'

const port = parentPort()
let opened: ReturnType<typeof openBackend> | undefined
const backend = (): ReturnType<typeof openBackend> => (opened ??= openBackend())

let cache: FeatureCache | undefined // one, as it knows what is in use
function kept(config: ResolvedConfig): { features?: FeatureCache } {
  if (config.linearised !== 'cached') return {}
  cache ??= featureCache(join(dataFolder(), 'cache', 'features'))
  return { features: cache }
}

serveEngine(
  {
    describe: async () => {
      const { name, kind, threads, simd, reason, versions } = await backend()
      return { name, kind, threads, simd, reason, versions }
    },
    inspect,
    check: (config) => checkRun(config, openSource, kept(config).features),
    run: async function* (config, sitting) {
      yield* run(config, { ...sitting, backend: await backend(), open: openSource, hash: hashFile, ...kept(config) })
    },
    rebuild,
    makeHead: async function* (request) {
      yield* makeHead(request, (await backend()).ops)
    },
  },
  port,
)
