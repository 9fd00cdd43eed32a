// What the engine's process does with checkpoints and data besides computing with them: say what they are, measure and
// compare them, write them anew. None of it needs a backend. The library asks a process of its own for these,
// so that a long scan never waits for a run, nor a run for a scan. Each is loaded when it is asked for.

import { hashCheckpoint, openSource } from '../files/source.ts'
import type { EngineSide } from './engine-door.ts'

const data = async () => (await import('./data/reading.ts')).readingData

export const reading = {
  async *bases(request) {
    yield* (await import('./bases.ts')).bases(request)
  },
  look: async ({ file }) => (await import('./inspect.ts')).look(file),
  hash: ({ file }) => hashCheckpoint(file),
  inspect: async ({ file }) => (await import('./inspect.ts')).inspect(file),
  async *tensor({ file, ...part }) {
    yield* (await import('../engine/measures/tensor.ts')).tensorOf(file, part, openSource)
  },
  async *statistics({ file }) {
    yield* (await import('../engine/measures/statistics.ts')).statisticsOf(file, openSource)
  },
  async *compare({ a, b }) {
    yield* (await import('../engine/measures/difference.ts')).differenceOf(a, b, openSource)
  },
  async *compatible({ pretrained, others }) {
    yield* (await import('../engine/measures/compatibility.ts')).compatibilityOf(pretrained, others, openSource)
  },
  async *convert(request) {
    yield* (await import('./convert.ts')).convert(request)
  },
  async *extractLora(request) {
    yield* (await import('./extract-lora.ts')).extractLora(request)
  },
  mergePlan: async (request) => (await import('./merge-plan.ts')).mergePlan(request),
  async *mergeReport(request) {
    yield* (await import('./merge-report.ts')).mergeReport(request)
  },
  verify: async (request) => (await import('./verify.ts')).verify(request),
  importHeads: async (request) => (await import('./heads/import.ts')).importHeads(request),
  data: {
    async *find(request) {
      yield* (await data()).find(request)
    },
    async *named(request) {
      yield* (await data()).named(request)
    },
    async *look(request) {
      yield* (await data()).look(request)
    },
    async *draw(request) {
      yield* (await data()).draw(request)
    },
    async *previews(request) {
      yield* (await data()).previews(request)
    },
    async *prepare(request) {
      yield* (await data()).prepare(request)
    },
    async *leaks(request) {
      yield* (await data()).leaks(request)
    },
  },
} satisfies Partial<EngineSide>
