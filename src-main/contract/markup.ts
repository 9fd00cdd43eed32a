// HTML by template literals: whatever is put in is text, and is escaped, unless it is itself made by `html`. A task
// named <script> is a name.

const made = Symbol('made by html')

export interface Html {
  readonly [made]: true
  readonly text: string
}

type Part = Html | string | number | null | false | readonly Part[]

export function html(strings: TemplateStringsArray, ...parts: Part[]): Html {
  return {
    [made]: true,
    text: strings.map((text, i) => text + (i < parts.length ? textOf(parts[i] as Part) : '')).join(''),
  }
}

/** What is markup by itself: never what came from a file. */
export const verbatim = (text: string): Html => ({ [made]: true, text })

function textOf(part: Part): string {
  if (part === null || part === false) return ''
  if (typeof part === 'string' || typeof part === 'number') return escaped(String(part))
  return 'text' in part ? part.text : part.map(textOf).join('')
}

const names: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (c) => names[c] as string)

/** "78.5", of a share between 0 and 1. */
export const percent = (share: number | null): string => (share === null ? '–' : (100 * share).toFixed(1))

/** "p < 0.001" and "p = 0.042". */
export const chance = (p: number): string => (p < 0.001 ? 'p < 0.001' : `p = ${p.toFixed(3)}`)
