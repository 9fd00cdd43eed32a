// The engine's process under Electron: a utility process, because a packed program may not run itself as plain Node
// (its fuse is off). The same interface as the forked Node of src-main/workbench/link/engine-process.ts.
import { app, type UtilityProcess, utilityProcess } from 'electron'

import type { EngineExit, EngineProcess } from '../workbench/link/engine-process.ts'
import { createEar } from '../workbench/link/heartbeat.ts'

const kept = 4096 // characters of stderr

/** Starts a bundled script as the engine's process; the app must be ready. */
export function utilityEngine(entry: string, environment: NodeJS.ProcessEnv): EngineProcess {
  const { NODE_OPTIONS: _, ...env } = environment
  const child = utilityProcess.fork(entry, [], {
    serviceName: 'Basil engine',
    stdio: ['ignore', 'pipe', 'pipe'],
    execArgv: [],
    env,
  })
  let stderr = ''
  let heard: (silent: number) => void = () => undefined
  const said = (text: string): void => {
    stderr = (stderr + text).slice(-kept)
  }
  const listen = createEar((silent) => heard(silent), said)
  child.stdout?.on('data', (printed: Buffer) => listen(printed.toString('latin1')))
  child.stderr?.on('data', (text: Buffer) => said(text.toString()))
  child.on('error', (type, location) => {
    stderr = `${stderr}\n${type} at ${location}`.slice(-kept)
  })
  const exited = new Promise<EngineExit>((resolve) => {
    // A moment later, so that the last of stderr has come.
    child.on('exit', (code) => setTimeout(() => resolve({ code, signal: null, stderr: stderr.trim() }), 50))
  })
  return {
    get pid() {
      return child.pid
    },
    port: portOf(child),
    exited,
    beats: (listener) => {
      heard = listener
    },
    memory: () => residentBytes(child.pid),
    kill: () => end(child),
  }
}

function portOf(child: UtilityProcess): EngineProcess['port'] {
  return {
    on: (event: string, listener: (event?: { data: unknown }) => void) => {
      if (event === 'message') child.on('message', (data: unknown) => listener({ data }))
      else child.on('exit', () => listener())
    },
    postMessage: (data: unknown) => child.postMessage(data),
  }
}

function residentBytes(pid: number | undefined): number | null {
  const metric = app.getAppMetrics().find((process) => process.pid === pid)
  return metric ? metric.memory.workingSetSize * 1024 : null
}

/** At once: the gentle signal would wait for the end of a long step. */
function end(child: UtilityProcess): void {
  if (child.pid === undefined) return void child.kill()
  try {
    process.kill(child.pid, 'SIGKILL')
  } catch {
    child.kill() // already gone, or another system's rules
  }
}
