// Clusters as a window and a terminal see them: where studies can run besides this machine, what was found there, what
// a study would need there, and how far its tasks are. A study there is the study's job in another place: it is paused,
// cancelled and resumed like any other.
import { oc } from '@orpc/contract'
import { z } from 'zod'

import { runIdSchema } from '../branded.ts'
import { clusterSchema } from '../clusters/cluster.ts'
import { errorSchema } from '../errors.ts'
import { told } from '../wire/told.ts'

const named = z.object({ name: z.string() })
const ofStudy = z.object({ study: z.number().int() })

/** A study that is there already (paused, or never begun), or one that is begun with this. */
const wantedSchema = z.union([
  named.extend({ study: z.number().int() }),
  named.extend({ grant: z.string(), definition: z.unknown() }),
])
export type WantedThere = z.infer<typeof wantedSchema>

/** What was found, and each thing that is wrong. */
const probeSchema = z.object({
  cluster: z.string(),
  facts: z.array(z.object({ what: z.string(), is: z.string() })), // "Slurm": "22.05.8, partition ci is up"
  wrong: z.array(errorSchema), // a study could not run there
  notes: z.array(z.string()), // what is worth knowing, and no obstacle
})
export type Probe = z.infer<typeof probeSchema>

const planThereSchema = z.object({
  cluster: z.string(),
  tasks: z.number(),
  hours: z.number().nullable(), // of all tasks by their limit, at most; null: a folder's have none
  gpuHours: z.number(),
  there: z.number(), // contents that lie there, by hash
  missing: z.array(z.object({ path: z.string(), bytes: z.number(), why: z.string() })), // paths of here
  bytes: z.number(), // to be sent, the program included
})
export type PlanThere = z.infer<typeof planThereSchema>

/** waiting: not handed over yet; lost: nobody there knows of it, and it has no result. */
export const clusterTaskStates = ['waiting', 'queued', 'running', 'done', 'stopped', 'failed', 'lost'] as const
export type ClusterTaskState = (typeof clusterTaskStates)[number]

const taskSchema = z.object({
  place: z.number(), // of the study's run
  arm: z.string(),
  part: z.string(),
  seed: z.number(),
  run: runIdSchema.nullable(), // null: nothing of it is here yet
  state: z.enum(clusterTaskStates),
  words: z.string(), // the scheduler's own, "PENDING, JobArrayTaskLimit", or what it is at
  job: z.string().nullable(), // the scheduler's number
  host: z.string().nullable(),
  gpus: z.string().nullable(),
  seconds: z.number().nullable(), // that it took, once it is over
})
export type ClusterTask = z.infer<typeof taskSchema>

const statusSchema = z.object({
  cluster: z.string(),
  folder: z.string(), // of the study, there
  version: z.number(), // of the study: rises with every change
  whole: z.boolean(), // these are all its tasks; else those that changed
  tasks: z.array(taskSchema),
  seen: z.string().nullable(), // when it was last looked at, by this machine's clock
  ahead: z.number().nullable(), // seconds by which the clock of there is ahead
  error: errorSchema.nullable(), // why it cannot be reached just now; it is tried again
})
export type StatusThere = z.infer<typeof statusSchema>

export const clustersApi = {
  list: oc.output(z.array(clusterSchema)),
  /** Adds one, or changes the one of its name. Throws config-invalid. */
  put: oc.input(clusterSchema).output(clusterSchema),
  /** Throws run-state while a study is there. */
  remove: oc.input(named).output(z.boolean()),
  /** Looks at it, and says what is wrong; puts the program there where it is not. */
  probe: oc.input(named).output(told(probeSchema)),
  /** What a study would take and lack there; hashes what its runs are of. */
  plan: oc.input(wantedSchema).output(told(planThereSchema)),
  /** Checks and begins it, as a job of the queue. */
  submit: oc.input(wantedSchema).output(ofStudy),
  /** Its tasks that changed since a version that was told before; 0: all. null: it is on no cluster. */
  status: oc.input(ofStudy.extend({ since: z.number().default(0) })).output(statusSchema.nullable()),
  /** Failed and lost tasks once more, after their last kept epoch. Gives how many. */
  retry: oc.input(ofStudy).output(z.number()),
  /** Looks there at once, whatever the pause between two looks has become. */
  collect: oc.input(ofStudy).output(z.boolean()),
  /** What is left of it runs on this machine from now on; nothing of it may be at work. Throws run-state. */
  takeBack: oc.input(ofStudy).output(ofStudy),
}
