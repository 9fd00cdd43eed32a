// Writes a state_dict as PyTorch's zip archive, as a stream: archive/basil.json (the metadata, first, so that the first
// bytes of the file hold it), archive/data.pkl, archive/byteorder, archive/data/KEY with each tensor's bytes,
// archive/version. Nothing is packed; beyond 4 GB the archive is zip64. PyTorch passes over records it does not know.
import { Readable } from 'node:stream'

import { ZipFile } from 'yazl'

import { infoOf, type TensorFile, type TensorInfo } from '../tensor-file.ts'
import { stateDictPickle } from './state-dict-pickle.ts'

const root = 'archive' // the name torch.save gives what it writes to a stream
const version = '3\n' // of the archive's form, since PyTorch 1.6
// the same tensors give the same file
const stored = { compress: false, mtime: new Date(1980, 0, 1), forceDosTimestamp: true }
const piece = 3 * 2 ** 20 // bytes on their way at a time

/**
 * Tensors in the order given, the infos of which are the file's. Throws tensor-dtype for an element type PyTorch has no
 * storage for, and what reading throws.
 */
export async function* writeStateDict(
  file: TensorFile,
  tensors: readonly TensorInfo[],
  metadata: Record<string, string>,
): AsyncGenerator<Uint8Array> {
  const zip = new ZipFile()
  const output = zip.outputStream as Readable
  const failed = (error: Error): void => void output.destroy(error)
  zip.on('error', failed)
  const small = (content: Uint8Array | string, name: string): void =>
    zip.addBuffer(Buffer.from(content), `${root}/${name}`, stored)
  small(JSON.stringify(metadata), 'basil.json')
  small(stateDictPickle(tensors), 'data.pkl')
  small('little', 'byteorder')
  for (const [key, { name, bytes }] of tensors.entries())
    zip.addReadStreamLazy(`${root}/data/${key}`, { ...stored, size: bytes }, (begin) => {
      const stream = Readable.from(piecesOf(file, name), { objectMode: false })
      stream.on('error', failed) // yazl does not look
      begin(null, stream)
    })
  small(version, 'version')
  zip.end()
  try {
    yield* output as AsyncIterable<Uint8Array>
  } finally {
    output.destroy()
  }
}

/** A tensor's bytes in pieces that may be kept: the file's own buffer may be good only until its next read. */
async function* piecesOf(file: TensorFile, name: string): AsyncGenerator<Uint8Array> {
  const { bytes } = infoOf(file.tensors, name, file.source)
  for (let at = 0; at < bytes; at += piece) yield (await file.readRange(name, at, Math.min(piece, bytes - at))).slice()
}
