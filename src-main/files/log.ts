// The log of this process: what it did and what went wrong in it, a file of its own in the data folder,
// logs/KIND-BEGUN-PID.log, so that several processes do not mix. A line is on its way to the disk in one piece before
// anything else happens, so that a crash loses nothing of what was said; a fault is synced, one a second at most, as a
// page may ask for what fails a thousand times, and each sync holds up every other answer. A file is made with
// its first line, is bounded (its older half lies beside it as -before.log), and of those of ended processes the newest
// of each kind are kept. It holds no data of the person's beyond paths: log-lines.ts says what may stand in it.
import { appendFileSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { release } from 'node:os'
import { join } from 'node:path'

import packageJson from '../../package.json' with { type: 'json' }
import { type ErrorRecord, recordOf } from '../contract/errors.ts'
import { dataFolderIfAny } from './data-folder.ts'
import { isAlive } from './leftovers.ts'
import { cleaned, faultOfRecord, faultOfThrown, isTold } from './log-lines.ts'
import { makeFolder } from './made-folder.ts'

export const logKinds = ['window', 'server', 'terminal', 'engine'] as const
export type LogKind = (typeof logKinds)[number]

export interface Log {
  readonly file: string | null // null: nothing was said yet
  say(words: string): void
  /** doing: what was asked for, in the program's own words. */
  fault(doing: string, thrown: unknown): void
}

interface LogOptions {
  folder: () => string | null // null: there is no place for it
  kind: LogKind
  now?: () => Date
  pid?: number
  most?: number // bytes of a file
}

const mostBytes = 512 * 1024
const mostKept = 10 // of a kind
const betweenSyncs = 1000 // milliseconds
const form = new RegExp(`^(${logKinds.join('|')})-(\\d{8}T\\d{6})-(\\d{1,10})(-before)?\\.log$`)

export const logsFolder = (home: string): string => join(home, 'logs')

/** null where there is no data folder and none can be made. */
export function logsFolderIfAny(): string | null {
  const home = dataFolderIfAny()
  return home === null ? null : logsFolder(home)
}

export const isLogName = (name: string): boolean => form.test(name)

/** Never throws: what the disk does not take is left out, as nobody's work is to end by it. */
export function openLog({
  folder,
  kind,
  now = () => new Date(),
  pid = process.pid,
  most = mostBytes,
}: LogOptions): Log {
  const name = `${kind}-${stampOf(now())}-${pid}`
  let file: string | null = null
  let size = 0
  let last = { text: '', times: 1 }
  let synced = Number.NEGATIVE_INFINITY

  function begin(): string | null {
    const place = folder()
    if (place === null) return null
    makeFolder(place, 0o700)
    takeAway(place, kind)
    return join(place, `${name}.log`)
  }

  function write(text: string, isFault: boolean): void {
    const [at, elapsed] = [now().toISOString(), performance.now()]
    const line = `${at} ${text}\n`
    const bytes = Buffer.byteLength(line)
    try {
      const isFirst = file === null
      file ??= begin()
      if (file === null) return
      if (size > 0 && size + bytes > most) {
        renameSync(file, file.replace(/\.log$/, '-before.log'))
        size = 0
      }
      const head = size === 0 ? `${at} ${isFirst ? 'began' : 'goes on'}: ${whoIs(kind, pid)}\n` : ''
      const flush = isFault && elapsed - synced >= betweenSyncs
      if (flush) synced = elapsed
      appendFileSync(file, head + line, { mode: 0o600, flush })
      size += Buffer.byteLength(head) + bytes
    } catch {
      // the disk takes nothing, or the folder is another's
    }
  }

  /** The same again and again is told at every tenfold. */
  function add(text: string, isFault = false): void {
    if (text !== last.text) last = { text, times: 0 }
    last.times += 1
    if (last.times === 1) write(text, isFault)
    else if (/^10+$/.test(String(last.times))) write(`the same, ${last.times} times by now`, isFault)
  }

  return {
    get file() {
      return file
    },
    say: (words) => add(cleaned(words)),
    fault: (doing, thrown) => add(faultOfThrown(doing, thrown), isTold(recordOf(thrown))),
  }
}

function whoIs(kind: LogKind, pid: number): string {
  const { versions, platform, arch } = process
  const electron = versions.electron ? `, Electron ${versions.electron}` : ''
  return `${kind}, process ${pid}, Basil ${packageJson.version}, Node ${versions.node}${electron}, ${platform} ${release()} ${arch}`
}

const stampOf = (at: Date): string => at.toISOString().replaceAll(/[-:]|\..*/g, '')

/** Of processes of a kind that have ended, the oldest: one is about to begin. */
function takeAway(folder: string, kind: LogKind): void {
  const found = readdirSync(folder).flatMap((name) => {
    const [, own, begun = '', pid = ''] = form.exec(name) ?? []
    return own === kind && !isAlive(Number(pid)) ? [{ name, stem: `${begun}-${pid}` }] : []
  })
  const stems = [...new Set(found.map(({ stem }) => stem))].sort()
  const old = new Set(stems.slice(0, Math.max(0, stems.length - mostKept + 1)))
  for (const { name, stem } of found) if (old.has(stem)) rmSync(join(folder, name), { force: true })
}

let own: Log | null = null

/** Once in a process, at its door: what ends it by being thrown is told too. */
export function beginLog(folder: () => string | null, kind: LogKind): void {
  if (own === null) process.on('uncaughtExceptionMonitor', (error, origin) => own?.fault(origin, error))
  own = openLog({ folder, kind })
}

/** In the log of this process, where it has begun one. */
export const say = (words: string): void => own?.say(words)
export const sayFault = (doing: string, thrown: unknown): void => own?.fault(doing, thrown)
/** Of a fault that was told as a record, which has no place in the program. */
export const sayRecord = (doing: string, record: ErrorRecord): void => own?.say(faultOfRecord(doing, record))
/** The file it is in; null where nothing was said. */
export const logOfHere = (): string | null => own?.file ?? null
