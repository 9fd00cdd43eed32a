// Images as a configuration names them, opened for a model of some image size: a tensor file's as they are, a data set's decoded and transformed.
// Of both a half, some images a class, or some in all, may be asked for (spec.ts).
import type { Progress } from '../../contract/run.ts'
import type { OpenSource } from '../formats/source.ts'
import { chosen, type LabelledImages } from './images.ts'
import { describeImages, readImages } from './index.ts'
import { type ImageHost, openPrepared, type PreparedImages, type WantedImages } from './prepared.ts'
import { invalid } from './raw.ts'
import { type ImagesSpec, parseSpec } from './spec.ts'
import { asked } from './splits/draw.ts'
import { openSplit } from './splits/open.ts'

export interface DataHost {
  open: OpenSource
  images?: ImageHost | undefined // without, tensor files alone are read
}

export interface OpenedImages {
  images: LabelledImages
  prepared: PreparedImages | null // the same, of a data set
  facts: PreparedImages['facts'] | null
}

type Wanted = Omit<WantedImages, 'spec'>

/** The images are the caller's to close. */
export async function* openImages(path: string, wanted: Wanted, host: DataHost): AsyncGenerator<Progress, OpenedImages> {
  const spec = parseSpec(path)
  if (host.images && !(await isTensorFile(spec, host.images))) {
    const images = yield* openPrepared({ ...wanted, spec }, host.images)
    return { images, prepared: images, facts: images.facts }
  }
  if (wanted.augment)
    throw invalid(
      path,
      'a tensor file holds images that are already prepared; only those of a data set can be cropped and flipped',
      'set "augment" to false',
    )
  const images = await readImages(inFile(spec), host.open)
  const some = asked(images.labels, spec)
  if (!some) return { images, prepared: null, facts: null }
  return { images: chosen(images, some.positions), prepared: null, facts: null }
}

/** By headers, lists and names alone. size: of the images of a tensor file; null: as the model needs them. */
export interface SomeImages {
  where: string
  count: number
  size: number | null
  bytes: number // in memory
  diskBytes: number // of the cache, at most
}

export async function describeSomeImages(path: string, modelSize: number, host: DataHost): Promise<SomeImages> {
  const spec = parseSpec(path)
  if (host.images && !(await isTensorFile(spec, host.images))) {
    const { raw, indices } = await openSplit(await host.images.find(spec.path), spec, host.images.files)
    await raw.close()
    const diskBytes = host.images.cache?.bytesFor(indices.length, modelSize) ?? 0
    return {
      where: raw.where,
      count: indices.length,
      size: null,
      bytes: 0,
      diskBytes: diskBytes <= (host.images.cache?.capBytes ?? 0) ? diskBytes : 0,
    }
  }
  const { where, size, bytes, count } = await describeImages(inFile(spec), host.open)
  return { where, size, bytes, diskBytes: 0, count: Math.min(spec.half === null ? count : Math.ceil(count / 2), spec.n ?? count) }
}

const inFile = ({ path, split }: ImagesSpec): string => (split ? `${path}#${split}` : path)

/** A path that is not there is told by what reads tensor files, as ever. "x.index.json" is a tensor file in shards; any other JSON a list of images. */
async function isTensorFile({ path }: ImagesSpec, { files }: ImageHost): Promise<boolean> {
  return /\.(safetensors|npz|pt|pth|bin|index\.json)$/i.test(path) && (await files.kind(path)) !== 'folder'
}
