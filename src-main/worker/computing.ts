// What the engine's process does with a backend, which starts with the first question and stays.
import type { ResolvedConfig } from '../contract/run/config.ts'
import {
  checkRun,
  checkTuning,
  createPace,
  disentanglementOf,
  type FeatureCache,
  type ImageHost,
  infoOf,
  openBackend,
  run,
  tune,
} from '../engine/index.ts'
import { cachesIn } from '../files/caches.ts'
import { featureCache } from '../files/feature-cache.ts'
import { imageCache } from '../files/image-cache.ts'
import { say } from '../files/log.ts'
import { hashCheckpoint, openSource } from '../files/source.ts'
import { statisticsStore } from '../files/statistics-store.ts'
import type { EngineSide } from './engine-door.ts'
import { evaluateModels } from './evaluations/evaluate.ts'
import { makeHead } from './heads/make.ts'
import { probeHead } from './heads/probe.ts'
import { imageHost } from './images/host.ts'
import { mixing } from './mix.ts'
import { ownBackend } from './own-backend.ts'
import { memoryNow, withPulse } from './pulse.ts'
import { collectFor } from './statistics.ts'
import { trialOf } from './trial.ts'
import { tuning } from './tuning/tune.ts'

const own = ownBackend(async (options) => {
  const backend = await openBackend(options)
  const { kind, name, reason } = infoOf(backend)
  say(`opened ${kind}: ${name}${reason && `; ${reason}`}`)
  return backend
})
const backend = () => own.multiplyingIn('float32')

let caches: { features: FeatureCache; images: ImageHost } | undefined // once, as they know what is in use
function kept(config: Pick<ResolvedConfig, 'linearised'>): { features?: FeatureCache; images: ImageHost } {
  if (!caches) {
    const { features, images, room } = cachesIn()
    caches = { features: featureCache(features, { room }), images: imageHost(imageCache(images, room)) }
  }
  return config.linearised === 'cached' ? caches : { images: caches.images }
}

const mix = mixing(async (config) => ({
  backend: await own.multiplyingIn(config?.products ?? 'float32'),
  ...kept({ linearised: 'cached' }),
}))

/** With the engine to itself: whoever moved coefficients waits. */
async function* alone<T>(work: () => AsyncGenerator<T>): AsyncGenerator<T> {
  await mix.close()
  yield* work()
}

export const computing = {
  describe: async () => infoOf(await own.any()),
  trial: async () => trialOf(await own.any()),
  check: async (config) => {
    if (config.products !== 'float32') await own.multiplyingIn(config.products) // every engine has float32
    return checkRun(config, openSource, kept(config).features, kept(config).images)
  },
  run: (config, sitting) =>
    alone(async function* () {
      const backend = await own.multiplyingIn(config.products)
      const pace = createPace(() => performance.now())
      const events = run(config, {
        ...{ ...sitting, backend, pace, open: openSource, hash: hashCheckpoint },
        statistics: statisticsStore(),
        ...kept(config),
      })
      yield* withPulse(events, () => {
        return { type: 'pulse', pace: pace.told(), memory: memoryNow(backend), remainingSeconds: null }
      })
    }),
  tuningPlan: async ({ config }) => {
    if (config.products !== 'float32') await own.multiplyingIn(config.products)
    return checkTuning(config, { open: openSource, images: kept({ linearised: 'no' }).images })
  },
  tune: (asked, sitting) =>
    alone(async function* () {
      const backend = await own.multiplyingIn(asked.config.products)
      yield* tuning(asked, sitting, { tune, backend, images: kept({ linearised: 'no' }).images })
    }),
  collect: (request, signal) =>
    alone(() => collectFor(request, { backend, images: kept({ linearised: 'no' }).images, signal })),
  disentangle: (request, signal) =>
    alone(async function* () {
      yield* disentanglementOf(request, {
        backend: await own.multiplyingIn(request.config.products),
        open: openSource,
        images: kept(request.config).images,
        signal,
      })
    }),
  makeHead: (request) =>
    alone(async function* () {
      yield* makeHead(request, (await backend()).ops)
    }),
  probeHead: (request) =>
    alone(async function* () {
      yield* probeHead(request, await backend(), kept({ linearised: 'no' }).images)
    }),
  evaluate: (request) =>
    alone(async function* () {
      yield* evaluateModels(request, await backend(), kept({ linearised: 'no' }).images)
    }),
  mix,
} satisfies Partial<EngineSide>
