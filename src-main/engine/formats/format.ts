// What a format's page gives the list: how a file of it is known by its content, and the way it is opened. Names are
// believed last: what people call a file is seldom what another program wrote into it.
import type { ByteSource } from './source.ts'
import type { TensorFile } from './tensor-file.ts'
import type { ZipArchive } from './zip.ts'

/** Known by its first bytes, 16 of them where there are as many. */
export interface PlainFormat {
  matches(head: Uint8Array): boolean
  isNamedForCertain?: true // what has its extension is that, be it ever so damaged
  open(source: ByteSource): Promise<TensorFile>
}

/** Known by the entries of a zip archive. */
export interface ZippedFormat {
  matchesEntries(zip: ZipArchive): boolean
  open(source: ByteSource, zip: ZipArchive): Promise<TensorFile>
}

export type Format = PlainFormat | ZippedFormat
