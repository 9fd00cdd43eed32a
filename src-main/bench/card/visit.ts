// A visit to a card, in a time that is given: every case gets its part of what is left, and what is known is written
// after each, so that a visit that breaks off keeps it. Without a card nothing is done. dry goes the same way at tiny
// sizes, on whatever computes here: CUDA's part is played by TensorFlow on the CPU, or by wasm.
import { mkdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { print, printJson } from '../../cli/output.ts'
import { clearLive, sayLive } from '../../cli/terminal.ts'
import { writeAtomic } from '../../files/write-atomic.ts'
import type { BenchOptions } from '../bench.ts'
import type { EngineKind } from '../cases.ts'
import { findPeer, machine, ourSide, type Peer } from '../machine.ts'
import { sideSchema } from '../protocol.ts'
import { scratchFiles } from '../scratch.ts'
import { type CardCase, cardCases, type SideSpec } from './cases.ts'
import { type Measuring, measureCase } from './measure.ts'
import { barLines, type CardBench, cardLines } from './report.ts'

export interface VisitOptions extends BenchOptions {
  dry: boolean
  seconds: number
}

/** True when every gradient was right and no case was left out. */
export async function visitCard(options: VisitOptions): Promise<boolean> {
  const { dry, json, records, seconds, rounds } = options
  const here = await machine()
  if (!dry && here.gpus.length === 0) {
    print(
      'There is no NVIDIA card here, and nothing was measured. "--card --dry" goes through all of it at tiny sizes.',
    )
    return false
  }
  mkdirSync(records, { recursive: true })
  const folder = options.scratch ?? (await mkdtemp(join(records, 'scratch-')))
  const began = performance.now()
  const say = json ? () => undefined : sayLive
  const peer = peerOf(options)
  const result: CardBench = {
    type: 'bench-card',
    basil: options.basil,
    date: new Date().toISOString(),
    dry,
    machine: here,
    peer: peer.said,
    seconds,
    left: [],
    cases: [],
  }
  const record = join(records, `card-${result.date.replaceAll(':', '-')}.json`)
  const keep = () => writeAtomic(record, [Buffer.from(`${JSON.stringify(result, null, 2)}\n`)], { overwrite: true })
  try {
    const measuring = await measuringWith(options, peer)
    const cases = cardCases(dry)
    for (const [i, c] of cases.entries()) {
      const rest = cases.slice(i)
      const left = seconds - (performance.now() - began) / 1000
      result.left = rest.map(({ name }) => name)
      await keep()
      if (left <= 0) break
      const from = performance.now()
      say(`${c.name}: making its files`)
      const { model, shape, vectors, batch, precision } = c
      const files = { ...(await scratchFiles(folder, model, shape, vectors, batch)), precision }
      say(`${c.name}: at most ${rounds} rounds`)
      const sides = await measureCase(c, files, { ...measuring, rounds, seconds: partOf(left, c, rest) })
      result.cases.push({ name: c.name, seconds: (performance.now() - from) / 1000, sides })
      result.left = rest.slice(1).map(({ name }) => name)
      await keep()
    }
    clearLive()
    if (json) printJson(result)
    else print([cardLines(result), barLines(result), [record]].map((lines) => lines.join('\n')).join('\n\n'))
    return result.left.length === 0 && result.cases.every(({ sides }) => sides.every((s) => !/^WRONG/.test(s.problem)))
  } finally {
    if (!options.scratch) await rm(folder, { recursive: true })
  }
}

function partOf(left: number, c: CardCase, rest: readonly CardCase[]): number {
  return (left * c.weight) / rest.reduce((sum, { weight }) => sum + weight, 0)
}

function peerOf({ peer, checkout, python, records, environment }: VisitOptions): Peer {
  const script = join(checkout, 'test', 'bench', 'peer.py')
  return peer
    ? findPeer(script, python, join(records, 'venv'), environment)
    : { start: null, said: 'PyTorch was not asked for' }
}

async function measuringWith(
  { dry, environment }: VisitOptions,
  peer: Peer,
): Promise<Pick<Measuring, 'start' | 'kindOf'>> {
  const cuda: EngineKind = !dry || (await isHere('native', environment)) ? 'native' : 'wasm'
  return {
    start: ({ engine, products }) => {
      if (engine !== 'torch') return ourSide(engine === 'cuda' ? cuda : engine, environment, products)
      if (!peer.start) throw new Error(peer.said)
      return peer.start(dry ? 'cpu' : 'cuda', products)
    },
    kindOf: ({ engine }: SideSpec) => (dry ? '' : { cuda: 'native-gpu', webgpu: 'webgpu', torch: 'cuda' }[engine]),
  }
}

async function isHere(engine: EngineKind, environment: NodeJS.ProcessEnv): Promise<boolean> {
  const side = ourSide(engine, environment)
  try {
    return (await side.ask({ do: 'describe' }, sideSchema)) !== null
  } catch {
    return false
  } finally {
    side.end()
  }
}
