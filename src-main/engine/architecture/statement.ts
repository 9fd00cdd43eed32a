// What one source (a file beside a checkpoint, or the checkpoint itself) says of one of its towers. Sources come from
// strangers: every value is looked at before it is one, and a wrong one keeps its reason.
import { type Activation, activations, attentionHeads, endOfText, layerNormEps } from '../../contract/tower.ts'

export type Kind = 'vision' | 'text'

/** A value, or why what stands in its place is none. */
export type Read<T> = { value: T } | { wrong: string }

export interface Statement {
  from: string // "config.json beside clip.safetensors"
  shape?: Record<string, unknown> // by which it is known to be about the tower: width, layers, mlp, patchSize
  heads?: Read<number>
  activation?: Read<Activation>
  layerNormEps?: Read<number>
  endOfText?: Read<number>
  wrong?: string // why it is another kind of tower, whatever its values
}

const shown = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 60)

export function readHeads(name: string, value: unknown): Read<number> {
  const { data, success } = attentionHeads.safeParse(value)
  return success ? { value: data } : { wrong: `${name} is ${shown(value)}; a whole number of at least 1 is needed` }
}

export function readEps(name: string, value: unknown): Read<number> {
  const { data, success } = layerNormEps.safeParse(value)
  return success ? { value: data } : { wrong: `${name} is ${shown(value)}; a number from 0 to 1 is needed` }
}

export function readEndOfText(name: string, value: unknown): Read<number> {
  const { data, success } = endOfText.safeParse(value)
  return success ? { value: data } : { wrong: `${name} is ${shown(value)}; the number of one token is needed` }
}

/** theirs: the names of both activations there. */
export function readActivation(
  name: string,
  value: unknown,
  theirs: Readonly<Record<string, Activation>>,
): Read<Activation> {
  const own = typeof value === 'string' && Object.hasOwn(theirs, value) ? theirs[value] : undefined
  return own
    ? { value: own }
    : { wrong: `${name} is ${shown(value)}; Basil computes ${activations.join(' and ')} (x Phi(x), exact)` }
}

/** An object of a JSON file; undefined for anything else. */
export function objectOf(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined
}
