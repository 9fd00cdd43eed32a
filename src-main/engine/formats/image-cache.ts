// Where preprocessed images outlive a run, as the engine sees it: one file for each split of a data set and size, one
// record an image. The engine has no disk; its host brings the cache, and answers for it that pixels come back as they
// were written, or not at all.

/** What is known of a kept image without reading it. */
export interface KeptImage {
  channels: 1 | 3 // 1: grey, kept once
  sha256: Uint8Array // (32), of the pixels
  fingerprint: Uint8Array // (8), perceptual: alike for images that look alike
}

export interface ImageFile {
  /** undefined: never written, half written or damaged, as far as can be told without reading the pixels. */
  kept(image: number): KeptImage | undefined
  /** (channels, size, size); undefined where they are not what was written. */
  read(image: number): Promise<Uint8Array | undefined>
  write(image: number, pixels: Uint8Array, fingerprint: Uint8Array): Promise<void>
  close(): Promise<void>
}

export interface ImageCache {
  readonly capBytes: number
  bytesFor(images: number, size: number): number
  /**
   * identity says what the images are; of `count` some `wanted` will be written. The file is in use, and stays, until
   * it is closed.
   */
  open(identity: string, count: number, size: number, wanted: number): Promise<ImageFile>
}
