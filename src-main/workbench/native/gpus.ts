// The GPUs of this machine, listed by nvidia-smi, the driver's own program, so that asking costs no memory on the card
// and works before native TensorFlow is installed.
import { execFile } from 'node:child_process'

import type { Gpu } from '../../contract/api/native.ts'

const fields = ['index', 'name', 'memory.total', 'memory.free', 'driver_version', 'compute_cap']
const olderFields = fields.slice(0, -1) // of a driver before 495, which refuses the whole question otherwise

interface Cards {
  gpus: Gpu[]
  noGpu: string
}

const freshFor = 1000 // milliseconds
let lastAsked: { path: string | undefined; answer: Promise<Cards>; until: number } | null = null

/**
 * Every GPU of this machine; where there is none, why. Never throws. limit: milliseconds; a driver in trouble may never
 * answer, and one without persistence takes some seconds a card. Each question is a process, which holds up this one
 * while it starts: there is one at a time, and its answer is good for a second, however often a page asks, for the
 * programs of one PATH.
 */
export function gpus(env: NodeJS.ProcessEnv = process.env, limit = 20_000): Promise<Cards> {
  const path = env['PATH']
  if (lastAsked && lastAsked.path === path && performance.now() < lastAsked.until) return lastAsked.answer
  const question = { path, answer: askedAnew(env, limit), until: Number.POSITIVE_INFINITY }
  lastAsked = question
  void question.answer.then(() => {
    question.until = performance.now() + freshFor
  })
  return question.answer
}

async function askedAnew(env: NodeJS.ProcessEnv, limit: number): Promise<Cards> {
  const found = await askedFor(fields, env, limit)
  return /not a valid field/i.test(found.noGpu) ? askedFor(olderFields, env, limit) : found
}

function askedFor(wanted: readonly string[], env: NodeJS.ProcessEnv, limit: number): Promise<Cards> {
  const args = [`--query-gpu=${wanted.join()}`, '--format=csv,noheader,nounits']
  return new Promise((resolve) => {
    execFile('nvidia-smi', args, { timeout: limit, killSignal: 'SIGKILL', env }, (error, stdout) => {
      const found = error ? [] : stdout.split('\n').flatMap((line) => gpuOf(line) ?? [])
      const said = stdout.split('\n').find((line) => line.trim())
      resolve({ gpus: found, noGpu: found.length ? '' : reasonOf(error, said?.trim()) })
    })
  })
}

/** "0, NVIDIA H200, 143771, 143050, 570.86.15, 9.0", memory in MiB; cards that share the system's memory say [N/A]. */
function gpuOf(line: string): Gpu | null {
  const [index, name, total, free, driver, cap = ''] = line.split(',').map((part) => part.trim())
  if (!index || !/^\d+$/.test(index) || !name) return null
  const bytes = (mebibytes: string | undefined): number => (Number(mebibytes) || 0) * 2 ** 20
  const capability = /^\d+\.\d$/.test(cap) ? cap : ''
  return {
    id: `gpu:${index}`,
    name,
    memoryBytes: bytes(total),
    freeBytes: bytes(free),
    driver: driver ?? '',
    capability,
  }
}

function reasonOf(error: (Error & { code?: unknown; killed?: boolean }) | null, said: string | undefined): string {
  if (error?.code === 'ENOENT') return 'no NVIDIA driver is installed (there is no nvidia-smi)'
  if (error?.killed) return 'the NVIDIA driver does not answer'
  return said ?? error?.message.split('\n')[0] ?? 'the NVIDIA driver lists no card'
}
