// Everything a window or a browser can ask for. The renderer names runs and projects by id; a path appears only where
// the person typed or chose it, and what it opened is kept as a grant on the main side.
import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'

import { runIdSchema } from '../branded.ts'
import { formSchema } from '../checkpoint.ts'
import { planSchema } from '../engine-api.ts'
import { errorSchema } from '../errors.ts'
import { engineInfoSchema } from '../run/engine-info.ts'
import { estimateSchema } from '../run/estimate.ts'
import { pathSchema } from '../run/path.ts'
import { exportedSchema } from '../run/recipe.ts'
import { runDetailSchema, runEventSchema } from '../run/run.ts'
import { told } from '../wire/told.ts'
import { clustersApi } from './clusters.ts'
import { comparisonApi } from './comparison.ts'
import { dataApi } from './data.ts'
import { disentanglementApi } from './disentanglement.ts'
import { engineChoiceSchema } from './engines.ts'
import { evaluationsApi } from './evaluations.ts'
import { foldersApi } from './folders.ts'
import { headsApi } from './heads.ts'
import { historyApi } from './history.ts'
import { jobsApi } from './jobs.ts'
import { libraryApi } from './library.ts'
import { lineageApi } from './lineage.ts'
import { mergesApi } from './merges.ts'
import { mixApi } from './mix.ts'
import { deviceSchema, installEventSchema, nativeKinds, nativeStatusSchema } from './native.ts'
import { preferencesApi } from './preferences.ts'
import { problemApi } from './problem.ts'
import { projectsApi } from './projects.ts'
import { runListApi } from './runs.ts'
import { settingsApi } from './settings.ts'
import { studiesApi } from './studies.ts'
import { tuningsApi } from './tunings.ts'
import { updatesApi } from './updates.ts'

const run = z.object({ run: runIdSchema })

const aboutSchema = z.object({
  version: z.string(),
  window: z.boolean(), // true in Electron: native dialogs are there
  dataFolder: z.string(),
  engine: engineInfoSchema.nullable(), // null while it starts
  engineError: errorSchema.nullable(),
  interrupted: z.array(runIdSchema), // runs found unfinished at start
  notices: z.array(errorSchema), // what opening the history found and did, such as setting a damaged file aside
})
export type About = z.infer<typeof aboutSchema>

export const api = {
  about: oc.output(aboutSchema),
  engine: {
    status: oc.output(nativeStatusSchema),
    /** Installs native TensorFlow into the data folder; closing the iterator ends it, what was downloaded is kept. */
    install: oc.input(z.object({ kind: z.enum(nativeKinds) })).output(eventIterator(installEventSchema)),
    /** Back to the portable engine; true if there was something to remove. */
    remove: oc.output(z.boolean()),
    /**
     * Ends the engine's process, which does not answer; a run at work goes on in a new one after its last kept epoch.
     * False when there is none.
     */
    restart: oc.output(z.boolean()),
    /** "auto", "cpu" or "gpu:N", from the next start of the engine on; refused while a run goes on. */
    choose: oc.input(z.object({ device: deviceSchema })).output(nativeStatusSchema),
    /** The engine itself, in the same way. */
    use: oc.input(z.object({ engine: engineChoiceSchema })).output(nativeStatusSchema),
    /** Tries every engine that is here, each for about two seconds; refused while a run goes on. */
    measure: oc.output(told(nativeStatusSchema)),
  },
  projects: projectsApi,
  config: {
    /** Field by field, then by reading headers: what is wrong, or what the run would take. */
    check: oc.input(z.object({ grant: z.string(), config: z.unknown() })).output(
      z.object({
        issues: z.array(z.object({ field: z.string(), message: z.string() })),
        error: errorSchema.nullable(),
        plan: planSchema.nullable(),
        estimate: estimateSchema.nullable(), // null: nothing is known of it on this machine
      }),
    ),
    /** How long it takes, by its first two steps; throws run-state while the engine is at work. */
    measure: oc.input(z.object({ grant: z.string(), config: z.unknown() })).output(estimateSchema.nullable()),
  },
  library: libraryApi,
  lineage: lineageApi,
  comparison: comparisonApi,
  data: dataApi,
  folders: foldersApi,
  heads: headsApi,
  history: historyApi,
  jobs: jobsApi,
  merges: mergesApi,
  mix: mixApi,
  preferences: preferencesApi,
  problem: problemApi,
  settings: settingsApi,
  updates: updatesApi,
  disentanglement: disentanglementApi,
  evaluations: evaluationsApi,
  studies: studiesApi,
  clusters: clustersApi,
  tunings: tuningsApi,
  runs: {
    ...runListApi,
    /** Checked at once; begins when its turn comes in the queue. */
    start: oc.input(z.object({ grant: z.string(), config: z.unknown() })).output(run),
    /** Tells when to ask again: a run or a job came, went, began, ended or is called otherwise. */
    changed: oc.output(eventIterator(z.object({ version: z.number() }))),
    show: oc.input(run).output(runDetailSchema),
    /** The coefficient table of every epoch is in history; one is sent when asked for. */
    coefficients: oc.input(run.extend({ stage: z.number(), epoch: z.number() })).output(z.array(z.array(z.number()))),
    /** Where its coefficients have gone, on two directions. */
    path: oc.input(run).output(pathSchema),
    /** Events from now on; at most ten progress events a second. Ends when the run ends. */
    watch: oc.input(run).output(eventIterator(runEventSchema)),
    stop: oc.input(run).output(z.boolean()),
    cancel: oc.input(run).output(z.boolean()), // also one that waits
    /** device: for this sitting alone, whatever was chosen. */
    resume: oc.input(run.extend({ device: deviceSchema.optional() })).output(run),
    /** What that would write, about, and what is free there; null: not known, or the system's dialog will say where. */
    exportTakes: oc
      .input(run.extend({ form: formSchema.prefault({}), target: z.string().max(4096).optional() }))
      .output(z.object({ bytes: z.number().nullable(), freeBytes: z.number().nullable() })),
    /**
     * Writes the model after an iteration (0: the start; null: the last accepted), and its card beside it. In a browser
     * the file lands in the data folder's exports.
     */
    export: oc
      .input(
        run.extend({
          iteration: z.number().int().min(0).nullable(),
          form: formSchema.prefault({}),
          target: z.string().max(4096).optional(), // a new file that a browser's page chose
        }),
      )
      .output(
        exportedSchema
          .extend({ card: z.string(), download: z.string().nullable(), cardDownload: z.string().nullable() })
          .nullable(),
      ),
  },
}
