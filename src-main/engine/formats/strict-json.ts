// The JSON a safetensors header may hold: objects, strings, and arrays of whole numbers, and nothing else.
// JSON.parse is too forgiving here: it keeps the last of two equal keys in silence, rounds 2^53 + 1, takes 1e2 for an
// integer and sets a prototype through "__proto__". Objects become Maps.
export type StrictValue = string | number | StrictValue[] | Map<string, StrictValue>

/** Throws an Error with a reason and the place. */
export function parseStrict(text: string): StrictValue {
  let at = 0
  const value = read(0)
  space()
  if (at !== text.length) fail('text after the end of the header')
  return value

  function read(depth: number): StrictValue {
    if (depth > 4) fail('nested too deep')
    space()
    const next = text[at]
    if (next === '{') return readObject(depth)
    if (next === '[') return readArray(depth)
    if (next === '"') return readString()
    return readInteger()
  }

  function readObject(depth: number): Map<string, StrictValue> {
    const map = new Map<string, StrictValue>()
    at++
    space()
    if (taken('}')) return map
    for (;;) {
      space()
      const key = readString()
      if (map.has(key)) fail(`the key ${JSON.stringify(key.slice(0, 80))} stands twice`)
      space()
      expect(':')
      map.set(key, read(depth + 1))
      space()
      if (taken('}')) return map
      expect(',')
    }
  }

  function readArray(depth: number): StrictValue[] {
    const list: StrictValue[] = []
    at++
    space()
    if (taken(']')) return list
    for (;;) {
      list.push(read(depth + 1))
      space()
      if (taken(']')) return list
      expect(',')
    }
  }

  function readString(): string {
    const start = at
    expect('"')
    while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
    expect('"')
    const string = unescaped(text.slice(start, at))
    return string?.isWellFormed() ? string : fail('a string is not well formed') // half of a surrogate pair is no character
  }

  function readInteger(): number {
    const match = /-?\d+/y
    match.lastIndex = at
    const digits = match.exec(text)?.[0]
    if (!digits || !/^(0|[1-9]\d*)$/.test(digits)) return fail('a whole number of at least 0 was expected')
    at += digits.length
    if (/[.eE]/.test(text[at] ?? '')) fail('a number is not written as a whole number')
    const number = Number(digits)
    return Number.isSafeInteger(number) ? number : fail('a number is larger than 2^53')
  }

  function space(): void {
    while (at < text.length && ' \t\n\r'.includes(text[at] as string)) at++
  }
  function taken(char: string): boolean {
    if (text[at] !== char) return false
    at++
    return true
  }
  function expect(char: string): void {
    if (text[at] !== char) fail(`"${char}" was expected`)
    at++
  }
  function fail(reason: string): never {
    throw new Error(`${reason} (character ${at} of the header)`)
  }
}

function unescaped(quoted: string): string | undefined {
  try {
    return JSON.parse(quoted) as string
  } catch {
    return undefined
  }
}
