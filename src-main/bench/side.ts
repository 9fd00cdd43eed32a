// One side of a comparison as a child process that works only when it is asked: memory and processor time are its own.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

import type { z } from 'zod'

import { BasilError } from '../contract/errors.ts'
import type { Message } from './protocol.ts'

export interface Side {
  /** Throws engine-lost with the end of its stderr when the process is gone. */
  ask<T>(message: Message, answer: z.ZodType<T>): Promise<T>
  /** The most it ever had in memory, in bytes; null where the system does not tell. */
  peak(): number | null
  pid: number | undefined
  end(): void
}

export function startSide(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Side {
  const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'] })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-2000)
  })
  const lost = new Promise<never>((_, reject) => {
    const gone = (why: string): void => reject(ended(program, why))
    child.on('error', (error) => gone(error.message))
    child.on('close', (code, signal) => gone(stderr.trim().split('\n').at(-1) || `it ended with ${signal ?? code}`))
  })
  lost.catch(() => undefined) // told to whoever asks, and after the end to nobody
  child.stdin.on('error', () => undefined)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async ask(message, answer) {
      child.stdin.write(`${JSON.stringify(message)}\n`)
      const line = await Promise.race([lost, lines.next()])
      if (line.done) return lost
      return answer.parse(JSON.parse(line.value))
    },
    peak: () => peakOf(child.pid),
    pid: child.pid,
    end: () => void child.kill('SIGKILL'),
  }
}

/** VmHWM, in kB. The figure of getrusage would hold what the launching process had. */
function peakOf(pid: number | undefined): number | null {
  try {
    const found = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    return found ? 1024 * Number(found[1]) : null
  } catch {
    return null // no Linux
  }
}

function ended(where: string, why: string): BasilError {
  return new BasilError({
    code: 'engine-lost',
    what: 'A process that was being measured ended',
    where,
    why,
    next: 'free some memory or choose a smaller case with --only, then measure again',
  })
}
