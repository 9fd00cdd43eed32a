// What the engine's process does with checkpoints besides running: say what they are, measure and compare them, write
// them anew. None of it needs a backend. The library asks a process of its own for these, so that a long scan never
// waits for a run, nor a run for a scan.

import { compatibilityOf, differenceOf, statisticsOf, tensorOf } from '../engine/index.ts'
import { hashCheckpoint, openSource } from '../files/source.ts'
import { bases } from './bases.ts'
import { convert } from './convert.ts'
import { readingData } from './data/reading.ts'
import type { EngineSide } from './engine-door.ts'
import { extractLora } from './extract-lora.ts'
import { importHeads } from './heads/import.ts'
import { inspect, look } from './inspect.ts'
import { mergePlan } from './merge-plan.ts'
import { mergeReport } from './merge-report.ts'
import { verify } from './verify.ts'

export const reading = {
  bases,
  look: ({ file }) => look(file),
  hash: ({ file }) => hashCheckpoint(file),
  inspect: ({ file }) => inspect(file),
  tensor: ({ file, ...part }) => tensorOf(file, part, openSource),
  statistics: ({ file }) => statisticsOf(file, openSource),
  compare: ({ a, b }) => differenceOf(a, b, openSource),
  compatible: ({ pretrained, others }) => compatibilityOf(pretrained, others, openSource),
  convert,
  extractLora,
  mergePlan,
  mergeReport,
  verify,
  importHeads,
  data: readingData,
} satisfies Partial<EngineSide>
