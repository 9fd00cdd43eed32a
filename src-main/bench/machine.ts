// The machine that is measured, and the two programs that are measured on it: our engine in a process of its own, and
// PyTorch, where a Python that has it is found: --python, else the benchmark's own virtual environment, else python3.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { availableParallelism, cpus, release, totalmem, type } from 'node:os'
import { join } from 'node:path'

import type { Products } from '../contract/run/products.ts'
import { gpus } from '../workbench/native/gpus.ts'
import type { EngineKind } from './cases.ts'
import type { Bench } from './report.ts'
import { type Side, startSide } from './side.ts'

export interface Peer {
  start: ((device: 'cpu' | 'cuda', products?: Products) => Side) | null
  said: string // which PyTorch it is, or why there is none
}

const threads = (): string => process.env['BASIL_THREADS'] || String(availableParallelism())

export function ourSide(engine: EngineKind, environment: NodeJS.ProcessEnv, products: Products = 'float32'): Side {
  const worker = join(import.meta.dirname, 'worker.ts')
  return startSide(process.execPath, [worker, products], {
    ...environment,
    BASIL_BACKEND: engine,
    BASIL_THREADS: threads(),
  })
}

/** A peer's memory is its own: it takes what it takes without our word to the allocator. */
export function ofPeers({ MALLOC_MMAP_THRESHOLD_: _, ...plain }: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return plain
}

/**
 * `script`: the path of peer.py, which only a checkout has. `own`: where the benchmark's own virtual environment would
 * be.
 */
export function findPeer(script: string, asked: string | null, own: string, environment: NodeJS.ProcessEnv): Peer {
  if (!existsSync(script)) return { start: null, said: 'no comparison with PyTorch outside a checkout' }
  for (const python of asked ? [asked] : [join(own, 'bin', 'python'), 'python3']) {
    const { status, stdout } = spawnSync(python, ['-c', 'import torch; print(torch.__version__)'], {
      encoding: 'utf8',
      timeout: 120_000,
    })
    if (status !== 0) continue
    // Its threads would otherwise spin while they wait, on cores that are ours in turn (OpenMP's default).
    const env = { ...ofPeers(environment), OMP_WAIT_POLICY: 'PASSIVE', OMP_NUM_THREADS: threads() }
    const start = (device: string, products: Products = 'float32'): Side =>
      startSide(python, [script, '--threads', threads(), '--device', device, '--products', products], env)
    return { start, said: `PyTorch ${stdout.trim()}` }
  }
  const install = `python3 -m venv ${own} && ${join(own, 'bin', 'pip')} install torch`
  return {
    start: null,
    said: `no PyTorch here; to compare with it: ${install}; or name a Python that has it with --python`,
  }
}

export async function machine(): Promise<Bench['machine']> {
  return {
    system: `${type()} ${release()}`,
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    gpus: (await gpus()).gpus.map(({ name, driver }) => `${name}, driver ${driver}`),
  }
}

/** What a process holds of the GPUs' memory, in bytes, by CUDA or by Vulkan; null where it holds none. */
export function deviceMemory(pid: number | undefined): number | null {
  const ask = (args: string[]): string =>
    spawnSync('nvidia-smi', args, { encoding: 'utf8', timeout: 10_000 }).stdout ?? ''
  const compute = ask(['--query-compute-apps=pid,used_memory', '--format=csv,noheader,nounits'])
    .split('\n') // none without a driver
    .map((line) => line.split(',').map(Number))
  const found = compute.some(([process]) => process === pid) ? compute : processesIn(ask(['-q', '-x']))
  const mine = found.filter(([process]) => process === pid)
  return mine.length ? 2 ** 20 * mine.reduce((sum, [, mebibytes = 0]) => sum + (mebibytes || 0), 0) : null
}

/** [pid, MiB] of all that nvidia-smi's XML lists: what draws, and Vulkan, is not among the compute processes. */
export function processesIn(xml: string): number[][] {
  const entry = /<process_info>.*?<pid>(\d+)<\/pid>.*?<used_memory>(\d+) MiB<\/used_memory>.*?<\/process_info>/gs
  return [...xml.matchAll(entry)].map(([, pid, mebibytes]) => [Number(pid), Number(mebibytes)])
}
