// What may stand in a log. Of faults of the machine, of a driver, of the disk and of Basil: all that is known. Of what
// is wrong with a person's files and configurations: its code, and where in the program it was found, since class
// names, prompts and contents of files stand in the sentences. Quoted text is left out wherever it is no path: JSON's
// and SQLite's messages quote what they were given.
import { type ErrorRecord, recordOf } from '../contract/errors.ts'

/** Codes whose sentences are about the machine and the program. */
const told = new Set<ErrorRecord['code']>([
  ...(['internal', 'not-finite', 'engine-missing', 'engine-lost', 'engine-silent', 'out-of-memory'] as const),
  ...(['device-lost', 'device-refused', 'install-failed', 'target-unwritable', 'disk-full', 'folder-busy'] as const),
  ...(['history-damaged', 'history-newer'] as const),
])
const longest = 4000 // characters of a line
const mostFrames = 12
/** Frames, errors, and what TensorFlow, V8, Dawn and the C++ runtime say before the end. */
const telling =
  /^\s+at |^\w*Error: |^[FEW]\d{4} |: [FEW] |FATAL|terminate called|what\(\)|CUDA|VK_|out of memory|abort|signal/i

export const isTold = ({ code }: Pick<ErrorRecord, 'code'>): boolean => told.has(code)

export function faultOfThrown(doing: string, thrown: unknown): string {
  const record = recordOf(thrown)
  return cut(`${faultOfRecord(doing, record)}${framesOf(thrown)}${causesOf(thrown, isTold(record))}`)
}

export function faultOfRecord(doing: string, record: ErrorRecord): string {
  const { code, what, where, why } = record
  const all = isTold(record) ? `: ${what}${where && ` (${where})`}: ${why}` : ''
  return cut(`${isTold(record) ? 'FAULT' : 'refused'} ${cleaned(doing)}: ${code}${cleaned(all)}`)
}

/** Lines of what an engine printed before it ended that tell why, and no others. */
export function lastWords(printed: string): string {
  const lines = printed.split('\n').filter((line) => telling.test(line))
  return cut(lines.map((line) => cleaned(line.trim())).join(' | '))
}

/** One line, without what is quoted and is no path. */
export function cleaned(text: string): string {
  const line = text.replaceAll(/\s*\n\s*/g, ' | ').replaceAll(/\p{Cc}/gu, ' ')
  return cut(withoutSingle(line.replace(/["“].*["”]|["“].*$/s, '"…"')))
}

/** From the first to the last, as what is quoted may hold quotes; paths stay. */
function withoutSingle(line: string): string {
  const quoted = [...line.matchAll(/(?<![\p{L}\d])(['`])(.*?)\1(?![\p{L}\d])/gu)]
  if (quoted.every(([, , inner = '']) => /^(\/|~|[A-Za-z]:\\|file:)[^'"`]*$/.test(inner))) return line
  return line.replace(/(?<![\p{L}\d])(['`]).*\1/su, "'…'")
}

/** " | at f (file:1:2)", of the stack below the message, which may have any number of lines. */
function framesOf(thrown: unknown): string {
  if (!(thrown instanceof Error) || !thrown.stack) return ''
  const { stack, message } = thrown
  const at = message === '' ? -1 : stack.indexOf(message)
  const below = at < 0 ? stack : stack.slice(at + message.length)
  const frames = below.split('\n').filter((line) => /^\s+at [^"'`]*$/.test(line))
  return frames
    .slice(0, mostFrames)
    .map((line) => ` | ${line.trim()}`)
    .join('')
}

function causesOf(thrown: unknown, withWhy: boolean, depth = 0): string {
  const cause = thrown instanceof Error ? thrown.cause : undefined
  if (!(cause instanceof Error) || depth > 2) return ''
  const why = withWhy ? `: ${cleaned(cause.message.split('\n')[0] ?? '')}` : ''
  return ` | by ${cause.name}${why}${framesOf(cause)}${causesOf(cause, withWhy, depth + 1)}`
}

const cut = (text: string): string => (text.length > longest ? `${text.slice(0, longest)} …` : text)
