// What commands print and the exit codes they end with: 0 fine, 1 the run failed, 2 the configuration is wrong, 3 a
// file was refused. With --json stdout holds JSON and nothing else, errors included; without, errors go to stderr.
// A reader that closes the pipe ends the command quietly. exitCode, never exit(): what was printed is still on its way.
import { type ErrorRecord, isToBeReported, recordOf, sentence } from '../contract/errors.ts'
import { logOfHere, sayFault } from '../files/log.ts'
import { isTold } from '../files/log-lines.ts'

const aboutConfig = /^(config-invalid|not-allowed)$/
const aboutFiles = /^(file|format|tensor|buffers|data|label|split)-/

function exitCodeOf({ code }: ErrorRecord): number {
  return aboutConfig.test(code) ? 2 : aboutFiles.test(code) ? 3 : 1
}

let isClosed = false
let whenClosed = (): void => undefined
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  isClosed = true
  whenClosed()
})

/** Called once when nobody reads stdout any more. */
export function onClosedPipe(act: () => void): void {
  whenClosed = act
  if (isClosed) act()
}

export const isPipeClosed = (): boolean => isClosed

export function print(line: string): void {
  if (!isClosed) process.stdout.write(`${line}\n`)
}

export const printJson = (value: unknown): void => print(JSON.stringify(value))

/** Ends a command that threw. */
export function fail(thrown: unknown, json: boolean, code?: number): void {
  const record = recordOf(thrown)
  process.exitCode = code ?? exitCodeOf(record)
  if (json) printJson({ type: 'error', error: record })
  else process.stderr.write(`${sentence(record)}\n`)
  if (isTold(record)) sayFault('command', thrown)
  if (!json && isToBeReported(record)) process.stderr.write(`The log: ${logOfHere() ?? 'there is none'}\n`)
}
