// One model scored by a person's program: its process, in a group of its own so that what it started ends with it; the
// end of what it said; a limit of time; and what came of it, scores or a typed error that names the command and what it
// printed.
import { type ChildProcess, spawn } from 'node:child_process'

import { BasilError } from '../../contract/errors.ts'
import { forModel, wordsOf } from './command.ts'
import { lastLine, type Scores, scoresIn } from './printed.ts'

export interface Scorer {
  command: string
  seconds: number | null // the most it may take for one model; null: any time
}

interface Ended {
  code: number | null
  by: string | null // a signal, "time", or why it never began
  out: string
  err: string
}

const kept = 2 ** 20 // characters of each stream, from its end

/** Throws score-failed, or cancelled once the signal has come: the program is gone then. */
export async function scoresOf({ command, seconds }: Scorer, model: string, signal: AbortSignal): Promise<Scores> {
  const { code, by, out, err } = await ended(forModel(wordsOf(command), model), seconds, signal)
  if (signal.aborted) throw cancelledSearch()
  if (by !== null || code !== 0) {
    const said = lastLine(err) || lastLine(out)
    const how = by === null ? `it ended with code ${code}` : by
    throw failed(command, said === '' ? `${how}, and said nothing` : `${how}; its last words: ${said.slice(0, 300)}`)
  }
  const found = scoresIn(out)
  if ('scores' in found) return found.scores
  const said = lastLine(err)
  throw failed(command, said === '' ? found.why : `${found.why}; its last words: ${said.slice(0, 300)}`)
}

function ended([program = '', ...args]: string[], seconds: number | null, signal: AbortSignal): Promise<Ended> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve({ code: null, by: 'it was not begun', out: '', err: '' })
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
      windowsHide: true,
    })
    const said = { out: '', err: '' }
    let by: string | null = null
    const stop = (): void => endGroup(child)
    const timer = setTimeout(
      () => {
        by = `it did not end within ${seconds} s`
        stop()
      },
      (seconds ?? 0) * 1000,
    )
    if (seconds === null) clearTimeout(timer)
    signal.addEventListener('abort', stop)
    process.on('exit', stop)
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said.out = (said.out + text).slice(-kept)
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said.err = (said.err + text).slice(-kept)
    })
    const end = (code: number | null, why: string | null): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
      process.off('exit', stop)
      resolve({ code, by: by ?? why, ...said })
    }
    child.on('error', (error: NodeJS.ErrnoException) =>
      end(
        null,
        error.code === 'ENOENT' ? `there is no program "${program}"` : `it cannot be started: ${error.message}`,
      ),
    )
    child.on('exit', stop) // what it started ends with it, and cannot hold its output open
    child.on('close', (code, killer) => end(code, killer === null ? null : `it was ended by ${killer}`))
  })
}

/** With all that it started. */
function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL')
  } catch {
    // it is just ending
  }
}

function failed(command: string, why: string): BasilError {
  return new BasilError({
    code: 'score-failed',
    what: 'A model got no score',
    where: command,
    why,
    next: 'try the command on one of the models by hand; what was scored is kept, and the same search goes on from there',
  })
}

export function cancelledSearch(): BasilError {
  return new BasilError({
    code: 'cancelled',
    what: 'The search was ended',
    where: '',
    why: 'you ended it',
    next: 'ask the same again to go on: what was scored is kept',
  })
}
