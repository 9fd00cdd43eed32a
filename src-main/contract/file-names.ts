// What a file's name tells: whether it may be a checkpoint or data, and in which container a model is written. What it
// says of checkpoints follows from the list of formats; nothing else in Basil knows an extension of theirs. And what
// the first bytes tell of a file that is neither.
import type { Container } from './checkpoint.ts'
import { type FormatCard, formatCards } from './formats.ts'

const cards: readonly FormatCard[] = Object.values(formatCards)

/** Without their dots. */
export const extensions: readonly string[] = [...new Set(cards.flatMap((card) => card.extensions))]

type WrittenFormat = FormatCard & { container: Container }
const written = cards.filter((card): card is WrittenFormat => card.container !== undefined)

const any = `\\.(${extensions.join('|')})`
const checkpoint = new RegExp(`${any}$`, 'i')
const index = new RegExp(`${any}\\.index(\\.[\\w-]+)?\\.json$`, 'i')
const withinList = new RegExp(`${any}(?=,|$)`, 'i')

/**
 * Of the page that names the shards of a checkpoint; a variant's name may stand before the last ending, as in
 * model.safetensors.index.fp16.json.
 */
export const isIndexName = (name: string): boolean => index.test(name)

/** Of the folders of shards that Basil writes, as transformers' programs call it. */
export const indexName = 'model.safetensors.index.json'

/** What peft calls an adapter's factors, and the page beside them that says how they are scaled. */
export const isAdapterName = (name: string): boolean => name.startsWith('adapter_model.') && checkpoint.test(name)
export const adapterSettingsName = 'adapter_config.json'

/** Of a file of a format that Basil reads, or of an index of shards. */
export const isCheckpointName = (name: string): boolean => checkpoint.test(name) || isIndexName(name)

/** Of a recipe of mergekit's. */
export const isMergekitName = (name: string): boolean => /\.ya?ml$/i.test(name)

/** "a" of "a.npz", and "a,b.npz" of "a.npz,b.npz". */
export const withoutExtension = (name: string): string => name.replace(withinList, '')

/** Of a file that is to be written; a name that says nothing means safetensors. */
export function writtenFormat(name: string): WrittenFormat {
  const isOf = ({ extensions: own }: FormatCard): boolean =>
    own.some((extension) => name.toLowerCase().endsWith(`.${extension}`))
  return written.find(isOf) ?? formatCards.safetensors
}

/** "pt": what the name of a file in a container ends with. */
export function extensionOf(container: Container): string {
  return written.find((card) => card.container === container)?.extensions[0] ?? container
}

/** "safetensors, PyTorch, ...": what messages say is read. */
export const readFormats: string = cards.map(({ title }) => title).join(', ')

const data = /\.(jpe?g|png|webp|bmp|gif|ppm|tiff?|parquet|tar|mat|tfrecord)$|-ubyte(\.gz)?$|(data|test)_batch/i

/** Of images, and of files that hold many of them. */
export const isDataName = (name: string): boolean => data.test(name)

/** Magic bytes, as latin1, of what is often taken for something else. */
const strangers: readonly [string, string][] = [
  ['%PDF', 'a PDF document'],
  ['\x89PNG', 'a single image; data sets are folders of images, archives or tables'],
  ['\xff\xd8\xff', 'a single image; data sets are folders of images, archives or tables'],
  ['\x1f\x8b', 'a compressed file'],
  ['SQLite format 3', 'a database; the history of Basil is opened with its data folder'],
  ['\x7fELF', 'a program'],
]

/** What begins with these bytes (latin1), where that is nothing that Basil reads. */
export const strangerIn = (head: string): string | undefined => strangers.find(([magic]) => head.startsWith(magic))?.[1]
