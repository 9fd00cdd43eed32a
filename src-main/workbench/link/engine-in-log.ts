// An engine's process in the log of the process that started it: its beginning, and how it ended with the last that it
// printed, since what a driver or the system ends tells nothing by itself.
import { say } from '../../files/log.ts'
import { lastWords } from '../../files/log-lines.ts'
import type { EngineProcess } from './engine-process.ts'

export function inLog(engine: EngineProcess): EngineProcess {
  const name = `engine process ${engine.pid ?? '(not started)'}`
  say(`${name} began`)
  void engine.exited.then(({ code, signal, stderr }) => {
    const words = lastWords(stderr)
    say(`${name} ended, ${signal ? `by ${signal}` : `code ${code}`}${words && `; it printed: ${words}`}`)
  })
  return engine
}
