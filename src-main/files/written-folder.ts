// A view of tensors becomes a folder as transformers' programs keep a model: shards of safetensors, each of whole
// tensors and of at most so many bytes (a larger tensor has one of its own), the index that names them, and beside them
// what says how the model is used: configuration and tokenizer of the folder it comes from, copied, never run. All of
// it is written into a folder beside the target, synced, read back, and only then takes the target's name: who looks
// there sees no folder or the whole of it.
import { createHash } from 'node:crypto'
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'

import { bytes, type Sha256, sha256 } from '../contract/branded.ts'
import type { WrittenDtype } from '../contract/checkpoint.ts'
import { indexName } from '../contract/file-names.ts'
import { parseJson } from '../contract/json.ts'
import type { Exported } from '../contract/run/recipe.ts'
import type { TensorFile, TensorInfo } from '../engine/formats/tensor-file.ts'
import { inWrittenOrder } from '../engine/formats/writing/checkpoint.ts'
import { removeLeftovers, temporaryName } from './leftovers.ts'
import { readStart } from './open.ts'
import { type Disk, onDisk, disk as realDisk, requireNothing } from './write-atomic.ts'
import { writeModel } from './written-model.ts'

/** What is copied from beside a model: no code, no weights. */
const beside =
  /^(config|generation_config|tokenizer|tokenizer_config|special_tokens_map|added_tokens|vocab|preprocessor_config|processor_config|chat_template)\.json$|^(vocab\.txt|merges\.txt|tokenizer\.model|spiece\.model|sentencepiece\.bpe\.model|chat_template\.jinja)$/

/** Of these what says which tokens there are, and of those what a changed tokenizer.json stands for. */
const ofTokenizer =
  /^(tokenizer|tokenizer_config|special_tokens_map|added_tokens|vocab|chat_template)\.json$|^(vocab\.txt|merges\.txt|tokenizer\.model|spiece\.model|sentencepiece\.bpe\.model|chat_template\.jinja)$/
const stoodFor = /^(tokenizer|added_tokens|vocab)\.json$|^(vocab\.txt|merges\.txt)$|\.model$/

const largest = 512 * 2 ** 20 // bytes of a file beside the weights

interface Sizes {
  vocabulary?: number
  layers?: number
}

export interface FolderToWrite {
  out: string
  shardBytes: number
  dtype: WrittenDtype | null // what the configuration then names
  from: string | null // the folder whose configuration and tokenizer are copied
  /** What the configuration then says, where the model has not the sizes of the one whose it is. */
  sizes?: Sizes
  /** Another folder's tokenizer, with this tokenizer.json where that is not its own. */
  tokenizer?: { from: string; json: string | null }
  /** Of the index, once all tensors are written. */
  metadata: () => Promise<Record<string, string>>
  /** The folder takes its name only after this has not thrown. */
  accept?: () => Promise<void>
  /** Bytes written so far; what it throws ends the writing. */
  tell?: (bytes: number) => void
  disk?: Disk
}

/** Throws target-exists where anything is at the target, and what writeModel throws. */
export async function writeFolder(view: TensorFile, folder: FolderToWrite): Promise<Exported> {
  const { shardBytes, from, metadata, accept, tell, disk = realDisk } = folder
  const out = resolve(folder.out)
  return wholeFolder(out, disk, async (temporary) => {
    const shards = inShards(view, shardBytes)
    const map = new Map<string, string>()
    const hashes: Sha256[] = []
    let total = 0
    const told = (bytes: number): void => tell?.(total + bytes)
    for (const [k, tensors] of shards.entries()) {
      const name = `model-${numbered(k + 1)}-of-${numbered(shards.length)}.safetensors`
      const part = { ...view, tensors: new Map(tensors.map((info) => [info.name, info])) }
      const target = { out: join(temporary, name), overwrite: false, container: 'safetensors' as const, metadata: {} }
      const written = await writeModel(part, { ...target, disk, tell: told })
      hashes.push(written.sha256)
      for (const { name: tensor, bytes: own } of tensors) {
        map.set(tensor, name)
        total += own
      }
    }
    const page = { metadata: { total_size: total, ...(await metadata()) }, weight_map: Object.fromEntries(map) }
    const index = Buffer.from(`${JSON.stringify(page, null, 2)}\n`)
    await onDisk(out, () => writeSynced(join(temporary, indexName), index))
    if (from !== null) await onDisk(out, () => copyBeside({ ...folder, from }, temporary))
    await accept?.()
    const digest = sha256(createHash('sha256').update(index).update(hashes.join('')).digest('hex'))
    return { file: join(out, indexName), bytes: bytes(total), sha256: digest, tensors: view.tensors.size }
  })
}

