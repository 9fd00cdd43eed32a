// What a page may send, whichever way it comes: held against the form of a message before oRPC reads it, and refused in
// the form of an answer. oRPC itself prints a stack for each message that it cannot read, or lets the process hear of
// it as a fault of its own. Refusals are counted, and said on stderr and in the log at the first and at every tenfold,
// so that twenty thousand are five lines.
import type { StandardHandlerOptions } from '@orpc/server/standard'
import { z } from 'zod'

import { type ErrorRecord, sentence } from '../contract/errors.ts'
import { messageInvalid, misfitIn, recordsHeardBy, rpcError } from '../contract/wire/errors-over-rpc.ts'
import { sayFault, say as sayInLog } from '../files/log.ts'

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

/** Of one message, characters or, where it comes as such, bytes; a configuration has a few thousand. */
export const longestMessage = 4 * 2 ** 20

export interface PageMessages {
  /** For oRPC's handler: every answer that is an error carries a record. */
  readonly options: Required<
    Pick<StandardHandlerOptions<Record<never, never>>, 'rootInterceptors' | 'interceptors' | 'clientInterceptors'>
  >
  /** null: it has the form of a message. Else what is to be sent back instead of reading it. */
  refusal(message: unknown): string | null
}

/**
 * A connection's way in: of each connection one message is taken a turn of the event loop, so that a page which sends
 * thousands does not keep the others waiting. What still waits at its end is dropped.
 */
export function inTurn<T>(take: (message: T) => void): { hear: (message: T) => void; end: () => void } {
  const waiting: [T][] = []
  const takeOne = (): void => {
    const [next] = waiting.splice(0, 1)
    if (waiting.length > 0) setImmediate(takeOne)
    if (next) take(next[0])
  }
  return {
    hear: (message) => {
      if (waiting.push([message]) === 1) setImmediate(takeOne)
    },
    end: () => void waiting.splice(0),
  }
}

export function createPageMessages(say: (line: string) => void = sayOnBoth): PageMessages {
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
      clientInterceptors: [recordsHeardBy((name, thrown) => (misfitIn(thrown) ? undefined : sayFault(name, thrown)))],
    },
    refusal: (message) => {
      if (typeof message === 'string' && message.length > longestMessage) {
        count()
        const id = /^{"i":"([^"\\]{1,64})"/.exec(message)?.[1] ?? '' // as oRPC's client writes it
        return refusedBefore(id, messageInvalid('', `it is longer than ${longestMessage} characters`))
      }
      const found = parsed(message)
      const { success, error } = messageSchema.safeParse(found)
      if (success) return null
      count()
      const where = error.issues[0]?.path.join('.') ?? ''
      return refusedBefore(idOf(found), messageInvalid(where, 'it is no message of a page'))
    },
  }
}

const refusedStatus = 400

function sayOnBoth(line: string): void {
  process.stderr.write(`${line}\n`)
  sayInLog(line)
}

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

/** The answer, as text, to what never reaches oRPC. */
function refusedBefore(i: string, record: ErrorRecord): string {
  const { status: s, body: b } = refusedWith(record)
  return JSON.stringify({ i, p: { s, b } })
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
