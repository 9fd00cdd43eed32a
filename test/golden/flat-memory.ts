// A run of many steps on the golden model in a process of its own, its memory looked at after every epoch: the figures
// behind flat-memory.test.ts. On the terminal:  node --expose-gc test/golden/flat-memory.ts wasm|native [steps]
import { openBackend } from '../../src-main/engine/devices/backend.ts'
import { run } from '../../src-main/engine/runs/run.ts'
import { bytesHeld } from '../engine/formats/bytes.ts'
import { hostOf } from '../engine/runs/host.ts'
import { goldenConfig } from './fixture.ts'

export interface Flatness {
  engine: string
  steps: number
  seconds: number
  tensors: number[] // different numbers of tensors seen at the ends of epochs
  deviceBytes: number[] // of those tensors, as different
  first: number // bytes held after the warm-up, and at the end: resident, without what V8 keeps in reserve for its heap
  last: number
  rssPeak: number
  slope: number // bytes a step, least squares over all epochs after the warm-up
  ours: number // the same of what JavaScript holds, when the garbage was collected
}

/** warmUp: the share of the steps that is not looked at: compilers and allocators find their size in it. */
async function flatness(prefer: 'wasm' | 'native', steps: number, warmUp = 0.5): Promise<Flatness> {
  const backend = await openBackend({ prefer })
  const golden = goldenConfig('cross-entropy', {
    batch: 8,
    microBatch: 128,
    iterations: 1,
    steps: 1,
    start: { method: 'atlas', steps },
  })
  const host = hostOf(backend)
  const seen: { step: number; rss: number; held: number; ours: number; tensors: number; bytes: number }[] = []
  const began = performance.now()
  for await (const event of run({ ...golden, tasks: golden.tasks.slice(0, 1) }, host)) {
    if (event.type !== 'epoch' || event.stage > 0) continue
    globalThis.gc?.()
    const { rss, heapTotal, heapUsed } = process.memoryUsage()
    seen.push({ step: event.step, rss, held: rss - heapTotal + heapUsed, ours: bytesHeld(), ...backend.memory() })
  }
  const seconds = (performance.now() - began) / 1000
  backend.close()
  const late = seen.filter(({ step }) => step >= warmUp * steps)
  return {
    engine: backend.name,
    steps: seen.at(-1)?.step ?? 0,
    seconds,
    tensors: [...new Set(late.map((s) => s.tensors))],
    deviceBytes: [...new Set(late.map((s) => s.bytes))],
    first: late[0]?.held ?? Number.NaN,
    last: late.at(-1)?.held ?? Number.NaN,
    rssPeak: Math.max(...seen.map((s) => s.rss)),
    slope: slopeOf(late.map(({ step, held }) => [step, held])),
    ours: slopeOf(late.map(({ step, ours }) => [step, ours])),
  }
}

function slopeOf(points: [number, number][]): number {
  const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length
  const [x, y] = [mean(points.map((p) => p[0])), mean(points.map((p) => p[1]))]
  return (
    points.reduce((sum, p) => sum + (p[0] - x) * (p[1] - y), 0) / points.reduce((sum, p) => sum + (p[0] - x) ** 2, 0)
  )
}

if (process.argv[1] === import.meta.filename) {
  const [, , prefer, steps = '1000'] = process.argv
  console.log(JSON.stringify(await flatness(prefer === 'native' ? 'native' : 'wasm', Number(steps)), null, 2))
  process.exit()
}