/**
 * A folder that is there whole or not at all: `fill` writes into one beside it, which takes its name at the end. Throws
 * target-exists where anything is at the target, and what `fill` throws, after which nothing is left.
 */
export async function wholeFolder<T>(out: string, disk: Disk, fill: (temporary: string) => Promise<T>): Promise<T> {
  await requireNothing(out)
  await removeLeftovers(dirname(out))
  const temporary = join(dirname(out), temporaryName())
  await onDisk(out, () => mkdir(temporary))
  try {
    const filled = await fill(temporary)
    await onDisk(out, () => disk.syncFolder(temporary))
    await requireNothing(out)
    await onDisk(out, () => rename(temporary, out))
    await onDisk(out, () => disk.syncFolder(dirname(out)))
    return filled
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined)
    throw error
  }
}

/** In the written order, a new shard where the next tensor would not fit. */
export function inShards(view: TensorFile, most: number): TensorInfo[][] {
  const shards: TensorInfo[][] = [[]]
  let filled = 0
  for (const info of inWrittenOrder(view)) {
    if (filled > 0 && filled + info.bytes > most) {
      shards.push([])
      filled = 0
    }
    shards.at(-1)?.push(info)
    filled += info.bytes
  }
  return shards
}

const numbered = (k: number): string => String(k).padStart(5, '0')

async function copyBeside(
  { from, dtype, sizes = {}, tokenizer }: FolderToWrite & { from: string },
  to: string,
): Promise<void> {
  const copied = async (folder: string, isWanted: (name: string) => boolean): Promise<void> => {
    for (const name of await readdir(folder)) {
      if (!beside.test(name) || !isWanted(name) || !(await stat(join(folder, name))).isFile()) continue
      const { bytes: content } = await readStart(join(folder, name), largest)
      await writeSynced(join(to, name), name === 'config.json' ? configured(content, dtype, sizes) : content)
    }
  }
  await copied(from, (name) => !tokenizer || !ofTokenizer.test(name))
  if (!tokenizer) return
  const { from: theirs, json } = tokenizer
  await copied(theirs, (name) => ofTokenizer.test(name) && (json === null || !stoodFor.test(name)))
  if (json !== null) await writeSynced(join(to, 'tokenizer.json'), Buffer.from(json))
}

/** A configuration that names the type of its weights, or their sizes, names the new ones. */
function configured(content: Buffer, dtype: WrittenDtype | null, { vocabulary, layers }: Sizes): Buffer {
  const changes: [RegExp, unknown][] = [
    [/^(torch_)?dtype$/, dtype ?? undefined],
    [/^vocab_size$/, vocabulary],
    [/^(num_hidden_layers|n_layers?|num_layers)$/, layers],
  ]
  if (changes.every(([, value]) => value === undefined)) return content
  const config: unknown = parseJson(content.toString('utf8'))
  if (!isObject(config)) return content
  const named = (of: Record<string, unknown>, first = 0): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(of).flatMap(([key, value]) => {
        const [, now] = changes.slice(first).find(([pattern]) => pattern.test(key)) ?? []
        return now !== undefined && typeof value === typeof now ? [[key, now]] : []
      }),
    )
  const text = config.text_config
  const sized = isObject(text) ? named(text, 1) : {}
  const inside = isObject(text) && Object.keys(sized).length ? { text_config: { ...text, ...sized } } : {}
  const changed = { ...named(config), ...inside }
  return Object.keys(changed).length ? Buffer.from(`${JSON.stringify({ ...config, ...changed }, null, 2)}\n`) : content
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export async function writeSynced(path: string, content: Uint8Array): Promise<void> {
  await writeFile(path, content, { flag: 'wx', flush: true })
}
