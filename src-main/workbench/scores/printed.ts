// What a scoring program says: the last line that it prints on stdout, or all of it, is a number, or a JSON object of
// named numbers. A number alone is called "score". Python writes NaN and Infinity into JSON; they are told by name.
export type Scores = Readonly<Record<string, number>>

const most = 100 // properties

/** Why it is none, in words, where it is none. */
export function scoresIn(output: string): { scores: Scores } | { why: string } {
  const text = output.trim()
  if (text === '') return { why: 'it printed nothing' }
  const last = lastLine(text)
  for (const said of new Set([text, last])) {
    const found = valueOf(said)
    if (typeof found === 'number') return named({ score: found })
    if (typeof found === 'object' && found !== null && !Array.isArray(found)) return named(found)
  }
  return { why: `it printed "${last.slice(0, 200)}", which is neither a number nor a JSON object of named numbers` }
}

export const lastLine = (text: string): string => text.trimEnd().split(/\r?\n/).at(-1)?.trim() ?? ''

/** undefined: nothing that is read here. */
function valueOf(text: string): unknown {
  if (/^[+-]?(nan|inf(inity)?)$/i.test(text)) return Number.NaN
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return Number(text)
  for (const said of [text, text.replace(/(?<=[:\s[,])-?(NaN|Infinity)(?=[\s,}\]])/g, 'null')])
    try {
      return JSON.parse(said)
    } catch {
      // the other, or the next line
    }
  return undefined
}

function named(found: object): { scores: Scores } | { why: string } {
  const entries = Object.entries(found)
  if (entries.length === 0) return { why: 'it printed an object that names no number' }
  if (entries.length > most) return { why: `it names ${entries.length} properties, and ${most} is the most` }
  const scores: Record<string, number> = {}
  for (const [name, value] of entries) {
    if (value === null || (typeof value === 'number' && !Number.isFinite(value)))
      return { why: `its ${name} is NaN or infinite, which is no score` }
    if (typeof value !== 'number') return { why: `its ${name} is ${JSON.stringify(value).slice(0, 100)}, no number` }
    scores[name] = value
  }
  return { scores }
}
