// A checkpoint in several files, told by NAME.safetensors.index.json or NAME.bin.index.json (PyTorch's) beside them:
//   {"metadata": {...}, "weight_map": {tensor: file}}
// The files are opened by name in the folder of the index, and nowhere else; what the index says must be what they
// hold.
import { isIndexName } from '../../contract/file-names.ts'
import { parseJson } from '../../contract/json.ts'
import { mistaken } from './mistaken.ts'
import { type ByteSource, beyondLimit, damaged, shown } from './source.ts'
import { infoOf, type TensorFile, type TensorInfo } from './tensor-file.ts'

const longestIndex = 16 * 2 ** 20
const mostShards = 1000

export function looksLikeIndex(head: Uint8Array, name: string): boolean {
  return isIndexName(name) && head.some((byte) => byte === 0x7b)
}

/** Of the files an index names, sorted. Throws file-damaged for what is no index. */
export async function shardNames(source: ByteSource): Promise<string[]> {
  const { weights } = await readIndex(source)
  return [...new Set(weights.values())].sort()
}

/**
 * `openShard` opens one of the files. Throws file-damaged where index and files do not agree, and what opening a file
 * throws.
 */
export async function openSharded(
  source: ByteSource,
  openShard: (source: ByteSource) => Promise<TensorFile>,
): Promise<TensorFile> {
  const { weights, metadata } = await readIndex(source)
  const shards = new Map<string, TensorFile>()
  for (const name of new Set(weights.values())) {
    if (shards.size === mostShards)
      throw beyondLimit(source, `it names more than ${mostShards} files, the most that Basil reads`)
    shards.set(name, await openShard(await source.beside(name)))
  }
  const tensors = new Map<string, TensorInfo>()
  for (const [tensor, name] of weights) {
    const info = shards.get(name)?.tensors.get(tensor)
    if (!info) throw damaged(source, 'index', `it says that ${shown(tensor)} is in ${shown(name)}, where it is not`)
    tensors.set(tensor, info)
  }
  for (const [name, shard] of shards)
    for (const tensor of shard.tensors.keys())
      if (weights.get(tensor) !== name)
        throw damaged(source, 'index', `it does not know ${shown(tensor)}, which is in ${shown(name)}`)
  const shardOf = (tensor: string): TensorFile => infoOf(shards, infoOf(weights, tensor, source), source)
  return {
    source,
    format: `${[...shards.values()][0]?.format}-sharded`,
    tensors,
    metadata,
    read: async (tensor, into) => shardOf(tensor).read(tensor, into),
    readRange: async (tensor, offset, length, into) => shardOf(tensor).readRange(tensor, offset, length, into),
  }
}

async function readIndex(
  source: ByteSource,
): Promise<{ weights: Map<string, string>; metadata: Record<string, string> }> {
  if (source.size > longestIndex)
    throw beyondLimit(source, `it has ${source.size} bytes; Basil reads indices of ${longestIndex} at most`)
  const bytes = await source.read(0, source.size)
  let root: unknown
  try {
    root = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    throw (
      (await mistaken(source)) ??
      damaged(source, 'index', error instanceof SyntaxError ? error.message : 'it is not UTF-8 text')
    )
  }
  const { weight_map: map, metadata: told } = (root ?? {}) as { weight_map?: unknown; metadata?: unknown }
  if (typeof map !== 'object' || map === null || Array.isArray(map))
    throw damaged(source, 'index', 'it has no weight_map')
  const weights = new Map<string, string>()
  for (const [tensor, file] of Object.entries(map)) {
    if (typeof file !== 'string') throw damaged(source, 'index', `it names no file for ${shown(tensor)}`)
    weights.set(tensor, file)
  }
  if (weights.size === 0) throw damaged(source, 'index', 'it names no tensor')
  const metadata: Record<string, string> = Object.create(null)
  for (const [key, value] of Object.entries(told ?? {})) if (typeof value === 'string') metadata[key] = value
  return { weights, metadata }
}
