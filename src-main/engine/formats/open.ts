// Opens a file of any format in the list: by its first bytes, by a zip's entries, or as an index of shards. What none
// knows is told by what it is (mistaken.ts), else with all that Basil reads.
import { BasilError } from '../../contract/errors.ts'
import { isIndexName, readFormats } from '../../contract/file-names.ts'
import { type FormatCard, formatCards } from '../../contract/formats.ts'
import type { Format, PlainFormat, ZippedFormat } from './format.ts'
import { formats } from './index.ts'
import { mistaken, words } from './mistaken.ts'
import { looksLikeIndex, openSharded } from './sharded.ts'
import { type ByteSource, damaged } from './source.ts'
import type { TensorFile } from './tensor-file.ts'
import { looksLikeZip, openZip } from './zip.ts'

interface Listed<F extends Format> {
  card: FormatCard
  format: F
}

const plain: Listed<PlainFormat>[] = []
const zipped: Listed<ZippedFormat>[] = []
for (const [name, card] of Object.entries(formatCards) as [keyof typeof formatCards, FormatCard][]) {
  const format = formats[name]
  if ('matches' in format) plain.push({ card, format })
  else zipped.push({ card, format })
}

export async function openTensorFile(source: ByteSource): Promise<TensorFile> {
  const head = await source.read(0, Math.min(16, source.size))
  const name = source.name.toLowerCase()
  const known = plain.find(({ format }) => format.matches(head))
  if (known) return known.format.open(source)
  if (looksLikeZip(head)) return openZipped(source)
  if (looksLikeIndex(head, name)) return openSharded(source, openShard)
  const other = await mistaken(source)
  if (other) throw other
  const called = plain.find(({ card, format }) => format.isNamedForCertain && hasExtension(name, card))
  if (called) return called.format.open(source)
  if (source.size === 0) throw damaged(source, 'checkpoint', 'it is empty')
  const why = `its first bytes are those of no known format (${readFormats}, an index of shards)`
  throw (await words(source)) ?? unknown(source, why)
}

const hasExtension = (name: string, { extensions }: FormatCard): boolean =>
  extensions.some((extension) => name.endsWith(`.${extension}`))

/** An index names no other index. */
async function openShard(source: ByteSource): Promise<TensorFile> {
  if (isIndexName(source.name)) throw damaged(source, 'index', 'it is named as a shard by an index')
  return openTensorFile(source)
}

async function openZipped(source: ByteSource): Promise<TensorFile> {
  const zip = await openZip(source)
  const known = zipped.find(({ format }) => format.matchesEntries(zip))
  if (known) return known.format.open(source, zip)
  throw unknown(source, `it is a zip archive of no known kind (${zipped.map(({ card }) => card.title).join(', ')})`)
}

function unknown(source: ByteSource, why: string): BasilError {
  return new BasilError({
    code: 'format-unknown',
    what: 'Basil cannot read this kind of file',
    where: source.name,
    why,
    next: 'convert the checkpoint to safetensors',
  })
}
