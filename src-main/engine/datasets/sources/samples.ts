// A WebDataset's samples out of the entries of a tar, as webdataset 1.0 groups them (base_plus_ext, group_by_keys): a
// key is an entry's path up to the first dot of its last part, and what follows is its column, in lower case:
// "a/img006.05.png" is column "05.png" of "a/img006". Entries of one key stand behind each other; those that do not are
// put together at the end of the shard, where webdataset would give halves of samples. Of a sample, an image goes with
// the label whose column begins as its own does: png with cls, 05.png with 05.cls. Where none does, one image, of the
// same column in every sample, goes with the sample's label. All that is named like an image and is left out is told.
import type { TarEntry } from '../containers/tar.ts'
import { hidden, type LeftOuts } from '../left-out.ts'
import { invalid } from '../raw.ts'
import { isImageName, unreadKind } from './listed.ts'

/** Endings of labels; of several that begin alike the first is taken that has one. */
const labelKinds = ['cls', 'index', 'inx', 'json', 'jsn', 'txt', 'text', 'npy']
const ofWebdataset = /^__[^/]*__($|\/)/ // its own notes in an archive

export interface LabelledEntry {
  image: TarEntry
  labels: TarEntry[] // in the order in which they are tried
}

interface Sample {
  key: string
  images: Map<string, TarEntry> // by column
  labels: Map<string, TarEntry>
}

/** Groups the entries of a WebDataset's shards; what is no image with a label goes to leftOut. */
export class Samples {
  readonly #leftOut: LeftOuts
  readonly #other = new Set<string>() // columns left out beside another
  #column = '' // of the images, where labels do not tell

  constructor(leftOut: LeftOuts) {
    this.#leftOut = leftOut
  }

  /** Of one shard, its entries in their order. Throws data-invalid for an image without a label. */
  async *of(shard: string, entries: AsyncIterable<TarEntry>): AsyncGenerator<LabelledEntry> {
    const apart = new Map<string, Sample>() // halves of samples
    let sample: Sample | undefined
    for await (const entry of entries) {
      const [key, column] = keyOf(entry.name)
      if (column === '' || ofWebdataset.test(entry.name)) this.#withoutColumn(shard, entry)
      else {
        if (sample && key !== sample.key) yield* this.#finish(shard, sample, apart)
        sample = sample?.key === key ? sample : { key, images: new Map(), labels: new Map() }
        this.#put(shard, sample, column.toLowerCase(), entry)
      }
    }
    if (sample) yield* this.#finish(shard, sample, apart)
    for (const joined of apart.values()) yield* this.#chosen(shard, joined)
  }

  #withoutColumn(shard: string, { name }: TarEntry): void {
    const last = name.slice(name.lastIndexOf('/') + 1)
    if (last.startsWith('.') && isImageName(`x${last}`)) this.#leftOut.add(hidden, `${shard}/${name}`)
  }

  #put(shard: string, { images, labels }: Sample, column: string, entry: TarEntry): void {
    const name = `${shard}/${entry.name}`
    const [isImage, isLabel] = [isImageName(`x.${column}`), labelKinds.includes(endingOf(column))]
    const unread = unreadKind(`x.${column}`)
    if (isImage && !entry.isFile) this.#leftOut.add('links inside of an archive', name)
    else if (isImage && images.has(column)) this.#leftOut.add('a second one of the same name', name)
    else if (isImage) images.set(column, entry)
    else if (isLabel && entry.isFile && !labels.has(column)) labels.set(column, entry)
    else if (unread) this.#leftOut.add(unread, name)
  }

  /** A sample without an image is none of ours, unless its image stands elsewhere. */
  *#finish(shard: string, sample: Sample, apart: Map<string, Sample>): Generator<LabelledEntry> {
    const { key, images, labels } = sample
    const half = apart.get(key)
    if (images.size > 0 && labels.size > 0) return yield* this.#chosen(shard, sample)
    if (!half) return void (images.size + labels.size > 0 && apart.set(key, sample))
    for (const [column, entry] of [...images, ...labels]) this.#put(shard, half, column, entry)
  }

  *#chosen(shard: string, { key, images, labels }: Sample): Generator<LabelledEntry> {
    if (images.size === 0) return
    const all = [...labels].sort(([a], [b]) => rank(a) - rank(b))
    if (all.length === 0)
      throw invalid(
        `${shard}: ${key.slice(0, 200)}`,
        'the image has neither .cls nor .json nor another label beside it',
      )
    const rest: [string, TarEntry][] = []
    let isPaired = false
    for (const [column, image] of images) {
      const own = all.filter(([label]) => beginningOf(label) === beginningOf(column))
      if (own.length === 0) rest.push([column, image])
      else {
        isPaired = true
        yield { image, labels: own.map(([, entry]) => entry) }
      }
    }
    const one = isPaired ? undefined : this.#ofColumn(rest)
    if (one) yield { image: one, labels: all.map(([, entry]) => entry) }
    for (const [column, image] of rest.filter(([, entry]) => entry !== one)) {
      this.#other.add(column)
      this.#leftOut.add('of another column than the one that is used', `${shard}/${image.name}`)
    }
  }

  /** The image of the column that earlier samples gave, else the first that was not left out there. */
  #ofColumn(images: readonly [string, TarEntry][]): TarEntry | undefined {
    const found =
      images.find(([column]) => column === this.#column) ?? images.find(([column]) => !this.#other.has(column))
    if (found && images.length > 1) this.#column = found[0]
    return found?.[1]
  }
}

/** webdataset's base_plus_ext; ['', ''] where a name has no column: none of its dots, or a hidden file's alone. */
function keyOf(name: string): [key: string, column: string] {
  const start = name.lastIndexOf('/') + 1
  const dot = name.indexOf('.', start)
  return dot > start ? [name.slice(0, dot), name.slice(dot + 1)] : ['', '']
}

const endingOf = (column: string): string => column.slice(column.lastIndexOf('.') + 1)
const beginningOf = (column: string): string => column.slice(0, Math.max(0, column.lastIndexOf('.')))
const rank = (column: string): number => labelKinds.indexOf(endingOf(column))
