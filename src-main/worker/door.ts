// The entry of the engine's process: the real engine behind its door. Nothing here or behind it opens the database.
// What computes is loaded with the first question that wants it: whoever only reads or merges files starts in half the
// time.
import { serveEngine } from './engine-door.ts'
import { parentPort } from './parent-port.ts'
import { reading } from './reading.ts'

const computing = async () => (await import('./computing.ts')).computing

serveEngine(
  {
    ...reading,
    rebuild: async (request) => (await import('./rebuild.ts')).rebuild(request),
    async *merge(request) {
      yield* (await import('./rebuild.ts')).merging(request)
    },
    describe: async () => (await computing()).describe(),
    trial: async () => (await computing()).trial(),
    check: async (config) => (await computing()).check(config),
    async *run(config, sitting) {
      yield* (await computing()).run(config, sitting)
    },
    tuningPlan: async (asked) => (await computing()).tuningPlan(asked),
    async *tune(asked, sitting) {
      yield* (await computing()).tune(asked, sitting)
    },
    async *collect(request, signal) {
      yield* (await computing()).collect(request, signal)
    },
    async *disentangle(request, signal) {
      yield* (await computing()).disentangle(request, signal)
    },
    async *makeHead(request) {
      yield* (await computing()).makeHead(request)
    },
    async *probeHead(request) {
      yield* (await computing()).probeHead(request)
    },
    async *evaluate(request) {
      yield* (await computing()).evaluate(request)
    },
    mix: {
      async *open(request) {
        yield* (await computing()).mix.open(request)
      },
      async *score(asked) {
        yield* (await computing()).mix.score(asked)
      },
      close: async () => (await computing()).mix.close(),
    },
  },
  parentPort(),
)
