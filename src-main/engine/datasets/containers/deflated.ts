// Bytes packed by gzip or zlib whose unpacked size is known from their first few: unpacked into memory of just that
// size, so that a file that claims little and unpacks to much is stopped where its claim ends.
import { pipeline } from 'node:stream/promises'
import { createGunzip, createInflate } from 'node:zlib'

import { BasilError } from '../../../contract/errors.ts'
import { type ByteSource, beyondLimit, damaged, type Region } from '../../formats/source.ts'

const chunk = 2 ** 18
const deflateAtBest = 1032 // bytes out for one byte in
const mostUnpacked = 2 ** 31 // bytes of memory

export interface Packing {
  kind: string // of the file, for messages
  how: 'gzip' | 'zlib'
  headBytes: number
  /** Bytes of the whole, head included, from its first headBytes. Throws where they break the format's rules. */
  size(head: Uint8Array): number
}

/** Throws file-damaged where it unpacks to more or to less than its head says, or to more than can be. */
export async function unpack(
  source: ByteSource,
  packed: Region,
  { kind, how, headBytes, size }: Packing,
): Promise<Uint8Array> {
  const head = new Uint8Array(headBytes)
  let out = head
  let [at, known] = [0, false]
  const take = (piece: Uint8Array): void => {
    if (at + piece.length > out.length)
      throw damaged(source, kind, `it unpacks to more than the ${out.length} bytes it claims`)
    out.set(piece, at)
    at += piece.length
  }
  const collect = async (pieces: AsyncIterable<Uint8Array>): Promise<void> => {
    for await (const piece of pieces) {
      const first = known ? 0 : Math.min(headBytes - at, piece.length)
      if (!known) take(piece.subarray(0, first))
      if (!known && at === headBytes) {
        known = true
        out = new Uint8Array(bounded(source, kind, size(head), packed.size))
        out.set(head.subarray(0, out.length))
      }
      if (known) take(piece.subarray(first))
    }
  }
  try {
    await pipeline(piecesOf(packed), how === 'gzip' ? createGunzip() : createInflate(), collect)
  } catch (error) {
    throw error instanceof BasilError
      ? error
      : damaged(source, kind, error instanceof Error ? error.message.slice(0, 200) : String(error))
  }
  if (!known || at < out.length)
    throw damaged(source, kind, `it unpacks to ${at} bytes, fewer than the ${out.length} it needs`)
  return out
}

async function* piecesOf(packed: Region): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < packed.size; at += chunk) yield packed.read(at, Math.min(chunk, packed.size - at))
}

function bounded(source: ByteSource, kind: string, bytes: number, packed: number): number {
  if (bytes > packed * deflateAtBest + 2 ** 16) throw damaged(source, kind, `it claims ${bytes} bytes out of ${packed}`)
  if (bytes > mostUnpacked)
    throw beyondLimit(
      source,
      `a part of it has ${bytes} bytes unpacked; Basil reads ${mostUnpacked} at most`,
      'divide it into several files',
    )
  return bytes
}
