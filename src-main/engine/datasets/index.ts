// Labelled images as the engine uses them, and the sources they come from. To add one: a file that turns a path into a
// LabelledImages, and a line in this list.
import { BasilError } from '../../contract/errors.ts'
import type { OpenSource } from '../formats/source.ts'
import type { LabelledImages, PixelsInMemory } from './images.ts'
import { describeTensorImages, readTensorImages } from './tensor-images.ts'

/** What is known of images before they are read. */
export interface ImagesHeader {
  where: string
  count: number
  channels: 1 | 3
  size: number
  bytes: number // in memory
}

interface Source {
  name: string
  matches(path: string): boolean
  describe(path: string, open: OpenSource): Promise<ImagesHeader>
  read(path: string, open: OpenSource): Promise<LabelledImages & PixelsInMemory>
}

const sources: Source[] = [
  {
    name: 'tensor file, "file.safetensors#name"',
    matches: (path) => /#[^#/\\]+$/.test(path),
    describe: describeTensorImages,
    read: readTensorImages,
  },
]

export async function readImages(path: string, open: OpenSource): Promise<LabelledImages & PixelsInMemory> {
  return sourceOf(path).read(path, open)
}

export async function describeImages(path: string, open: OpenSource): Promise<ImagesHeader> {
  return sourceOf(path).describe(path, open)
}

function sourceOf(path: string): Source {
  const source = sources.find((s) => s.matches(path))
  if (source) return source
  throw new BasilError({
    code: 'data-invalid',
    what: 'Basil does not know this kind of data',
    where: path,
    why: `it reads: ${sources.map((s) => s.name).join('; ')}`,
    next: 'name the images inside the file, as in "tasks.safetensors#alpha"',
  })
}
