// JSON that keeps every number: minus zero, NaN and the infinities, which plain JSON turns into 0 and null, are written
// as { "number": "-0" }. All other numbers come back with their bits from plain JSON already.

const odd = new Map<string, number>([
  ['-0', -0],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
])

export function exactJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner !== 'number' || (Number.isFinite(inner) && !Object.is(inner, -0))) return inner
    return { number: Object.is(inner, -0) ? '-0' : String(inner) }
  })
}

/** Throws a SyntaxError. */
export function fromExactJson(text: string): unknown {
  return JSON.parse(text, (_, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner
    const [first, ...others] = Object.entries(inner)
    if (first?.[0] !== 'number' || others.length > 0 || typeof first[1] !== 'string') return inner
    return odd.get(first[1]) ?? inner
  })
}
