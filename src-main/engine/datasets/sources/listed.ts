// Images that are files in a folder, each with a label: what image folders, lists and most of the known data sets come
// to. Names are kept packed, as UTF-8 behind each other: a million of them are tens of megabytes and one object.

import { join } from 'node:path'

import { type LeftOut, leftOutSentence } from '../../../contract/data/left-out.ts'
import { BasilError } from '../../../contract/errors.ts'
import { at } from '../../../numbers/vectors.ts'
import type { OpenFiles } from '../../formats/source.ts'
import { type Box, invalid, type RawImages } from '../raw.ts'

const longestImage = 2 ** 28 // bytes of one encoded image

const imageName = /(^|[/\\])[^./\\][^/\\]*\.(jpe?g|jpe|jfif|png|ppm|pgm|pbm|pnm|bmp|tiff?|webp|gif)$/i
const unread = new Set('jp2 j2k jpx jxl heic heif avif pam dib ico svg tga psd exr hdr dng cr2 cr3 nef arw'.split(' '))

/** What torchvision's ImageFolder takes for an image, and other names of kinds that are read; hidden ones left out. */
export function isImageName(name: string): boolean {
  return imageName.test(name)
}

/** Of a file that is an image but of no kind that is read: why it is left out. */
export function unreadKind(name: string): string | undefined {
  const dot = name.lastIndexOf('.')
  const ending = dot < 0 ? '' : name.slice(dot + 1).toLowerCase()
  return unread.has(ending) ? `.${ending}, a kind that is not read` : undefined
}

/** Names of images, in their order, packed. */
export class Names {
  #bytes = new Uint8Array(1024)
  #ends = new Uint32Array(64)
  #length = 0
  readonly #encoder = new TextEncoder()
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true })

  get length(): number {
    return this.#length
  }

  push(name: string): void {
    const start = this.#start(this.#length)
    if (start + 3 * name.length > this.#bytes.length) this.#bytes = grown(this.#bytes, start + 3 * name.length)
    if (this.#length === this.#ends.length) this.#ends = grown(this.#ends, this.#length + 1)
    this.#ends[this.#length++] = start + this.#encoder.encodeInto(name, this.#bytes.subarray(start)).written
  }

  at(i: number): string {
    if (!(i >= 0 && i < this.#length)) throw new RangeError(`image ${i} of ${this.#length}`)
    return this.#decoder.decode(this.#bytes.subarray(this.#start(i), this.#ends[i]))
  }

  #start(i: number): number {
    return i === 0 ? 0 : at(this.#ends, i - 1)
  }
}

function grown<T extends Uint8Array | Uint32Array>(from: T, least: number): T {
  const to = (
    from instanceof Uint8Array
      ? new Uint8Array(Math.max(least, 2 * from.length))
      : new Uint32Array(Math.max(least, 2 * from.length))
  ) as T
  to.set(from)
  return to
}

export interface Listed {
  where: string
  folder: string // that the names are in
  names: Names // from a listing of it, or made safe by inside()
  labels: ArrayLike<number>
  classes: string[] | null
  groups?: string[] | null
  crops?: readonly Box[]
  leftOut?: readonly LeftOut[]
}

/** Throws split-empty without images, and label-range where a label is no class. */
export function listedImages(
  files: OpenFiles,
  { where, folder, names, labels, classes, groups = null, crops, leftOut = [] }: Listed,
): RawImages {
  const checked = checkedLabels(where, labels, classes, (i) => names.at(i), leftOut)
  return {
    where,
    count: names.length,
    labels: checked,
    classes,
    groups,
    leftOut,
    name: (i) => names.at(i),
    image: async (i) => {
      const name = names.at(i)
      const encoded = await wholeFile(files, join(folder, name), longestImage)
      const crop = crops?.[i]
      return crop ? { encoded, crop } : { encoded }
    },
    close: async () => undefined,
  }
}

/** The labels, each a class; throws split-empty where there are none, and label-range naming the first image that is wrong. */
export function checkedLabels(
  where: string,
  labels: ArrayLike<number>,
  classes: readonly string[] | null,
  name: (i: number) => string,
  leftOut: readonly LeftOut[] = [],
): Int32Array {
  const count = labels.length
  if (count === 0)
    throw new BasilError({
      code: 'split-empty',
      what: 'A split holds no images',
      where,
      why: ['there is not one image in it', ...leftOut.map(leftOutSentence)].join('; '),
      next: 'give data with at least one image',
    })
  const most = classes?.length ?? 2 ** 31
  for (let i = 0; i < count; i++) {
    const label = at(labels, i)
    if (Number.isInteger(label) && label >= 0 && label < most) continue
    throw new BasilError({
      code: 'label-range',
      what: 'A label has no class',
      where: `${where}, ${name(i)}`,
      why: classes ? `its label is ${label}, the classes are 0 to ${most - 1}` : `its label is ${label}`,
      next: 'correct the labels, or the list of classes',
    })
  }
  return labels instanceof Int32Array ? labels : Int32Array.from(labels)
}

/**
 * A path of a list, which may come from anyone, as one inside of the list's folder. Throws data-invalid where it leads
 * out.
 */
export function inside(path: string, where: string): string {
  const parts = path.split(/[/\\]/).filter((part) => part !== '.' && part !== '')
  if (parts.length === 0 || parts.includes('..') || /^[/\\]|^[A-Za-z]:|\0/.test(path))
    throw invalid(
      where,
      `it names ${JSON.stringify(path.slice(0, 120))}, which is not inside its folder`,
      'give paths relative to the list, inside its folder',
    )
  return parts.join('/')
}

/** Throws file-damaged where it is empty, data-invalid where it is larger than `most` bytes. */
export async function wholeFile(files: OpenFiles, path: string, most: number): Promise<Uint8Array> {
  const source = await files.open(path)
  try {
    if (source.size > most) throw invalid(path, `it has ${source.size} bytes; at most ${most} are read of such a file`)
    return await source.read(0, source.size)
  } finally {
    await source.close()
  }
}

const longestText = 2 ** 28

/** A text file's lines without their ends, empty ones left out. */
export async function linesOf(files: OpenFiles, path: string): Promise<string[]> {
  return (await textOf(files, path)).split(/\r?\n/).filter((line) => line.trim() !== '')
}

/** A whole list as UTF-8 text. Throws data-invalid where it is none, or too long. */
export async function textOf(files: OpenFiles, path: string): Promise<string> {
  const bytes = await wholeFile(files, path, longestText)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw invalid(path, 'it is not UTF-8 text', 'save the list as UTF-8')
  }
}

/** As Python sorts: by code point. JavaScript's own order is that of UTF-16. */
export function byCodePoint(a: string, b: string): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)]
    if (x !== y) return isSurrogate(x) !== isSurrogate(y) ? (isSurrogate(x) ? 1 : -1) : x - y
  }
  return a.length - b.length
}

const isSurrogate = (unit: number): boolean => unit >= 0xd800 && unit < 0xe000
