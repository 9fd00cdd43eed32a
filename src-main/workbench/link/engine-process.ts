// The engine's process as the supervisor sees it: a port to talk over, and an end. Here it is a forked Node; in the
// window's program it is Electron's utilityProcess, behind the same interface (src-main/desktop). What the engine
// prints reaches nobody's terminal: the signs of life are heard on stdout; the end of all else that it, or a driver,
// has to say there or on stderr is kept to explain a crash. Nor does a terminal's Ctrl+C reach it: it has a process
// group of its own, because TensorFlow's matrix products do not survive a signal (ARCHITECTURE.md).
import { type ChildProcess, fork } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import type { RPCLink } from '@orpc/client/message-port'

import { createEar } from './heartbeat.ts'

type Port = Extract<ConstructorParameters<typeof RPCLink>[0]['port'], { on: unknown }>

export interface EngineExit {
  code: number | null
  signal: string | null
  stderr: string // the last 4 KB of it, and of what stdout holds besides the signs of life
}

export interface EngineProcess {
  readonly pid: number | undefined
  /** Emits "message" with { data }, and "close" when nothing more will come. */
  readonly port: Port
  /** Resolves once, however the process ended, also when it never started. */
  readonly exited: Promise<EngineExit>
  /** Calls back with every sign of life; silent: milliseconds since the main thread came round. One listener. */
  beats(heard: (silent: number) => void): void
  /** Resident bytes now; null where that cannot be told. */
  memory(): number | null
  /** Ends it at once. */
  kill(): void
}

const kept = 4096 // characters of stderr

/** The engine's script: in the bundles beside this one, else its source. BASIL_ENGINE names another, for tests. */
export function engineScript(): string {
  const bundled = join(import.meta.dirname, 'engine.js')
  const source = join(import.meta.dirname, '../../worker/door.ts')
  return process.env['BASIL_ENGINE'] || (existsSync(bundled) ? bundled : source)
}

/** Starts a script as the engine's process. program: the Node that runs it, when it is not this one. */
export function forkEngine(
  entry: string,
  environment: NodeJS.ProcessEnv = process.env,
  program: string = process.execPath,
): EngineProcess {
  const { NODE_OPTIONS: _, ...env } = environment // meant for the program that was started, not for the engine
  const detached = process.platform !== 'win32' // there it would mean a console window
  const child = fork(entry, [], {
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv: [],
    execPath: program,
    env,
    detached,
  })
  let stderr = ''
  let heard: (silent: number) => void = () => undefined
  const said = (text: string): void => {
    stderr = (stderr + text).slice(-kept)
  }
  child.stdout?.setEncoding('latin1').on(
    'data',
    createEar((silent) => heard(silent), said),
  )
  child.stderr?.setEncoding('utf8').on('data', said)
  const exited = new Promise<EngineExit>((resolve) => {
    const end = (code: number | null, signal: string | null): void => resolve({ code, signal, stderr: stderr.trim() })
    child.on('error', (error) => {
      stderr = (stderr + error.message).slice(-kept)
      if (child.pid === undefined) end(null, null)
    })
    child.on('close', end) // after the last of stderr
    child.on('exit', (code, signal) => setTimeout(end, 500, code, signal).unref()) // a grandchild may hold stderr open
  })
  return {
    pid: child.pid,
    port: portOf(child),
    exited,
    beats: (listener) => {
      heard = listener
    },
    memory: () => residentBytes(child.pid),
    kill: () => void child.kill('SIGKILL'),
  }
}

function portOf(child: ChildProcess): Port {
  return {
    on: (event: string, listener: (event?: { data: unknown }) => void) => {
      if (event === 'message') child.on('message', (data) => listener({ data }))
      else child.on('disconnect', () => listener())
    },
    postMessage: (data: unknown) => {
      // a message to a process that just ended is lost with it
      if (child.connected) child.send(data as object, () => undefined)
    },
  }
}

function residentBytes(pid: number | undefined): number | null {
  try {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1])
    return pages * 4096
  } catch {
    return null // not Linux, or already gone
  }
}
