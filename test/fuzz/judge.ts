// The reference reader of safetensors, Python's, in one process that lives as long as the test: bytes in, its verdict
// out, in order.
import { spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'

export interface Verdict {
  tensors?: [name: string, dtype: string, shape: number[], sha256: string][]
  error?: string
}

export interface Judge {
  version: string
  ask(bytes: Uint8Array): Promise<Verdict>
  close(): void
}

/** By a Python that has the package safetensors. */
export function startJudge(python: string): Judge {
  const version = spawnSync(python, ['-c', 'import safetensors; print(safetensors.__version__)'], {
    encoding: 'utf8',
  }).stdout.trim()
  const child = spawn(python, [join(import.meta.dirname, 'judge.py')], { stdio: ['pipe', 'pipe', 'inherit'] })
  const waiting: { resolve(verdict: Verdict): void; reject(error: Error): void }[] = []
  let held = Buffer.alloc(0)
  child.stdout.on('data', (chunk: Buffer) => {
    held = Buffer.concat([held, chunk])
    while (held.length >= 4 && held.length >= 4 + held.readUInt32LE(0)) {
      const end = 4 + held.readUInt32LE(0)
      waiting.shift()?.resolve(JSON.parse(held.toString('utf8', 4, end)) as Verdict)
      held = held.subarray(end)
    }
  })
  child.on('exit', () => {
    for (const { reject } of waiting.splice(0)) reject(new Error('the judge has ended'))
  })
  return {
    version,
    ask: (bytes) =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject })
        const head = Buffer.alloc(4)
        head.writeUInt32LE(bytes.length)
        child.stdin.write(Buffer.concat([head, bytes]))
      }),
    close: () => void child.stdin.end(),
  }
}
