// Studies as a window sees them: what was planned, how far each run is, and the table over arms.

import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'

import { runIdSchema } from '../branded.ts'
import { leakSchema } from '../data/leaks.ts'
import { errorSchema } from '../errors.ts'
import { takenSchema } from '../run/estimate.ts'
import { runStates } from '../run/run.ts'
import { studySchema } from '../run/study.ts'

const studyStates = ['waiting', 'running', 'paused', 'done'] as const

const studyRunSchema = z.object({
  place: z.number(),
  arm: z.string(),
  part: z.string(), // '' where the arm has only one
  seed: z.number(),
  run: runIdSchema.nullable(), // null: not begun
  state: z.enum(runStates),
  accuracy: z.number().nullable(), // mean over tasks, those to keep left out
  relativeAccuracy: z.number().nullable(),
  control: z.number().nullable(), // mean over tasks to keep; null where there are none
  pretrained: z.number().nullable(), // as accuracy, of the models it began with
  finetuned: z.number().nullable(),
  leaks: z.array(leakSchema), // its mark
  error: errorSchema.nullable(),
})
export type StudyRun = z.infer<typeof studyRunSchema>

// deviation: of a sample, n - 1; null for one value
const spreadSchema = z.object({ mean: z.number(), deviation: z.number().nullable() })
export type Spread = z.infer<typeof spreadSchema>

/**
 * One arm over its seeds: of each seed the mean over the arm's parts, all of which must be done. paired: against the
 * first arm, on the seeds both have.
 */
const armRowSchema = z.object({
  arm: z.string(),
  seeds: z.number(), // of which every part is done
  parts: z.number(),
  accuracy: spreadSchema.nullable(),
  relativeAccuracy: spreadSchema.nullable(),
  control: spreadSchema.nullable(),
  pretrained: z.number().nullable(),
  finetuned: z.number().nullable(),
  failed: z.number(), // runs, each with its reason in the list
  leaks: z.array(leakSchema), // the marks of its runs, each of them once
  paired: z.object({ difference: z.number(), p: z.number().nullable(), seeds: z.number() }).nullable(),
})
export type ArmRow = z.infer<typeof armRowSchema>

const summarySchema = z.object({
  study: z.number(),
  name: z.string(),
  created: z.string(),
  state: z.enum(studyStates),
  planned: z.number(),
  done: z.number(),
  error: errorSchema.nullable(), // why it paused by itself
})
export type StudySummary = z.infer<typeof summarySchema>

const detailSchema = summarySchema.extend({
  definition: studySchema,
  runs: z.array(studyRunSchema),
  table: z.array(armRowSchema),
})
export type StudyDetail = z.infer<typeof detailSchema>

/** Of what changes alone. whole: these are all its runs; else those that changed, to be put in their places. */
const sinceSchema = detailSchema.extend({
  version: z.number(), // rises with every change of a run or a task
  whole: z.boolean(),
  definition: studySchema.nullable(), // null: as it was
})
export type StudySince = z.infer<typeof sinceSchema>

// differs: from what its name says
const protocolSchema = z.object({ name: z.string(), words: z.string(), differs: z.array(z.string()) })
const presetsSchema = z.object({
  presets: z.array(
    z.object({ name: z.string(), title: z.string(), rows: z.array(z.string()), without: z.array(z.string()) }),
  ), // without: rows not offered
  protocols: z.array(protocolSchema),
  models: z.array(z.string()), // of the library's sets: "ViT-B-32"
  remarks: z.array(z.string()), // on what the paper printed, which is not ours
})

const missingSchema = z.object({
  kind: z.enum(['pre-trained', 'fine-tuned', 'head', 'data']),
  name: z.string(), // "ViT-B-32, Cars"
  arms: z.array(z.string()), // that need it
})
export type Missing = z.infer<typeof missingSchema>

/** definition: of the arms that have all they need; null where none has. runs: for one seed, with nothing missing. */
const filledSchema = z.object({ definition: studySchema.nullable(), missing: z.array(missingSchema), runs: z.number() })
export type Filled = z.infer<typeof filledSchema>

const wantedPreset = z.object({
  name: z.string(),
  protocol: z.string().default('strict'),
  model: z.string().default('ViT-B-32'),
  seeds: z.number().int().min(1).max(100).default(1),
})

const one = z.object({ study: z.number().int() })
const given = z.object({ grant: z.string(), definition: z.unknown() })

export const studiesApi = {
  list: oc.output(z.array(summarySchema)),
  show: oc.input(one).output(detailSchema),
  /** What changed since a version of it that was told before; 0: all of it. */
  since: oc.input(one.extend({ version: z.number() })).output(sinceSchema),
  /** The paper's tables, and the protocols they can be run by. */
  presets: oc.output(presetsSchema),
  /** A table as a study of the library's checkpoints and the data sets, and everything that is missing for it. */
  fill: oc.input(wantedPreset).output(filledSchema),
  /** The controls of a configuration as a study; throws where it has none. */
  controls: oc.input(z.object({ config: z.unknown() })).output(studySchema),
  /** Adaptation to every task of a configuration in turn, without its labels, beside its rivals. Throws config-invalid. */
  adaptation: oc.input(z.object({ config: z.unknown() })).output(studySchema),
  /** A study that a person wrote as a file, with a grant for what lies beside its configuration. Throws config-invalid. */
  open: oc
    .input(z.object({ path: z.string().min(1).max(4096) }))
    .output(z.object({ grant: z.string(), definition: studySchema })),
  /**
   * The text of a study, whose place nobody can tell: it holds its configuration, and its paths have to be known ones.
   */
  take: oc
    .input(z.object({ name: z.string().max(255), text: z.string().max(2 ** 20) }))
    .output(z.object({ grant: z.string(), definition: studySchema })),
  /** The runs it would have; throws what is wrong with it. */
  plan: oc.input(given).output(z.object({ runs: z.array(studyRunSchema.pick({ arm: true, part: true, seed: true })) })),
  /** What all its runs take. */
  estimate: oc.input(given).output(takenSchema),
  /** Its runs follow one another until it is paused. They begin when their turn comes in the queue. */
  start: oc.input(given).output(one),
  /** After the present run, which is cancelled where `now`. */
  pause: oc.input(one.extend({ now: z.boolean().default(false) })).output(z.boolean()),
  /** Goes on after what is done; an interrupted run is resumed. */
  resume: oc.input(one).output(one),
  forget: oc.input(one).output(z.boolean()), // its runs stay
  /** One that was forgotten since Basil was started. */
  bringBack: oc.input(one).output(one),
  /** Tells when to ask again. */
  watch: oc.output(eventIterator(z.object({ version: z.number() }))),
}
