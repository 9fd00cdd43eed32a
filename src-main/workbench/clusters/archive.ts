// Archives that go to a cluster: tar, with no times and owners in it, so that the same content is the same bytes. A
// file that changes its size meanwhile ends it.
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

import { type Pack, pack } from 'tar-stream'

import { openRegular } from '../../files/open.ts'

export interface Packed {
  name: string
  from: string | Uint8Array
  mode: number
  bytes: number
  link?: string
}

const epoch = new Date(0)

/** In their order. tell: bytes so far. What goes wrong ends the stream with it. */
export function tarOf(files: Iterable<Packed>, tell: (bytes: number) => void = () => undefined): Readable {
  const archive = pack()
  void fill(archive, files, tell).then(
    () => archive.finalize(),
    (error: unknown) => archive.destroy(error instanceof Error ? error : new Error(String(error))),
  )
  return Readable.from(archive, { objectMode: false }) // its own streams are no Node's
}

async function fill(archive: Pack, files: Iterable<Packed>, tell: (bytes: number) => void): Promise<void> {
  let done = 0
  for (const { name, from, mode, bytes, link } of files) {
    const header = { name, mode, mtime: epoch, uid: 0, gid: 0 }
    if (link !== undefined) {
      await ended(archive, { ...header, type: 'symlink', linkname: link, size: 0 })
    } else if (typeof from === 'string') {
      const { handle } = await openRegular(from)
      await pipeline(handle.createReadStream(), archive.entry({ ...header, size: bytes }))
    } else await ended(archive, header, Buffer.from(from))
    done += bytes
    tell(done)
  }
}

function ended(archive: Pack, header: Parameters<Pack['entry']>[0], content = Buffer.alloc(0)): Promise<void> {
  return new Promise((resolve, reject) => {
    archive.entry(header, content, (error) => (error ? reject(error) : resolve()))
  })
}
