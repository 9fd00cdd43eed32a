// Inside the engine's process: the port to the process that started it, under Electron or Node alike, and the end of this
// process when that one goes away. A terminal sends Ctrl+C to both; what it means is decided over there, so it is ignored here.
import { startHeart } from './heartbeat.ts'

type Listener = (event?: { data: unknown }) => void
interface ParentPort {
  on(event: string, listener: Listener): void
  postMessage(data: unknown): void
}

export function parentPort(): ParentPort {
  process.on('SIGINT', () => undefined)
  const electron = (process as { parentPort?: ParentPort }).parentPort
  startHeart(electron ? null : process.ppid) // Chromium itself ends utility processes with the main one
  if (electron) return electron
  process.on('disconnect', () => process.exit())
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
