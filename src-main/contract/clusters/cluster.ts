// A place where studies can run besides this machine: a folder that the tasks share, and who gives them their turn. A
// host is one of OpenSSH's, with what its own configuration says of it; none is this machine.
import { z } from 'zod'

const word = z.string().regex(/^[\w.+-]{1,64}$/, 'use letters, digits and . _ + -')

const clusterKinds = ['folder', 'slurm'] as const

/** An absolute path, as a POSIX system writes it: it stands in scripts there. */
const there = z
  .string()
  .max(1000)
  .regex(/^\/[^\0\n]*$/, 'give an absolute path')

const pathPairSchema = z.strictObject({ here: z.string().min(1).max(1000), there })

export const clusterSchema = z.strictObject({
  name: z.string().regex(/^[\w .()+-]{1,60}$/, 'use letters, digits, space and . _ - ( ) +'),
  /** folder: a pool of processes works through the tasks; slurm: Slurm's job arrays do. */
  kind: z.enum(clusterKinds),
  host: z
    .string()
    .regex(/^[\w][\w.@:-]{0,200}$/, 'give a host as ssh takes it')
    .nullable()
    .default(null),
  folder: there.meta({ description: 'that all of its machines see and that holds data, programs and results' }),
  atOnce: z.number().int().min(1).max(10_000).default(4).meta({ description: 'tasks at a time, at most' }),
  partition: word.nullable().default(null),
  account: word.nullable().default(null),
  qos: word.nullable().default(null),
  minutes: z.number().int().min(1).max(43_200).default(240).meta({ description: 'of a task, before it has to go on' }),
  memoryGigabytes: z.number().min(0.1).max(4096).default(8),
  cpus: z.number().int().min(1).max(512).default(4),
  gpus: z.number().int().min(0).max(64).default(0),
  /** The native engine that is installed here goes along, or none: the portable one is always there. */
  engine: z.enum(['installed', 'portable']).default('installed'),
  setup: z
    .array(
      z
        .string()
        .max(500)
        .regex(/^[^\n\0]*$/, 'one line each'),
    )
    .max(20)
    .default([])
    .meta({ description: 'of shell, before each task, such as "module load cuda/12.4"' }),
  paths: z
    .array(pathPairSchema)
    .max(50)
    .default([])
    .meta({ description: 'folders that lie there too; what they hold is held against its hash and used where it is' }),
})
export type Cluster = z.infer<typeof clusterSchema>
