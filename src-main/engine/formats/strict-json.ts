// The JSON a safetensors header may hold: objects, texts, and lists of whole numbers, and nothing else; read from its
// bytes as the caller asks for them, once and forward, so that nothing is held but what the caller keeps. JSON.parse is
// too forgiving here: it keeps the last of two equal keys in silence, rounds 2^53 + 1, takes 1e2 for an integer and
// sets a prototype through "__proto__". Everything throws an Error with a reason and the place.

export interface StrictJson {
  /**
   * Calls `value` behind every key of an object, which must read that key's value; `other`, which must throw, where
   * none begins. Equal keys are for the caller to find.
   */
  object(value: (key: string) => void, other: () => never): void
  /** `full` is called, and must throw, where there are more than `most`. */
  wholeNumbers(what: string, most: number, full: () => never): number[]
  text(what: string): string
  /** Nothing but space is left. */
  end(): void
  fail(reason: string): never
}

const [quote, comma, colon, backslash] = [0x22, 0x2c, 0x3a, 0x5c]
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d]
const [zero, nine] = [0x30, 0x39]

export function strictJson(bytes: Uint8Array): StrictJson {
  const { taken, text, wholeNumber, isOver, fail } = wordsOf(bytes)
  const list: number[] = [] // the present one: a list that has grown by itself keeps three times the room it needs

  function object(value: (key: string) => void, other: () => never): void {
    if (!taken(openBrace)) other()
    if (taken(closeBrace)) return
    for (;;) {
      const key = text('a key')
      if (!taken(colon)) fail('":" was expected')
      value(key)
      if (taken(closeBrace)) return
      if (!taken(comma)) fail('"," was expected')
    }
  }

  function wholeNumbers(what: string, most: number, full: () => never): number[] {
    if (!taken(openBracket)) fail(`${what} is not a list of whole numbers`)
    if (taken(closeBracket)) return []
    for (let count = 1; ; count++) {
      if (count > most) full()
      list[count - 1] = wholeNumber()
      if (taken(closeBracket)) return list.slice(0, count)
      if (!taken(comma)) fail('"," was expected')
    }
  }

  function end(): void {
    if (!isOver()) fail('text after the end of the header')
  }

  return { object, wholeNumbers, text, end, fail }
}

interface Words {
  /** Whether this letter comes next; then it is passed. */
  taken(letter: number): boolean
  text(what: string): string
  wholeNumber(): number
  isOver(): boolean
  fail(reason: string): never
}

/** What stands there, from word to word; space in front of one is passed. */
function wordsOf(bytes: Uint8Array): Words {
  const letters = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  let at = 0

  function text(what: string): string {
    if (!taken(quote)) fail(`${what} is not a text`)
    const start = at
    let isPlain = true
    for (;;) {
      const letter = bytes[at]
      if (letter === quote) break
      if (letter === undefined || letter < 0x20) return fail('a text does not end, or holds a control character')
      if (letter === backslash) at++
      if (letter === backslash || letter >= 0x80) isPlain = false
      at++
    }
    at++
    const found = isPlain ? letters.toString('latin1', start, at - 1) : unescaped(bytes.subarray(start - 1, at))
    // half of a surrogate pair is no character
    return found?.isWellFormed() ? found : fail('a string is not well formed')
  }

  function wholeNumber(): number {
    space()
    const start = at
    let number = 0
    for (; isDigit(bytes[at]); at++)
      number = Math.min(10 * number + ((bytes[at] as number) - zero), Number.MAX_SAFE_INTEGER + 1)
    if (at === start || (bytes[start] === zero && at > start + 1)) fail('a whole number of at least 0 was expected')
    if ('.eE'.includes(String.fromCharCode(bytes[at] ?? 0))) fail('a number is not written as a whole number')
    return Number.isSafeInteger(number) ? number : fail('a number is larger than 2^53')
  }

  function space(): void {
    for (
      let letter = bytes[at];
      letter === 0x20 || letter === 0x0a || letter === 0x0d || letter === 0x09;
      letter = bytes[at]
    )
      at++
  }

  function taken(letter: number): boolean {
    space()
    if (bytes[at] !== letter) return false
    at++
    return true
  }

  function isOver(): boolean {
    space()
    return at === bytes.length
  }

  function fail(reason: string): never {
    throw new Error(`${reason} (byte ${at} of the header)`)
  }

  return { taken, text, wholeNumber, isOver, fail }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function unescaped(quoted: Uint8Array): string | undefined {
  try {
    return JSON.parse(decoder.decode(quoted)) as string
  } catch {
    return undefined
  }
}

const isDigit = (letter: number | undefined): boolean => letter !== undefined && letter >= zero && letter <= nine
