// Errors across oRPC, the same on every boundary (port, WebSocket, engine pipe): the thrown BasilError's record travels
// as the RPC error's data, also out of an event stream. Without this oRPC masks every error as "Internal server error".
//   serving:  new RPCHandler(router, { clientInterceptors: [errorsAsRecords] })
//   calling:  catch (error) { throw basilErrorOf(error) }
import { mapEventIterator, ORPCError } from '@orpc/client'
import { ValidationError } from '@orpc/contract'

import { BasilError, type ErrorRecord, errorSchema, recordOf, reported, sentence } from '../errors.ts'

/**
 * oRPC interceptor around each procedure: what it throws, or what its stream throws, becomes an RPC error with a
 * record. hear: is told of it before, with the procedure's name.
 */
export function recordsHeardBy(hear: (procedure: string, thrown: unknown) => void) {
  return async <T>({ next, path }: { next: () => Promise<T>; path: readonly string[] }): Promise<T> => {
    const recorded = (error: unknown): unknown => {
      hear(path.join('.'), error)
      return rpcError(error)
    }
    try {
      const output = await next()
      return isStream(output)
        ? (mapEventIterator(output, { value: async (value) => value, error: async (error) => recorded(error) }) as T)
        : output
    } catch (error) {
      throw recorded(error)
    }
  }
}

export const errorsAsRecords = recordsHeardBy(() => undefined)

/** A caught RPC error as the BasilError it was on the other side; anything else as an internal one. */
export function basilErrorOf(caught: unknown): BasilError {
  if (caught instanceof BasilError) return caught
  const record = caught instanceof ORPCError ? errorSchema.safeParse(caught.data) : undefined
  return new BasilError(record?.success ? record.data : recordOf(caught), { cause: caught })
}

/** record: what to tell of it, where it does not say so itself. */
export function rpcError(thrown: unknown, record: ErrorRecord = told(thrown)): unknown {
  // from the engine: passed on
  if (thrown instanceof ORPCError && errorSchema.safeParse(thrown.data).success) return thrown
  const status = record.code === 'message-invalid' ? 400 : 500
  return new ORPCError('BASIL', { status, message: sentence(record), data: record, cause: thrown })
}

/** What does not fit the contract is a bad message when it came in, and a fault of ours when it goes out. */
function told(thrown: unknown): ErrorRecord {
  const found = misfitIn(thrown)
  return found ? misfit(found) : recordOf(thrown)
}

/** Of what a procedure threw: why what it was asked does not have the contract's form; undefined where that is sound. */
export function misfitIn(thrown: unknown): ValidationError | undefined {
  if (!(thrown instanceof ORPCError && thrown.code === 'BAD_REQUEST')) return undefined
  return thrown.cause instanceof ValidationError ? thrown.cause : undefined
}

/** A message that does not have the contract's shape: refused at the door, with the first field that is wrong. */
function misfit(error: ValidationError): ErrorRecord {
  const [issue] = error.issues
  const field = (issue?.path ?? []).map((key) => String(typeof key === 'object' ? key.key : key)).join('.')
  return messageInvalid(field, issue?.message ?? 'no reason given')
}

export function messageInvalid(where: string, why: string): ErrorRecord {
  const steps = reported('reload the window; if it stays,')
  return { code: 'message-invalid', what: 'A message did not have the agreed form', where, why, ...steps }
}

function isStream(output: unknown): output is AsyncIterator<unknown> {
  return typeof output === 'object' && output !== null && Symbol.asyncIterator in output && 'next' in output
}
