// Where bytes come from, without saying how: the engine reads ranges and never opens a file by itself.
import { BasilError } from '../../contract/errors.ts'

export interface ByteSource {
  readonly path: string // absolute
  readonly name: string // file name, for messages
  readonly size: number // bytes
  /**
   * Exactly length bytes from offset, into the start of `into` where it is given; throws file-damaged when the source
   * ends before.
   */
  read(offset: number, length: number, into?: Uint8Array): Promise<Uint8Array>
  /**
   * A file of that name in the same folder; it is closed with this one. Throws file-missing, or not-allowed where the
   * name is more than a name.
   */
  beside(name: string): Promise<ByteSource>
  close(): Promise<void>
}

export type OpenSource = (path: string) => Promise<ByteSource>

export interface FolderEntry {
  name: string // without its folder
  isFolder: boolean // a link is what it leads to
  leadsNowhere?: true // a link to what is not there
}

/** Files and folders by path. Sizes are those of opened files: a listing of a million names must not ask for each. */
export interface OpenFiles {
  open: OpenSource
  kind(path: string): Promise<'file' | 'folder' | 'missing'>
  /**
   * The content of a file that gzip packed, unpacked once and kept beside other caches. Throws file-damaged where it is
   * none, or far more than it may be.
   */
  unpacked(path: string): Promise<ByteSource>
  /** In no order; without "." and "..". Throws file-missing, or file-unreadable where it is no folder. */
  list(folder: string): Promise<FolderEntry[]>
}

/** Bytes that lie together: a file, or a part of one that may have to be unpacked. */
export interface Region {
  readonly size: number
  /**
   * Exactly length bytes from offset, which the caller knows to be inside; into the start of `into` where it is given.
   */
  read(offset: number, length: number, into?: Uint8Array): Promise<Uint8Array>
}

export function regionOf(source: ByteSource, start: number, size: number): Region {
  return { size, read: (offset, length, into) => source.read(start + offset, length, into) }
}

/** Of a file whose bytes break its format's rules. */
export function damaged(source: ByteSource, kind: string, why: string): BasilError {
  return new BasilError({
    code: 'file-damaged',
    what: `This is not a sound ${kind} file`,
    where: source.name,
    why,
    next: 'get the file again, or write it anew with the tool that made it',
  })
}

/** Of a file that may well be sound and is more than Basil reads: the limit is Basil's, and is named so. */
export function beyondLimit(
  source: ByteSource,
  why: string,
  next = 'divide it into several files, or leave out what is no weight',
): BasilError {
  return new BasilError({
    code: 'not-supported',
    what: `${source.name} is beyond a limit of Basil's`,
    where: source.name,
    why,
    next,
  })
}

/**
 * What two files are called in one sentence: by their names, or, as every model of transformers is a
 * "model.safetensors", with their folders too.
 */
export function namesOf(one: ByteSource, other: ByteSource): [string, string] {
  const named = ({ name, path }: ByteSource): string =>
    one.name === other.name ? path.split(/[/\\]/).slice(-2).join('/') : name
  return [named(one), named(other)]
}

/** A name as it may stand in a message. */
export const shown = (name: string): string => JSON.stringify(name.slice(0, 120))
