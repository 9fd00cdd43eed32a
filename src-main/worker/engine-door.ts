// The engine's side of its contract: every message is parsed here, progress leaves at most ten times a second, and
// errors travel as records. What runs beside what is decided on the other side (workbench/jobs). What is behind the
// door is an argument, so that the test double stands behind the same one.
import { implement } from '@orpc/server'
import { RPCHandler } from '@orpc/server/message-port'

import type { Disentanglement, DisentanglementRequest } from '../contract/api/disentanglement.ts'
import type { EvaluationReport, EvaluationRequest } from '../contract/api/evaluations.ts'
import type { HeadEvent, HeadImport, HeadRequest, ProbeEvent, ProbeRequest } from '../contract/api/heads.ts'
import type { Compatibility, Description, Difference, Form, Inspection, Statistics } from '../contract/checkpoint.ts'
import { type Conversion, engineContract, type Plan, type Told } from '../contract/engine-api.ts'
import type { ResolvedConfig } from '../contract/run/config.ts'
import type { Exported, Recipe } from '../contract/run/recipe.ts'
import type { EngineEvent, EngineInfo, Parent, ResumeState } from '../contract/run/run.ts'
import { errorsAsRecords } from '../contract/wire/errors-over-rpc.ts'
import { progressGate } from '../contract/wire/progress-gate.ts'
import type { ReadingData } from './data/reading.ts'

export interface Sitting {
  resume: ResumeState | null
  parents: Parent[]
  stopping: () => boolean
  signal: AbortSignal
}

export interface EngineSide {
  describe(): Promise<EngineInfo>
  look(file: string): Promise<Description>
  hash(file: string): Promise<{ sha256: string; bytes: number }>
  inspect(file: string): Promise<Inspection>
  statistics(file: string): AsyncGenerator<Told<Statistics>>
  compare(a: string, b: string): AsyncGenerator<Told<Difference>>
  compatible(pretrained: string, others: string[]): AsyncGenerator<Told<Compatibility>>
  convert(request: Conversion): AsyncGenerator<Told<Exported>>
  readonly data: ReadingData
  disentangle(request: DisentanglementRequest, signal: AbortSignal): AsyncGenerator<Told<Disentanglement>>
  check(config: ResolvedConfig): Promise<Plan>
  run(config: ResolvedConfig, sitting: Sitting): AsyncGenerator<EngineEvent>
  rebuild(request: { recipe: Recipe; out: string; overwrite: boolean; form: Form }): Promise<Exported>
  makeHead(request: HeadRequest): AsyncGenerator<HeadEvent>
  importHeads(request: HeadImport): Promise<Exported>
  probeHead(request: ProbeRequest): AsyncGenerator<ProbeEvent>
  evaluate(request: EvaluationRequest): AsyncGenerator<Told<EvaluationReport>>
}

type Port = Parameters<RPCHandler<Record<never, never>>['upgrade']>[0]

export function serveEngine(side: EngineSide, port: Port): void {
  const present = new Set<{ stopping: boolean }>() // runs at work
  const os = implement(engineContract)
  const router = os.router({
    describe: os.describe.handler(() => side.describe()),
    look: os.look.handler(({ input }) => side.look(input.file)),
    hash: os.hash.handler(({ input }) => side.hash(input.file)),
    inspect: os.inspect.handler(({ input }) => side.inspect(input.file)),
    statistics: os.statistics.handler(({ input }) => paced(side.statistics(input.file))),
    compare: os.compare.handler(({ input }) => paced(side.compare(input.a, input.b))),
    compatible: os.compatible.handler(({ input }) => paced(side.compatible(input.pretrained, input.others))),
    convert: os.convert.handler(({ input }) => paced(side.convert(input))),
    data: {
      find: os.data.find.handler(({ input }) => paced(side.data.find(input.path))),
      named: os.data.named.handler(({ input }) => paced(side.data.named(input.folders))),
      look: os.data.look.handler(({ input }) => paced(side.data.look(input.path))),
      draw: os.data.draw.handler(({ input }) => paced(side.data.draw(input.images))),
      previews: os.data.previews.handler(({ input }) => paced(side.data.previews(input.images, input.wanted))),
      prepare: os.data.prepare.handler(({ input }) => paced(side.data.prepare(input))),
      leaks: os.data.leaks.handler(({ input }) => paced(side.data.leaks(input))),
    },
    disentangle: os.disentangle.handler(({ input, signal = new AbortController().signal }) =>
      paced(side.disentangle(input, signal)),
    ),
    check: os.check.handler(({ input }) => side.check(input)),
    stop: os.stop.handler(() => {
      for (const run of present) run.stopping = true
      return present.size > 0
    }),
    rebuild: os.rebuild.handler(({ input }) => side.rebuild(input)),
    makeHead: os.makeHead.handler(({ input }) => paced(side.makeHead(input))),
    importHeads: os.importHeads.handler(({ input }) => side.importHeads(input)),
    probeHead: os.probeHead.handler(({ input }) => paced(side.probeHead(input))),
    evaluate: os.evaluate.handler(({ input }) => paced(side.evaluate(input))),
    run: os.run.handler(async function* ({ input, signal = new AbortController().signal }) {
      const mine = { stopping: false }
      present.add(mine)
      try {
        const sitting = { resume: input.resume, parents: input.parents, stopping: () => mine.stopping, signal }
        yield* paced(side.run(input.config, sitting))
      } finally {
        present.delete(mine)
      }
    }),
  })
  const options = {
    clientInterceptors: [errorsAsRecords],
    // Events go as structured clones, not JSON: minus zero stays minus zero. Only them: an answer may hold an iterator.
    experimental_transfer: (message: readonly unknown[]) => (message[1] === eventMessage ? [] : null),
  }
  new RPCHandler(router, options).upgrade(port, { context: {} })
}

async function* paced<T extends { type: string }>(events: AsyncGenerator<T>): AsyncGenerator<T> {
  const isDue = progressGate(() => performance.now())
  for await (const event of events) {
    if (event.type !== 'progress' || isDue()) yield event
    await new Promise(setImmediate) // lets "stop" and the end of the parent be heard between steps
  }
}

const eventMessage = 3 // oRPC's MessageType.EVENT_ITERATOR
