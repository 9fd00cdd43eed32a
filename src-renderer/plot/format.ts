// Numbers as people read them: one place, so that a share, a size or a time looks the same on every page.
export const dash = '–'

/** How shares are written, on every page and axis: as percent with digits after the point, or as decimals with two more. */
export interface NumberLook {
  readonly as: 'percent' | 'decimal'
  readonly digits: number
}
let look = (): NumberLook => ({ as: 'percent', digits: 1 })

/** From now on as this says, which is asked each time. */
export function writeSharesAs(source: () => NumberLook): void {
  look = source
}

/** 0.8731 as "87.3 %", or as "0.873"; digits after the point are fixed so that columns line up. */
export function percent(share: number | null | undefined, digits = look().digits): string {
  if (!isNumber(share)) return dash
  return look().as === 'percent' ? `${fixed(share * 100, digits)} %` : fixed(share, digits + 2)
}

/** Without the sign that toFixed gives to what is 0 when rounded. */
const fixed = (value: number, digits: number): string => value.toFixed(digits).replace(/^-(?=[0.]+$)/, '')

/** A change in percentage points, always with its sign: "+2.4 pt", or "+0.024". */
export function points(change: number | null | undefined): string {
  if (!isNumber(change)) return dash
  const { as, digits } = look()
  return as === 'percent' ? `${signed(change * 100, digits)} pt` : signed(change, digits + 2)
}

/** A coefficient: four decimals, a true minus sign. */
export function coefficient(value: number | null | undefined): string {
  return isNumber(value) ? signed(value, 4) : dash
}

function signed(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits)
  return Number(text) === 0 ? text : `${value < 0 ? '−' : '+'}${text}`
}

/** Four significant figures, for losses and the like. */
export function figure(value: number | null | undefined): string {
  if (value === null || value === undefined) return dash
  if (!Number.isFinite(value)) return 'not a number'
  const size = Math.abs(value)
  return size !== 0 && (size < 0.001 || size >= 1e6) ? value.toExponential(2) : value.toPrecision(4)
}

/** 86567834 as "86,567,834". */
export function count(value: number | null | undefined): string {
  return isNumber(value) ? Math.round(value).toLocaleString('en-GB') : dash
}

/** 86567834 as "86.6 M". */
export function short(value: number | null | undefined): string {
  if (!isNumber(value)) return dash
  for (const [size, unit] of [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e4, 'k'],
  ] as const) {
    if (value >= size) return `${(value / (unit === 'k' ? 1e3 : size)).toFixed(1)} ${unit}`
  }
  return count(value)
}

/** Sizes in powers of 1024, as memory and files are counted. */
export function bytes(value: number | null | undefined): string {
  if (!isNumber(value)) return dash
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let size = value
  let unit = 0
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024
    unit++
  }
  return `${unit === 0 ? size : size.toFixed(size < 10 ? 2 : 1)} ${units[unit]}`
}

/** 4983 seconds as "1 h 23 min", 83 as "1 min 23 s", 3.2 as "3 s". */
export function duration(seconds: number | null | undefined): string {
  if (!isNumber(seconds)) return dash
  const whole = Math.max(0, Math.round(seconds))
  const [days, hours, minutes, rest] = [
    Math.floor(whole / 86400),
    Math.floor(whole / 3600) % 24,
    Math.floor(whole / 60) % 60,
    whole % 60,
  ]
  if (days) return `${days} d ${hours} h`
  if (hours) return `${hours} h ${minutes} min`
  return minutes ? `${minutes} min ${rest} s` : `${rest} s`
}

/** An ISO instant as local "14:05:09". */
export function clockTime(iso: string): string {
  const date = new Date(iso)
  return Number.isNaN(date.getTime()) ? dash : date.toTimeString().slice(0, 8)
}

/** An ISO instant as local "2026-11-22 14:05". */
export function instant(iso: string | null | undefined): string {
  const date = new Date(iso ?? Number.NaN)
  if (Number.isNaN(date.getTime())) return dash
  const two = (n: number) => String(n).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`
}

/**
 * A reason or warning as a whole sentence; a name at its beginning ("start.epochs", "config.json") keeps its letters.
 */
export function asSentence(text: string): string {
  const begun = /^[a-z]+[ ,;]/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text
  return ended(begun)
}

/** With its full stop. */
export function ended(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}

/** "1 run", "2 runs". */
export function counted(n: number, one: string, several = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : several}`
}

/** The first twelve letters of a hash. */
export function shortHash(sha256: string): string {
  return sha256.slice(0, 12)
}

/** What a file was to a run, in the field's words. */
export function parentRole(role: string): string {
  return { pretrained: 'pre-trained', vector: 'task vector', finetuned: 'fine-tuned' }[role] ?? role
}

/** The last part of a path, with "#name" where it points into a file. */
export function fileName(path: string): string {
  return path.split(/[/\\]/).pop() ?? path
}

function isNumber(value: number | null | undefined): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}
