// Errors a person can act on: one class, a closed set of codes, and always what, where, why and what to do next.
import { z } from 'zod'

import './issues-in-words.ts'

const errorCodes = [
  'config-invalid', // a field of a run's configuration is wrong
  'file-missing',
  'file-unreadable',
  'file-damaged', // bytes break the format's rules
  'format-unknown',
  'tensor-missing',
  'tensor-extra',
  'tensor-shape',
  'tensor-dtype',
  'tensor-not-finite',
  'buffers-differ', // integer buffers of parents are not equal
  'file-changed', // content no longer has the hash a run recorded
  'data-invalid', // images and labels do not fit together
  'label-range', // a label the head has no class for
  'split-empty',
  'target-exists',
  'target-unwritable',
  'disk-full',
  'verify-failed', // a written file does not read back as it should
  'folder-busy', // another process writes to this data folder
  'history-damaged',
  'history-newer',
  'run-missing',
  'run-state', // the run is not in a state that allows this
  'engine-missing',
  'engine-lost', // the engine's process ended
  'engine-silent', // it gives no sign of life, or a step of it does not end
  'out-of-memory',
  'device-lost', // the GPU, or its driver, is gone
  'device-refused', // the GPU's driver would not do what it was asked to
  'install-failed', // native TensorFlow could not be installed; what was in use still is
  'not-supported', // not on this system
  'not-finite', // the loss or a gradient became NaN or infinite
  'score-failed', // a person's program gave a model no score, or no model keeps to the bounds
  'cancelled',
  'not-allowed', // a path outside what the user opened
  'message-invalid', // a page sent what is no message, or not of the contract's form
  'internal',
] as const

export const errorSchema = z.object({
  code: z.enum(errorCodes),
  what: z.string(),
  where: z.string(),
  why: z.string(),
  next: z.string(),
  inWindow: z.string().optional(), // what to do next for who has a window, where next names a command
})
export type ErrorRecord = z.infer<typeof errorSchema>

/** What to do next, for each of the two places that tell it. */
export type Steps = Pick<ErrorRecord, 'next' | 'inWindow'>

/** what: one sentence; where: file, tensor or field; why: the evidence; next: what the person can do. */
export class BasilError extends Error {
  readonly record: ErrorRecord

  constructor(record: ErrorRecord, options?: ErrorOptions) {
    super(sentence(record), options)
    this.name = 'BasilError'
    this.record = record
  }
}

/** The error as one line of text for a terminal, a toast or a log. */
export function sentence({ what, where, why, next }: ErrorRecord): string {
  return `${what}${where ? ` (${where})` : ''}: ${why}. Next: ${next}.`
}

/** What to do next, as a window says it: it sends nobody to a terminal. */
export const nextInWindow = ({ next, inWindow }: Steps): string => inWindow ?? next

/**
 * Where something is a fault of Basil's, or of a driver: how it is reported, and where the log lies that belongs to it.
 * first: what to do before that, as "try again; if it stays,".
 */
export function reported(first: string | Required<Steps>): Required<Steps> {
  const { next, inWindow } = typeof first === 'string' ? { next: first, inWindow: first } : first
  const ask = (before: string, by: string): string =>
    `${before && `${before} `}report it with what ${by} packs; the log is in the folder logs of the data folder`
  return { next: ask(next, '"basil report"'), inWindow: ask(inWindow, 'Report a problem in the help') }
}

export const isToBeReported = ({ next }: Pick<Steps, 'next'>): boolean => /"basil report"/.test(next)

/** Any thrown thing as a record; what is not a BasilError is a fault of ours and says so. */
export function recordOf(thrown: unknown): ErrorRecord {
  if (thrown instanceof BasilError) return thrown.record
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return {
    code: 'internal',
    what: 'Something in Basil went wrong',
    where: '',
    why: message.split('\n')[0]?.slice(0, 500) ?? 'no reason given',
    ...reported('try again; if it stays,'),
  }
}
