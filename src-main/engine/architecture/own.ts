// What a file that Basil wrote says of its own towers, in its metadata as "basil.towers": {"vision": {"heads": 4,
// "activation": "gelu", "layerNormEps": 1e-5}, "text": {..., "endOfText": 49407}}. Only what is known is written: a
// guess that is written down would be one no more.
import type { Activation, TextSettings, TowerSettings } from '../../contract/tower.ts'
import { type Kind, objectOf, readActivation, readEndOfText, readEps, readHeads, type Statement } from './statement.ts'

const key = 'basil.towers'
const activationNames: Record<string, Activation> = { 'quick-gelu': 'quick-gelu', gelu: 'gelu' }

/** Metadata for a file with these towers; none where nothing of them is known. */
export function ownMetadata(towers: Record<Kind, TowerSettings | TextSettings | null>): Record<string, string> {
  const known = Object.entries(towers).flatMap(([kind, settings]) => {
    const values = Object.entries(settings ?? {}).filter(([, { assumed }]) => !assumed)
    return values.length > 0 ? [[kind, Object.fromEntries(values.map(([name, { value }]) => [name, value]))]] : []
  })
  return known.length > 0 ? { [key]: JSON.stringify(Object.fromEntries(known)) } : {}
}

export function ownStatement(metadata: Record<string, string>, kind: Kind, from: string): Statement | undefined {
  const told = objectOf(objectOf(parsed(metadata[key]))?.[kind])
  if (!told) return undefined
  const { heads, activation, layerNormEps, endOfText } = told
  return {
    from,
    ...(heads !== undefined && { heads: readHeads('heads', heads) }),
    ...(activation !== undefined && { activation: readActivation('activation', activation, activationNames) }),
    ...(layerNormEps !== undefined && { layerNormEps: readEps('layerNormEps', layerNormEps) }),
    ...(endOfText !== undefined && { endOfText: readEndOfText('endOfText', endOfText) }),
  }
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? 'null')
  } catch {
    return null
  }
}
