// Files that exist only in memory, for tests of readers.
import { BasilError } from '../../../src-main/contract/errors.ts'
import { type TensorToWrite, writeSafetensors } from '../../../src-main/engine/formats/safetensors-writer.ts'
import type { ByteSource } from '../../../src-main/engine/formats/source.ts'

export function sourceOf(bytes: Uint8Array, name = 'memory.safetensors'): ByteSource {
  return {
    path: `/memory/${name}`,
    name,
    size: bytes.length,
    read: async (offset, length, into) => {
      if (offset + length > bytes.length)
        throw new BasilError({
          code: 'file-damaged',
          what: 'A file ends too early',
          where: name,
          why: 'it does',
          next: 'get it again',
        })
      const found = bytes.slice(offset, offset + length)
      into?.set(found)
      return into?.subarray(0, length) ?? found
    },
    beside: async (other) => {
      throw new BasilError({
        code: 'file-missing',
        what: 'A file is missing',
        where: other,
        why: 'there is but one',
        next: 'bring it',
      })
    },
    close: async () => undefined,
  }
}

/**
 * What JavaScript holds, garbage that was not yet collected included; unlike the resident size it is none of the
 * allocators' or the system's.
 */
export function bytesHeld(): number {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external // array buffers are among the external
}

/** The same file; `seen.bytes` grows by what is read of it. */
export function counting(source: ByteSource, seen: { bytes: number }): ByteSource {
  const read: ByteSource['read'] = (offset, length, into) => {
    seen.bytes += length
    return source.read(offset, length, into)
  }
  return { ...source, read }
}

export async function written(
  tensors: (TensorToWrite & { bytes: Uint8Array })[],
  metadata: Record<string, string> = {},
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  const byName = new Map(tensors.map(({ name, bytes }) => [name, bytes]))
  for await (const chunk of writeSafetensors(tensors, metadata, (name) => byName.get(name) as Uint8Array))
    chunks.push(chunk)
  return new Uint8Array(Buffer.concat(chunks))
}

/** A header as text, with data behind it. */
export function rawFile(header: string, data: number | Uint8Array = 0, claimed?: bigint): Uint8Array {
  const text = new TextEncoder().encode(header)
  const body = typeof data === 'number' ? new Uint8Array(data) : data
  const out = new Uint8Array(8 + text.length + body.length)
  new DataView(out.buffer).setBigUint64(0, claimed ?? BigInt(text.length), true)
  out.set(text, 8)
  out.set(body, 8 + text.length)
  return out
}
