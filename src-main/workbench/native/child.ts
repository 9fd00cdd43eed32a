// A foreign program (pip, g++) as a child of ours: its lines as they come, the end of what it said for an error, and
// its end when we are told to stop. It gets a process group of its own, so that what it started ends with it.
import { spawn } from 'node:child_process'

import { BasilError, type Steps } from '../../contract/errors.ts'

export interface Outcome {
  code: number | null // null: ended by a signal, or never started
  missing: boolean // there is no such program
  said: string // the last lines of stdout and stderr together
}

const kept = 4096 // characters

export interface ChildOptions {
  signal: AbortSignal
  environment?: NodeJS.ProcessEnv
  onLine?: (line: string) => void // of stdout
}

/** Runs a program to its end; resolves however it ended. Throws cancelled when the signal came. */
export async function runChild(program: string, args: readonly string[], options: ChildOptions): Promise<Outcome> {
  const { signal, environment = process.env, onLine } = options
  throwIfCancelled(signal)
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: environment, detached: true })
  const stop = (): void => {
    if (child.pid === undefined) return
    try {
      process.kill(-child.pid, 'SIGKILL')
    } catch {
      // it has just ended
    }
  }
  signal.addEventListener('abort', stop)
  process.on('exit', stop)
  let said = ''
  let line = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (line + text).split('\n')
    line = lines.pop() ?? ''
    if (onLine) for (const whole of lines) onLine(whole)
    said = (said + text).slice(-kept)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-kept)
  })
  try {
    const { code, missing } = await new Promise<{ code: number | null; missing: boolean }>((resolve) => {
      child.on('error', (error: NodeJS.ErrnoException) => {
        said += error.message
        resolve({ code: null, missing: error.code === 'ENOENT' })
      })
      child.on('close', (code) => resolve({ code, missing: false }))
    })
    throwIfCancelled(signal)
    return { code, missing, said: said.trim() }
  } finally {
    signal.removeEventListener('abort', stop)
    process.off('exit', stop)
  }
}

export function throwIfCancelled(signal: AbortSignal): void {
  if (!signal.aborted) return
  throw new BasilError({
    code: 'cancelled',
    what: 'The installation was ended',
    where: '',
    why: 'you cancelled it',
    next: 'install again to go on: what was downloaded whole is kept',
  })
}

/** What could not be done while installing; the engine in use is the one from before. */
export function installFailed(what: string, where: string, why: string, next: string | Steps): BasilError {
  const steps = typeof next === 'string' ? { next } : next
  return new BasilError({ code: 'install-failed', what, where, why, ...steps })
}
