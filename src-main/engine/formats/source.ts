// Where bytes come from, without saying how: the engine reads ranges and never opens a file by itself.
export interface ByteSource {
  readonly path: string // absolute
  readonly name: string // file name, for messages
  readonly size: number // bytes
  /** Exactly length bytes from offset, into the start of `into` where it is given; throws file-damaged when the source ends before. */
  read(offset: number, length: number, into?: Uint8Array): Promise<Uint8Array>
  close(): Promise<void>
}

export type OpenSource = (path: string) => Promise<ByteSource>
