// A known data set: how torchvision, or the field's own scripts, leave it on disk.
import type { OpenFiles } from '../../formats/source.ts'
import type { FieldSplits, RawImages } from '../raw.ts'

/** Where in it, and for messages as what. */
export interface Opening {
  at: string // its own folder
  where: string // "/data/stanford_cars#train"
  files: OpenFiles
}

export interface KnownSet {
  name: string // the field's
  folders: string[] // its own folder, as it is named below torchvision's root
  called?: string // its own folder's name, where others look the same inside
  /** Files, or folders with a "/" behind, in its own folder that tell it: all of one of the rows. */
  marks: string[][]
  /** What opens each split it can have. */
  splits: Record<string, (opening: Opening) => Promise<RawImages>>
  /** What must be there for a split, where its marks do not say so. */
  needs?: Record<string, string>
  field?: FieldSplits
}

/** As most of the field's loaders make names of folders. */
export const spaced = (name: string): string => name.replaceAll('_', ' ')
