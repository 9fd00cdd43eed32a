// JSON of files that may be anyone's, or anything: where it is wrong is said by line and column, never by what stands
// there. JSON.parse's own messages quote the text around, and such a message may be shown to who could not read the
// file.

/** Throws a SyntaxError: "it is not JSON from line 3, column 14 on". */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    const lines = text.slice(0, faultIn(text)).split(/\r\n|\r|\n/)
    throw new SyntaxError(`it is not JSON from line ${lines.length}, column ${(lines.at(-1) ?? '').length + 1} on`)
  }
}

const literal = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y
const blank = /[ \t\r\n]*/y

/** Place of the first character that no JSON goes on with; the text's length where it only ends too early. */
function faultIn(text: string): number {
  const open: ('{' | '[')[] = []
  let at = 0
  let wanted: 'value' | 'value or end' | 'key' | 'key or end' | 'colon' | 'next' = 'value'
  const after = (pattern: RegExp): number | null => {
    pattern.lastIndex = at
    return pattern.test(text) ? pattern.lastIndex : null
  }
  for (;;) {
    at = after(blank) ?? at
    const char = text[at]
    if (char === undefined) return at
    if (wanted === 'next') {
      const inside = open.at(-1)
      if (inside === undefined) return at
      if (char === ',') wanted = inside === '{' ? 'key' : 'value'
      else if (char === (inside === '{' ? '}' : ']')) open.pop()
      else return at
      at++
    } else if (wanted === 'colon') {
      if (char !== ':') return at
      wanted = 'value'
      at++
    } else if ((char === '}' && wanted === 'key or end') || (char === ']' && wanted === 'value or end')) {
      open.pop()
      wanted = 'next'
      at++
    } else if (char === '"') {
      const { end, isWhole } = stringFrom(text, at)
      if (!isWhole) return end
      at = end
      wanted = wanted.startsWith('key') ? 'colon' : 'next'
    } else if (wanted.startsWith('key')) return at
    else if (char === '{' || char === '[') {
      open.push(char)
      wanted = char === '{' ? 'key or end' : 'value or end'
      at++
    } else {
      const end = after(literal)
      if (end === null) return at
      at = end
      wanted = 'next'
    }
  }
}

/** Behind its closing quote, or where it is wrong. */
function stringFrom(text: string, start: number): { end: number; isWhole: boolean } {
  let at = start + 1
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x22) return { end: at + 1, isWhole: true }
    if (code < 0x20) break
    if (code !== 0x5c) continue
    const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y
    escape.lastIndex = at
    if (!escape.test(text)) break
    at = escape.lastIndex - 1
  }
  return { end: at, isWhole: false }
}
