// A value of JSON with other texts in it: wherever paths are named, they are named as they are elsewhere.

/** The same value; other: of each text in it, but not of keys. */
export function everyText<T>(value: T, other: (text: string) => string): T {
  const walk = (inner: unknown): unknown => {
    if (typeof inner === 'string') return other(inner)
    if (Array.isArray(inner)) return inner.map(walk)
    if (typeof inner !== 'object' || inner === null) return inner
    return Object.fromEntries(Object.entries(inner).map(([key, one]) => [key, walk(one)]))
  }
  return walk(value) as T
}
