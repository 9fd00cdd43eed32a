// The real engine with a GPU in trouble: its operations compute as ever, and the one that TROUBLE (JSON) names fails as
// a device's would. Told to use the CPU (CUDA_VISIBLE_DEVICES=-1, as the runner tells it), it says so and nothing
// fails.
import { openBackend } from '../../src-main/engine/devices/backend.ts'
import { infoOf } from '../../src-main/engine/devices/engine.ts'
import { disentanglementOf } from '../../src-main/engine/evaluation/disentanglement.ts'
import { checkRun } from '../../src-main/engine/runs/check.ts'
import { run } from '../../src-main/engine/runs/run.ts'
import { hashFile } from '../../src-main/files/hash.ts'
import { openSource } from '../../src-main/files/source.ts'
import { serveEngine } from '../../src-main/worker/engine-door.ts'
import { evaluateModels } from '../../src-main/worker/evaluations/evaluate.ts'
import { makeHead } from '../../src-main/worker/heads/make.ts'
import { probeHead } from '../../src-main/worker/heads/probe.ts'
import { mixing } from '../../src-main/worker/mix.ts'
import { parentPort } from '../../src-main/worker/parent-port.ts'
import { reading } from '../../src-main/worker/reading.ts'
import { merging, rebuild } from '../../src-main/worker/rebuild.ts'
import { trialOf } from '../../src-main/worker/trial.ts'
import { type Fails, failingOps, holding, messages } from '../engine/devices/failing-ops.ts'

/** An operation, and what it fails by; or images whose reverse pass fits. kind: of the engine it says it is. */
export type Trouble = ({ lostAt: number; by?: keyof typeof messages } | { holds: number }) & { kind?: 'webgpu' }

const trouble = JSON.parse(process.env['TROUBLE'] ?? '{}') as Trouble
const isCpu = process.env['CUDA_VISIBLE_DEVICES'] === '-1'
const fails: Fails =
  'lostAt' in trouble ? (n) => (n >= trouble.lostAt ? messages[trouble.by ?? 'lost'] : null) : holding(trouble.holds)

const real = await openBackend({ prefer: 'wasm' })
const device = isCpu
  ? ({ kind: 'native-cpu', name: 'a CPU' } as const)
  : ({ kind: trouble.kind ?? 'native-gpu', name: 'a GPU' } as const)
const backend = { ...real, ...device, reason: '', ops: isCpu ? real.ops : failingOps(real.ops, fails) }

serveEngine(
  {
    describe: async () => infoOf(backend),
    trial: () => trialOf(backend),
    tuningPlan: () => {
      throw new Error('this double tunes nothing')
    },
    tune: () => {
      throw new Error('this double tunes nothing')
    },
    mix: mixing(async () => ({ backend })),
    ...reading,
    check: (config) => checkRun(config, openSource),
    run: (config, sitting) => run(config, { ...sitting, backend, open: openSource, hash: hashFile }),
    rebuild,
    merge: merging,
    makeHead: (request) => makeHead(request, backend.ops),
    probeHead: (request) => probeHead(request, backend),
    evaluate: (request) => evaluateModels(request, backend),
    collect: () => {
      throw new Error('nothing is collected here')
    },
    disentangle: (request, signal) => disentanglementOf(request, { backend, open: openSource, signal }),
  },
  parentPort(),
)
