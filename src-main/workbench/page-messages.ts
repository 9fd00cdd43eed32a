// What a page may send, whichever way it comes: held against the form of a message before oRPC reads it, and refused in
// the form of an answer. oRPC itself prints a stack for each message that it cannot read, or lets the process hear of
// it as a fault of its own. Refusals are counted, and said on stderr at the first and at every tenfold, so that twenty
// thousand are five lines.
import type { StandardHandlerOptions } from '@orpc/server/standard'
import { z } from 'zod'

import { type ErrorRecord, sentence } from '../contract/errors.ts'
import { messageInvalid, recordsHeardBy, rpcError } from '../contract/wire/errors-over-rpc.ts'
import { sayFault } from '../files/log.ts'

const id = z.string().min(1).max(64)
const messageSchema = z.union([
  z.strictObject({ i: id, t: z.literal(4), p: z.null().optional() }), // the caller has left
  z.strictObject({
    i: id,
    t: z.literal(1).optional(),
    p: z.strictObject({
      u: z
        .string()
        .max(200)
        .regex(/^(\/\w+)+$/),
      b: z.unknown().optional(),
      h: z.strictObject({ 'last-event-id': z.string() }).optional(),
    }),
  }),
])

export interface PageMessages {
  /** For oRPC's handler: every answer that is an error carries a record. */
  readonly options: Required<
    Pick<StandardHandlerOptions<Record<never, never>>, 'rootInterceptors' | 'interceptors' | 'clientInterceptors'>
  >
  /** null: it has the form of a message. Else what is to be sent back instead of reading it. */
  refusal(message: unknown): string | null
}

export function createPageMessages(
  say: (line: string) => void = (line) => void process.stderr.write(`${line}\n`),
): PageMessages {
  let refused = 0

  function count(): void {
    refused++
    if (refused === 1)
      say('A message from a page did not have the agreed form and was refused; more of them are counted.')
    else if (/^10+$/.test(String(refused))) say(`${refused} messages from pages were refused for their form.`)
  }

  return {
    options: {
      rootInterceptors: [
        async ({ next }) => {
          const result = await next()
          const answer = result.matched
            ? result.response
            : refusedWith(messageInvalid('', 'there is no such procedure'))
          if (answer.status === refusedStatus) count()
          return { matched: true, response: answer }
        },
      ],
      interceptors: [({ next }) => next().catch(unreadable)],
      clientInterceptors: [recordsHeardBy(sayFault)],
    },
    refusal: (message) => {
      const found = parsed(message)
      const { success, error } = messageSchema.safeParse(found)
      if (success) return null
      count()
      const where = error.issues[0]?.path.join('.') ?? ''
      const { status: s, headers: _, body: b } = refusedWith(messageInvalid(where, 'it is no message of a page'))
      return JSON.stringify({ i: idOf(found), p: { s, b } })
    },
  }
}

const refusedStatus = 400

/**
 * What was thrown without a record is the reading of the message: what procedures throw has one, and what they give was
 * held against the contract.
 */
function unreadable(thrown: unknown): never {
  const { data } = thrown as { data?: unknown }
  throw data === undefined ? rpcError(thrown, messageInvalid('', 'its values cannot be read')) : thrown
}

function refusedWith(record: ErrorRecord) {
  const body = {
    json: { defined: false, code: 'BASIL', status: refusedStatus, message: sentence(record), data: record },
  }
  return { status: refusedStatus, headers: {}, body }
}

/** undefined where it is no JSON text: a page sends nothing else. */
function parsed(message: unknown): unknown {
  try {
    return typeof message === 'string' ? JSON.parse(message) : undefined
  } catch {
    return undefined
  }
}

/** So that the caller hears of it, where one can be made out. */
function idOf(message: unknown): string {
  return id.safeParse((message as { i?: unknown } | null | undefined)?.i).data ?? ''
}
