// Images as they lie on disk, before anything is done to them: what a source gives for each split of a data set. One
// image is read at a time, as the file has it: an encoded one undecoded, a raw one as (height, width, channels) bytes,
// row-major. A folder or file is looked at once (Place), and the first source of the list that knows it opens it.
import type { LeftOut } from '../../contract/data/left-out.ts'
import { BasilError } from '../../contract/errors.ts'
import type { FolderEntry, OpenFiles } from '../formats/source.ts'

export interface EncodedImage {
  encoded: Uint8Array
  crop?: Box // what is to be cut out of the decoded image, and is the image
}

/**
 * In pixels from the upper left: right and bottom are the first that are outside. May reach past the image, which is
 * black there.
 */
export interface Box {
  left: number
  top: number
  right: number
  bottom: number
}

export interface PixelImage {
  pixels: Uint8Array // (height, width, channels)
  width: number
  height: number
  channels: 1 | 3 | 4
}

/** One split of a data set. Labels are at least 0, and below the number of classes where these are known. */
export interface RawImages {
  where: string // for messages: "/data/food-101#train"
  count: number
  labels: Int32Array // (count)
  classes: string[] | null // names in label order; null where nothing beside the images names them
  groups: string[] | null // (count), of a list's group column
  leftOut?: readonly LeftOut[] // what lies there like an image and is none of these
  /** Of image i, for messages and lists: a path in the folder, or a place in the file. */
  name(i: number): string
  /** Throws a BasilError of the image's own, which leaves the others readable. */
  image(i: number): Promise<EncodedImage | PixelImage>
  close(): Promise<void>
}

/** What a path turned out to be, looked at once for all sources. */
export interface Place {
  path: string
  name: string // the last part of the path
  entries: FolderEntry[] | null // of a folder
  head: Uint8Array | null // the first 512 bytes of a file, or fewer
  size: number // bytes of a file
}

/** A kind of data on disk. To add one: a file that makes one of these, and a line in sources/index.ts. */
export interface DataSource {
  name: string // for messages: "image folder"
  matches(place: Place, files: OpenFiles): boolean | Promise<boolean>
  /** Names of what the disk has: "train", "val", "test" as far as the data says so, "all" where it has no splits. */
  splits(place: Place, files: OpenFiles): Promise<string[]>
  /**
   * Throws data-invalid where there is no such split, and whatever is wrong with labels and lists; images are not
   * looked at.
   */
  open(place: Place, split: string, files: OpenFiles): Promise<RawImages>
  /** The name in the field ("Cars") and the field's own way with its splits, of one of the known data sets. */
  known?(place: Place, files: OpenFiles): Promise<KnownName | undefined>
}

/**
 * Where nothing else is said the field trains on "train" less the 10 % it validates on, drawn from it, and tests on
 * "test".
 */
export interface KnownName {
  name: string // as in classes.json and templates.json
  field: FieldSplits
}

export interface FieldSplits {
  val?: string // a split on disk that the field validates on; "train" is then whole
  // train and test are drawn: torch's random_split of this split into floor(train n) and the rest
  drawn?: { of: string; train: number; seed: number }
}

/** Of data that cannot mean what it says. */
export function invalid(
  where: string,
  why: string,
  next = 'correct the data, or point to another folder or file',
  what = 'The data cannot be used',
): BasilError {
  return new BasilError({ code: 'data-invalid', what, where, why, next })
}

/** Of a name that is none of the splits a place has. */
export function noSplit(place: Place, split: string, known: readonly string[]): BasilError {
  return invalid(
    `${place.path}#${split}`,
    `it has ${known.length ? known.join(', ') : 'no splits'}`,
    'name one of its splits',
    'There is no such split',
  )
}
