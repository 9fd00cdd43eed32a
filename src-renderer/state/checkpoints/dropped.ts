// A dropped file as a page sees it: bytes without a path. The recipe of an exported model stands in the file's head, in
// safetensors (u64 length, JSON with "__metadata__") and in PyTorch's zip (first local entry, .../basil.json, stored).
// A file without one is known by its quick key, SHA-256 of its first and last 64 KiB. Reads slices only; a head is at
// most 16 MiB. What is no checkpoint is told by its name and its first bytes.
import { isCheckpointName, isDataName, strangerIn } from '../../../src-main/contract/file-names.ts'

const largest = 16 * 2 ** 20 // bytes of a head
const ends = 64 * 2 ** 10 // bytes at each end, for the quick key

/** The text of "basil.recipe"; null where the file is none of ours, damaged or another kind of file. */
export async function recipeIn(file: Blob): Promise<string | null> {
  const head = (await zipHead(file)) ?? (await safetensorsHead(file))
  const recipe = head === null ? null : field(head, 'basil.recipe')
  return typeof recipe === 'string' ? recipe : null
}

/** Hexadecimal. The two ends of a short file overlap. */
export async function quickKey(file: Blob): Promise<string> {
  const bytes = await new Blob([file.slice(0, ends), file.slice(Math.max(0, file.size - ends))]).arrayBuffer()
  return [...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))]
    .map((b) => b.toString(16).padStart(2, '0'))
    .join('')
}

/** Metadata of safetensors. */
async function safetensorsHead(file: Blob): Promise<unknown> {
  if (file.size < 10) return null
  const length = Number((await view(file, 0, 8)).getBigUint64(0, true))
  if (length < 2 || length > largest || 8 + length > file.size) return null
  return field(await json(file.slice(8, 8 + length)), '__metadata__')
}

export type Dropped = { kind: 'model' | 'data' } | { kind: 'nothing'; words: string }

/** What a page can tell of a file; what nobody knows may be a model. */
export async function kindOf(file: File): Promise<Dropped> {
  if (isCheckpointName(file.name)) return { kind: 'model' }
  const head = new Uint8Array(await file.slice(0, 20).arrayBuffer())
  const words = file.size === 0 ? 'an empty file' : strangerIn(String.fromCharCode(...head))
  if (isDataName(file.name) && !/^a single image/.test(words ?? '')) return { kind: 'data' }
  return words ? { kind: 'nothing', words } : { kind: 'model' }
}

/** Of a folder, by the names of what is in it. */
export function kindOfFolder(names: readonly string[]): Dropped {
  const isModel = names.some((name) => isCheckpointName(name) && !isDataName(name))
  return { kind: !isModel && names.some(isDataName) ? 'data' : 'model' }
}

const zip = { signature: 0x04034b50, fixed: 30, stored: 0, sizeLater: 8 }

/** basil.json as the first entry of a zip; null where it is no zip, or begins with something else. */
async function zipHead(file: Blob): Promise<unknown> {
  if (file.size < zip.fixed) return null
  const entry = await view(file, 0, zip.fixed)
  if (entry.getUint32(0, true) !== zip.signature) return null
  const [flags, method, size] = [entry.getUint16(6, true), entry.getUint16(8, true), entry.getUint32(18, true)]
  const [nameLength, extraLength] = [entry.getUint16(26, true), entry.getUint16(28, true)]
  const name = await file.slice(zip.fixed, zip.fixed + nameLength).text()
  const from = zip.fixed + nameLength + extraLength
  const whole = (flags & zip.sizeLater) === 0 && size <= largest && from + size <= file.size
  return method === zip.stored && whole && /(^|\/)basil\.json$/.test(name) ? json(file.slice(from, from + size)) : null
}

async function view(file: Blob, from: number, length: number): Promise<DataView> {
  return new DataView(await file.slice(from, from + length).arrayBuffer())
}

async function json(part: Blob): Promise<unknown> {
  try {
    return JSON.parse(await part.text())
  } catch {
    return null
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : null
}
