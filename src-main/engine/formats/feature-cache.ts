// Where the precomputed features of a linearised model outlive a run, as the engine sees it: one file a split, one
// table of float32 an image (problems/linear-features.ts says of what). The engine has no disk; its host brings the
// cache, and answers for it that a table comes back as it was written, or not at all.

/** The tables of one split as they are kept: by image, each checked when it is read. */
export interface FeatureFile {
  /** undefined: never written, half written or damaged. */
  read(image: number): Promise<Float32Array | undefined>
  write(image: number, table: Float32Array): Promise<void>
  close(): Promise<void>
}

/** Where tables outlive a run. */
export interface FeatureCache {
  readonly capBytes: number
  readonly memoryBytes: number // of tables that may be held in memory; beyond, each is read when it is used
  /** On disk. */
  bytesFor(images: number, floats: number): number
  /** identity says what the tables are a function of; the file is in use, and stays, until it is closed. */
  open(identity: string, images: number, floats: number): Promise<FeatureFile>
}
