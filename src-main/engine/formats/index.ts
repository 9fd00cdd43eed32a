// The formats Basil reads. To add one: a file with a test of the first bytes (or of a zip's entries) and an opener, and
// a line in this list; the format suite (round trip, hostile files) then covers it.

import { isIndexName } from '../../contract/checkpoint.ts'
import { BasilError } from '../../contract/errors.ts'
import { mistaken, words } from './mistaken.ts'
import { isNpz, openNpz } from './npz.ts'
import { isPytorchArchive, openPytorchArchive } from './pytorch/archive.ts'
import { looksLikePickle, openLegacyPytorch } from './pytorch/legacy.ts'
import { looksLikeSafetensors, openSafetensors } from './safetensors.ts'
import { looksLikeIndex, openSharded } from './sharded.ts'
import { type ByteSource, damaged } from './source.ts'
import type { TensorFile } from './tensor-file.ts'
import { looksLikeZip, openZip, type ZipArchive } from './zip.ts'

interface Format {
  name: string
  matches(head: Uint8Array, name: string): boolean
  extension?: string // what is named so is that, be it ever so damaged
  open(source: ByteSource): Promise<TensorFile>
}

interface ZipFormat {
  name: string
  matches(zip: ZipArchive): boolean
  open(source: ByteSource, zip: ZipArchive): Promise<TensorFile>
}

const formats: Format[] = [
  { name: 'safetensors', matches: looksLikeSafetensors, extension: '.safetensors', open: openSafetensors },
  { name: 'zip', matches: looksLikeZip, open: openZipped },
  { name: 'PyTorch before 1.6', matches: looksLikePickle, open: openLegacyPytorch },
  { name: 'an index of shards', matches: looksLikeIndex, open: (source) => openSharded(source, openShard) },
]

const zipFormats: ZipFormat[] = [
  { name: 'PyTorch', matches: isPytorchArchive, open: openPytorchArchive },
  { name: 'npz', matches: isNpz, open: openNpz },
]

export async function openTensorFile(source: ByteSource): Promise<TensorFile> {
  const head = await source.read(0, Math.min(16, source.size))
  const name = source.name.toLowerCase()
  const format = formats.find((f) => f.matches(head, name))
  if (format) return format.open(source)
  const other = await mistaken(source)
  if (other) throw other
  const called = formats.find((f) => f.extension && name.endsWith(f.extension))
  if (called) return called.open(source)
  if (source.size === 0) throw damaged(source, 'checkpoint', 'it is empty')
  throw (await words(source)) ?? unknown(source, `its first bytes are those of no known format (${names()})`)
}

/** An index names no other index. */
async function openShard(source: ByteSource): Promise<TensorFile> {
  if (isIndexName(source.name)) throw damaged(source, 'index', 'it is named as a shard by an index')
  return openTensorFile(source)
}

async function openZipped(source: ByteSource): Promise<TensorFile> {
  const zip = await openZip(source)
  const format = zipFormats.find((f) => f.matches(zip))
  if (format) return format.open(source, zip)
  throw unknown(source, `it is a zip archive of no known kind (${zipFormats.map((f) => f.name).join(', ')})`)
}

function names(): string {
  return [...zipFormats, ...formats.filter((f) => f.open !== openZipped)].map((f) => f.name).join(', ')
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
