// What the real engine reads with, for the toy: loaded with the first question that needs it. Most tests ask none, and
// loading it is half of the time in which the toy starts.
import type { reading as whole } from '../../src-main/worker/reading.ts'

type Reading = typeof whole
type Data = Reading['data']

const loaded = async (): Promise<Reading> => (await import('../../src-main/worker/reading.ts')).reading
const data = async (): Promise<Data> => (await loaded()).data

export const reading: Reading = {
  async *bases(...asked) {
    yield* (await loaded()).bases(...asked)
  },
  look: async (...asked) => (await loaded()).look(...asked),
  hash: async (...asked) => (await loaded()).hash(...asked),
  inspect: async (...asked) => (await loaded()).inspect(...asked),
  async *tensor(...asked) {
    yield* (await loaded()).tensor(...asked)
  },
  async *statistics(...asked) {
    yield* (await loaded()).statistics(...asked)
  },
  async *compare(...asked) {
    yield* (await loaded()).compare(...asked)
  },
  async *compatible(...asked) {
    yield* (await loaded()).compatible(...asked)
  },
  async *convert(...asked) {
    yield* (await loaded()).convert(...asked)
  },
  async *extractLora(...asked) {
    yield* (await loaded()).extractLora(...asked)
  },
  mergePlan: async (...asked) => (await loaded()).mergePlan(...asked),
  async *mergeReport(...asked) {
    yield* (await loaded()).mergeReport(...asked)
  },
  verify: async (...asked) => (await loaded()).verify(...asked),
  importHeads: async (...asked) => (await loaded()).importHeads(...asked),
  data: {
    async *find(...asked) {
      yield* (await data()).find(...asked)
    },
    async *named(...asked) {
      yield* (await data()).named(...asked)
    },
    async *look(...asked) {
      yield* (await data()).look(...asked)
    },
    async *draw(...asked) {
      yield* (await data()).draw(...asked)
    },
    async *previews(...asked) {
      yield* (await data()).previews(...asked)
    },
    async *prepare(...asked) {
      yield* (await data()).prepare(...asked)
    },
    async *leaks(...asked) {
      yield* (await data()).leaks(...asked)
    },
  },
}
