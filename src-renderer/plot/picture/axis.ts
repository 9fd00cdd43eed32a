// An axis: where a value lies between two pixels, on a linear or a logarithmic scale, which values are marked, and what
// stands beside the marks. Marks are round (1, 2 or 5 times a power of ten; powers of ten themselves on a logarithmic
// scale), evenly spaced, and no two of them are called the same.
export type Kind = 'linear' | 'log'

export interface Scale {
  readonly kind: Kind
  readonly from: number
  readonly to: number
  at(value: number): number // pixel
  value(pixel: number): number
}

/** Between two pixels, the first of which is that of `from`. */
export function scaleBetween(
  kind: Kind,
  [from, to]: readonly [number, number],
  [start, end]: readonly [number, number],
): Scale {
  const [bent, straight] = kind === 'log' ? [Math.log10, (v: number) => 10 ** v] : [(v: number) => v, (v: number) => v]
  const [low, span] = [bent(from), bent(to) - bent(from) || 1]
  return {
    kind,
    from,
    to,
    at: (value) => start + ((bent(value) - low) / span) * (end - start),
    value: (pixel) => straight(low + ((pixel - start) / (end - start)) * span),
  }
}

/** Both ends with some room, so that no line runs along the edge; a single value stands in the middle. */
export function withRoom([low, high]: readonly [number, number], kind: Kind = 'linear'): [number, number] {
  if (kind === 'log')
    return low < high ? [low / (high / low) ** 0.04, high * (high / low) ** 0.04] : [low / 2, high * 2]
  const room = high > low ? 0.05 * (high - low) : Math.max(Math.abs(low) * 0.05, 1e-6)
  return [low - room, high + room]
}

/** Round values within the scale, at most about `most`; whole: none between two integers. */
export function marksOf(
  { kind, from, to }: Pick<Scale, 'kind' | 'from' | 'to'>,
  most: number,
  whole = false,
): number[] {
  if (kind === 'log' && to / from >= 10) return powers(from, to, most)
  const step = Math.max(stepFor((to - from) / Math.max(1, most)), whole ? 1 : 0)
  const first = Math.ceil(from / step - 1e-9)
  const last = Math.floor(to / step + 1e-9)
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => Number(((first + i) * step).toPrecision(12)))
}

/** The smallest of 1, 2, 5, 10, 20, … (and 0.5, 0.2, …) that is not below. */
export function stepFor(rough: number): number {
  if (!(rough > 0)) return 1
  const power = 10 ** Math.floor(Math.log10(rough))
  return power * ([1, 2, 5, 10].find((m) => m * power >= rough * (1 - 1e-9)) ?? 10)
}

function powers(from: number, to: number, most: number): number[] {
  const first = Math.ceil(Math.log10(from) - 1e-9)
  const last = Math.floor(Math.log10(to) + 1e-9)
  const every = Math.max(1, Math.ceil((last - first + 1) / most))
  const found: number[] = []
  for (let power = first; power <= last; power += every) found.push(Number((10 ** power).toPrecision(12)))
  return found
}

/** digits: of the fraction, where the usual ones would call two marks the same. */
export type AxisText = (value: number, digits?: number) => string

/** Marks with their names: with as many digits as tell them apart; what still has the name of another is left out. */
export function named(marks: readonly number[], text: AxisText): { value: number; text: string }[] {
  for (const digits of [undefined, 1, 2, 3, 4]) {
    const names = marks.map((value) => text(value, digits))
    if (new Set(names).size === names.length) return marks.map((value, i) => ({ value, text: names[i] ?? '' }))
  }
  const seen = new Set<string>()
  return marks.flatMap((value) => {
    const name = text(value)
    if (seen.has(name)) return []
    seen.add(name)
    return [{ value, text: name }]
  })
}
