// Inside the engine's process: the port to the process that started it, under Electron or Node alike, and the end of
// this process when that one goes away. Under Electron a terminal sends Ctrl+C to both; what it means is decided over
// there, so it is ignored here. The log of this process begins here too, where BASIL_LOGS says a folder for it.
import { beginLog } from '../files/log.ts'
import { startHeart } from './heart.ts'

type Listener = (event?: { data: unknown }) => void
interface ParentPort {
  on(event: string, listener: Listener): void
  postMessage(data: unknown): void
}

export function parentPort(): ParentPort {
  beginLog(() => process.env['BASIL_LOGS'] || null, 'engine')
  const electron = (process as { parentPort?: ParentPort }).parentPort
  startHeart(electron ? null : process.ppid) // Chromium itself ends utility processes with the main one
  if (electron) {
    process.on('SIGINT', () => undefined)
    return electron
  }
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
