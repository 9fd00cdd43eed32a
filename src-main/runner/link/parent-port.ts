// Inside the engine's process: the port to the process that started it, under Electron or Node alike, and the end of this
// process when that one goes away. Under Electron a terminal sends Ctrl+C to both; what it means is decided over there, so it is ignored here.
import { Worker } from 'node:worker_threads'

type Listener = (event?: { data: unknown }) => void
interface ParentPort {
  on(event: string, listener: Listener): void
  postMessage(data: unknown): void
}

export function parentPort(): ParentPort {
  const electron = (process as { parentPort?: ParentPort }).parentPort
  if (electron) {
    process.on('SIGINT', () => undefined)
    return electron // Chromium itself ends utility processes with the main one
  }
  process.on('disconnect', () => process.exit())
  watchParent()
  return {
    on: (event, listener) => {
      if (event === 'message') process.on('message', (data) => listener({ data }))
      else process.on('disconnect', () => listener())
    },
    postMessage: (data) => {
      if (process.connected) process.send?.(data)
    },
  }
}

/** A long step keeps "disconnect" from being heard; a thread of its own hears of the parent's death in any case. */
function watchParent(): void {
  const code = `const parent = process.ppid; setInterval(() => process.ppid === parent || process.kill(process.pid, 'SIGKILL'), 250)`
  new Worker(code, { eval: true, execArgv: [], stdin: false, resourceLimits: { maxOldGenerationSizeMb: 16 } }).unref()
}
