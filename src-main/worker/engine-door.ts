// The engine's side of its contract: every message is parsed here, progress leaves at most ten times a second, and
// errors travel as records. What runs beside what is decided on the other side (workbench/jobs). What is behind the
// door is an argument, so that the test double stands behind the same one. Its type follows from the contract: a new
// question is a line there, and the function that answers it in reading.ts or computing.ts.
import { flushCompileCache } from 'node:module'

import {
  type AnyContractRouter,
  type ContractProcedure,
  type InferSchemaInput,
  type InferSchemaOutput,
  isContractProcedure,
} from '@orpc/contract'
import { type AnyRouter, implement } from '@orpc/server'
import { RPCHandler } from '@orpc/server/message-port'

import { engineContract } from '../contract/engine-api.ts'
import type { ResolvedConfig } from '../contract/run/config.ts'
import type { EngineEvent, Parent, ResumeState } from '../contract/run/run.ts'
import type { Tune } from '../contract/tuning/output.ts'
import type { TuningEngineEvent } from '../contract/tuning/tuning.ts'
import { recordsHeardBy } from '../contract/wire/errors-over-rpc.ts'
import { progressGate } from '../contract/wire/progress-gate.ts'
import { sayFault } from '../files/log.ts'

export interface Sitting {
  resume: ResumeState | null
  parents: Parent[]
  stopping: () => boolean
  signal: AbortSignal
}

const { run: _run, tune: _tune, stop: _stop, ...questions } = engineContract // what is at work is known here alone

export type EngineSide = Answers<typeof questions> & {
  run(config: ResolvedConfig, sitting: Sitting): AsyncGenerator<EngineEvent>
  tune(asked: Tune, sitting: Pick<Sitting, 'stopping' | 'signal'>): AsyncGenerator<TuningEngineEvent>
}

/** A function a question; signal: whoever asked has left. What is told step by step is a generator. */
type Answers<C> = {
  readonly [K in keyof C]: C[K] extends ContractProcedure<infer I, infer O, infer _Errors, infer _Meta>
    ? (input: InferSchemaOutput<I>, signal: AbortSignal) => Answer<InferSchemaInput<O>>
    : Answers<C[K]>
}
type Answer<O> = O extends AsyncIteratorObject<infer T> ? AsyncGenerator<T> : Promise<O>

type Port = Parameters<RPCHandler<Record<never, never>>['upgrade']>[0]

export function serveEngine(side: EngineSide, port: Port): void {
  const present = new Set<{ stopping: boolean }>() // runs and fine-tunings at work
  async function* stoppable<T extends { type: string }>(
    work: (stopping: () => boolean) => AsyncGenerator<T>,
  ): AsyncGenerator<T> {
    const mine = { stopping: false }
    present.add(mine)
    try {
      yield* paced(work(() => mine.stopping))
    } finally {
      present.delete(mine)
    }
  }
  const os = implement(engineContract)
  const router = {
    ...answering(questions, side),
    stop: os.stop.handler(() => {
      for (const run of present) run.stopping = true
      return present.size > 0
    }),
    run: os.run.handler(({ input: { config, ...from }, signal = new AbortController().signal }) =>
      stoppable((stopping) => side.run(config, { ...from, stopping, signal })),
    ),
    tune: os.tune.handler(({ input, signal = new AbortController().signal }) =>
      stoppable((stopping) => side.tune(input, { stopping, signal })),
    ),
  }
  const options = {
    clientInterceptors: [recordsHeardBy(sayFault)],
    // Events go as structured clones, not JSON: minus zero stays minus zero. Only them: an answer may hold an iterator.
    experimental_transfer: (message: readonly unknown[]) => (message[1] === eventMessage ? [] : null),
  }
  new RPCHandler(router, options).upgrade(port, { context: {} })
}

/** The handlers of a contract: each asks the function of its name. */
function answering(contract: AnyContractRouter, answers: object): Record<string, AnyRouter> {
  return Object.fromEntries(
    Object.entries(contract).map(([name, question]) => {
      const answer: unknown = Reflect.get(answers, name)
      if (typeof answer === 'function' && isContractProcedure(question))
        return [
          name,
          implement(question).handler(({ input, signal = new AbortController().signal }) => {
            const told = answer(input, signal)
            return Symbol.asyncIterator in told ? paced(told) : told.finally(flushCompileCache)
          }),
        ]
      if (typeof answer === 'object' && answer) return [name, answering(question, answer)]
      throw new Error(`nothing answers ${name}`)
    }),
  )
}

/**
 * Before anything but progress is told, what was compiled is kept for the next process: this one is killed when its
 * work is done, and Node keeps it at an exit alone. Free where nothing is new.
 */
async function* paced<T extends { type: string }>(events: AsyncGenerator<T>): AsyncGenerator<T> {
  const isDue = progressGate(() => performance.now())
  for await (const event of events) {
    if (event.type !== 'progress') flushCompileCache()
    if (event.type !== 'progress' || isDue()) yield event
    await new Promise(setImmediate) // lets "stop" and the end of the parent be heard between steps
  }
}

const eventMessage = 3 // oRPC's MessageType.EVENT_ITERATOR
