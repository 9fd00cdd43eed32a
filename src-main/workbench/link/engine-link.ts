// One living engine: its process and a typed client over its port. Every call is raced against the process' end,
// because a call on a closed port would wait for ever, and what comes back is parsed: the engine reads strangers'
// files.
import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/message-port'
import { type ContractRouterClient, ValidationError } from '@orpc/contract'
import { ResponseValidationPlugin } from '@orpc/contract/plugins'

import { deviceLost, isDeviceLost } from '../../contract/device-faults.ts'
import { engineContract } from '../../contract/engine-api.ts'
import { BasilError, errorSchema } from '../../contract/errors.ts'
import { basilErrorOf } from '../../contract/wire/errors-over-rpc.ts'
import type { EngineProcess } from './engine-process.ts'
import { type Patience, patience as usual, watchOver } from './heartbeat.ts'

export type EngineClient = ContractRouterClient<typeof engineContract>

export interface EngineLink {
  readonly client: EngineClient
  readonly process: EngineProcess
  readonly alive: boolean
  /** Rejects with a BasilError: the engine's own, or engine-lost. */
  ask<T>(question: Promise<T>): Promise<T>
  /** What to make of an error that a call or stream of this engine threw. */
  explain(error: unknown): Promise<BasilError>
  /** Reads the process' memory, for the record should it end. */
  observe(): void
}

/** told: of an engine that goes silent, and with null when it is heard again or has ended. */
export function openLink(
  engine: EngineProcess,
  told: (error: BasilError | null) => void = () => undefined,
  patience: Patience = usual,
): EngineLink {
  // before the client, so that a silence is over before what ended it is told
  const leave = watchOver({ beats: (heard) => signsOfLife(engine, heard) }, told, patience)
  const link = new RPCLink({
    port: engine.port,
    plugins: [new ResponseValidationPlugin(engineContract)],
    experimental_transfer: () => [], // structured clones, not JSON: minus zero stays minus zero
  })
  let alive = true
  let memory: number | null = null
  const lost = engine.exited.then((exit) => {
    alive = false
    leave()
    told(null)
    return engineLost(exit, memory)
  })
  async function explain(error: unknown): Promise<BasilError> {
    if (isOwn(error)) return basilErrorOf(error)
    engine.kill() // its port closed, or it spoke nonsense: no use without the other
    return lost
  }
  return {
    client: createORPCClient(link),
    process: engine,
    get alive() {
      return alive
    },
    ask: async (question) => {
      question.catch(() => undefined) // it may reject after the process' end has been told
      try {
        return await Promise.race([question, lost.then((error) => Promise.reject(error))])
      } catch (error) {
        throw await explain(error)
      }
    },
    explain,
    observe: () => {
      memory = engine.memory() ?? memory
    },
  }
}

/** Its beats, and whatever it says: its main thread came round to say it. */
function signsOfLife(engine: EngineProcess, heard: (silent: number) => void): void {
  engine.beats(heard)
  engine.port.on('message', () => heard(0))
}

/** Thrown by the engine or by us, as against the sound of a closing port. */
function isOwn(error: unknown): boolean {
  if (error instanceof BasilError || error instanceof ValidationError) return true
  const data = error instanceof Error && 'data' in error ? error.data : undefined
  return errorSchema.safeParse(data).success
}

function engineLost(
  { code, signal, stderr }: { code: number | null; signal: string | null; stderr: string },
  memory: number | null,
): BasilError {
  const end = signal
    ? `it was ended by ${signal}`
    : code === null
      ? 'it could not be started'
      : `it ended with exit code ${code}`
  const held = memory === null ? '' : `, and last held ${(memory / 2 ** 30).toFixed(2)} GiB of memory`
  const said = lastWords(stderr)
  // how TensorFlow marks its last line
  const fatal = stderr.split('\n').find((line) => /^(F\d{4} |.*: F )/.test(line) && isDeviceLost(line))
  if (fatal) return deviceLost(`${end}; TensorFlow said: ${fatal.trim().slice(0, 300)}`)
  return new BasilError({
    code: 'engine-lost',
    what: 'The engine stopped working',
    where: 'engine process',
    why: `${end}${held}${said && `; it last said: ${said.trim().slice(0, 300)}`}`,
    next: 'resume the run; if it stops again, use a smaller micro-batch or free some memory',
  })
}

/** The line that says why: behind it V8 puts its own stack, and Node its version. */
function lastWords(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim())
  const last = lines.at(-1) ?? ''
  const fatal = lines.findLast((line) => /^FATAL ERROR: /.test(line))
  const thrown = /^Node\.js v\d/.test(last)
    ? lines.findLast((line) => /^(?:[A-Z]\w*)?Error\b.*: /.test(line))
    : undefined
  return fatal ?? thrown ?? last
}
