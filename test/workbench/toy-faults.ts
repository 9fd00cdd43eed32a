// How the toy engine misbehaves, as TOY (JSON) says.
import { existsSync, writeFileSync, writeSync } from 'node:fs'

import type { Trial } from '../../src-main/contract/api/engines.ts'
import { faultOf } from '../../src-main/contract/device-faults.ts'
import { BasilError } from '../../src-main/contract/errors.ts'
import { type EngineInfo, engineKinds } from '../../src-main/contract/run/engine-info.ts'

/** What it says it is. */
export function described({ refuses }: Toy, engine: EngineInfo): EngineInfo {
  if (!refuses) return engine
  throw new BasilError({
    code: 'engine-missing',
    what: 'The engine that was asked for is not available',
    where: '',
    why: 'a toy is asked for',
    next: 'nothing',
  })
}

/** What a trial of the kind that this process is told to be gives. */
export async function tried({ trials = {} }: Toy, engine: EngineInfo): Promise<Trial> {
  const kind = engineKinds.find((one) => one === process.env.BASIL_ENGINES) ?? engine.kind
  const found = trials[kind] ?? 1
  if (found === 'abort') process.abort()
  if (found === 'hang') return new Promise(() => setInterval(() => undefined, 1000))
  return { engine: { ...engine, kind }, milliseconds: found, steps: 1 }
}

type How = 'abort' | 'cuda' | 'exit' | 'throw' | 'spin' | 'segv' | 'kill' | 'heap' | 'native'

/** This stage, or epoch of it, or step of a fine-tuning, begins no sooner than this file exists. */
interface Hold {
  stage: number
  epoch?: number // from 1
  until: string
}

export interface Toy {
  // once: a file that then exists
  fault?: { stage: number; epoch: number; how: How; once?: string }
  fills?: { stage: number; epoch: number; bytes: number } // of memory, which it gives back
  beforeOpening?: 'exit'
  flood?: boolean // of stdout and stderr
  progress?: number // events before each epoch
  pulse?: boolean // it tells its pace and memory, and the norms of its gradients
  wait?: number | number[] // milliseconds an epoch takes, of all stages or of each
  endless?: string // end of the path of a folder that is searched for data for ever
  until?: string // no epoch ends before this file exists
  holds?: Hold
  merging?: string // this file is made when a merge is at work, which ends no sooner than it is gone
  trials?: Partial<Record<string, number | 'hang' | 'abort'>> // milliseconds, by the kind that is tried
  refuses?: boolean // it is not the engine that was asked for
  kind?: EngineInfo['kind'] // what it says it is
}

export function misbehave(toy: Toy, stage: number, epoch: number): void {
  if (toy.flood) {
    process.stdout.write('o'.repeat(1 << 20))
    process.stderr.write('e'.repeat(1 << 16))
  }
  const { fault, fills } = toy
  if (fills?.stage === stage && fills.epoch === epoch) fill(fills.bytes)
  if (!fault || fault.stage !== stage || fault.epoch !== epoch || (fault.once && !isFirst(fault.once))) return
  if (fault.how === 'cuda')
    writeSync(
      2,
      '2026-11-22 08:00:00.1: F gpu_event.cc:1] could not synchronize on CUDA context: CUDA_ERROR_LAUNCH_FAILED\n*** trace ***\n',
    )
  if (fault.how === 'abort' || fault.how === 'cuda') process.abort()
  if (fault.how === 'exit') process.exit(3)
  if (fault.how === 'segv') process.kill(process.pid, 'SIGSEGV')
  if (fault.how === 'kill') process.kill(process.pid, 'SIGKILL')
  if (fault.how === 'heap') for (const held: unknown[] = []; ; ) held.push(Array.from({ length: 1000 }, Math.random))
  if (fault.how === 'native') allocate(2 ** 46)
  if (fault.how === 'spin') for (;;);
  throw new BasilError({
    code: 'not-finite',
    what: 'The loss is not a number',
    where: `epoch ${epoch}`,
    why: 'a toy fault',
    next: 'nothing',
  })
}

/** Of those who ask, each in a process of its own and maybe at once, one is the first. */
function isFirst(file: string): boolean {
  try {
    writeFileSync(file, '', { flag: 'wx' })
    return true
  } catch {
    return false
  }
}

/** Waits as long as it is to be held there. */
export async function held({ holds }: Toy, stage: number, epoch?: number): Promise<void> {
  if (holds?.stage !== stage || holds.epoch !== epoch) return
  while (!existsSync(holds.until)) await new Promise((resolve) => setTimeout(resolve, 5))
}

/** Every page of it is written to, so that the system has to give it. */
function fill(bytes: number): void {
  const held: Buffer[] = []
  for (let left = bytes; left > 0; left -= 2 ** 24) held.push(Buffer.alloc(Math.min(left, 2 ** 24), 1))
}

/** As the engine does for a step: what the system does not give is told as memory that is full. */
function allocate(bytes: number): ArrayBuffer {
  try {
    return new ArrayBuffer(bytes)
  } catch (error) {
    throw faultOf(error, 'the engine’s memory')
  }
}
