// Images of one split that are in another too: exactly, by the SHA-256 of their pixels, or to the eye, by perceptual
// hashes that differ in a few of 64 bits. No image is compared with all others: two hashes that differ in at most 7
// bits have one of four bands of 16 bits that differs in at most one, and images are looked up by band. Functions of
// hashes alone: O(n) for n images whose hashes are spread.
import { add, at, byteAt } from '../../../numbers/vectors.ts'

/** One split's hashes, by image. */
export interface HashedImages {
  count: number
  sha256(i: number): Uint8Array // (32)
  fingerprint(i: number): Uint8Array // (8)
}

export interface Twin {
  here: number // image of the split looked at
  there: number // its nearest in the other
  distance: number // bits of the perceptual hash; 0 where exact
  exact: boolean
}

const alikeBits = 7

/**
 * For every image of `here` that has one: its twin in `there`. Of perceptual hashes at most `bits`, 0 to 7, differ;
 * where pixels can be looked at, `isAlike` confirms: images of few strokes, such as digits, have hashes that come close
 * by chance.
 */
export async function twinsOf(
  here: HashedImages,
  there: HashedImages,
  {
    bits = alikeBits,
    isAlike = async () => true,
  }: { bits?: number; isAlike?: (here: number, there: number) => Promise<boolean> } = {},
): Promise<Twin[]> {
  const exact = new Map<string, number>()
  for (let i = there.count - 1; i >= 0; i--) exact.set(keyOf(there.sha256(i)), i)
  const index = bandsOf(there)
  const twins: Twin[] = []
  for (let i = 0; i < here.count; i++) {
    const same = exact.get(keyOf(here.sha256(i)))
    if (same !== undefined) twins.push({ here: i, there: same, distance: 0, exact: true })
    else
      for (const near of within(index, wordsOf(here.fingerprint(i)), bits).slice(0, looked))
        if (await isAlike(i, near.there)) {
          twins.push({ here: i, ...near, exact: false })
          break
        }
  }
  return twins
}

const looked = 16 // of the nearest hashes

type Words = readonly [number, number, number, number] // 16 bits each

interface Bands {
  words: Uint16Array // (distinct hashes, 4)
  images: number[] // the first image of each distinct hash
  bands: Band[]
}

/** The hashes whose band has the value v are members[starts[v] .. starts[v + 1]]. */
interface Band {
  starts: Uint32Array // (65537)
  members: Uint32Array
}

function bandsOf({ count, fingerprint }: HashedImages): Bands {
  const first = new Map<string, number>()
  for (let i = count - 1; i >= 0; i--) first.set(keyOf(fingerprint(i)), i)
  const images = [...first.values()]
  const words = new Uint16Array(4 * images.length)
  for (const [n, i] of images.entries()) words.set(wordsOf(fingerprint(i)), 4 * n)
  return { words, images, bands: [0, 1, 2, 3].map((band) => bandOf(words, band)) }
}

/** By counting: how many have each value, then where each value begins, then who they are. */
function bandOf(words: Uint16Array, band: number): Band {
  const own = words.filter((_, at) => at % 4 === band)
  const starts = new Uint32Array(65537)
  for (const value of own) add(starts, value + 1)
  let before = 0
  for (const [v, count] of starts.entries()) {
    before += count
    starts[v] = before
  }
  const next = starts.slice()
  const members = new Uint32Array(own.length)
  for (const [n, value] of own.entries()) {
    members[at(next, value)] = n
    add(next, value)
  }
  return { starts, members }
}

const oneFlip = [0, ...Array.from({ length: 16 }, (_, bit) => 1 << bit)]

interface Near {
  there: number
  distance: number
}

/** The nearest first. */
function within({ words, images, bands }: Bands, of: Words, bits: number): Near[] {
  const found = new Map<number, Near>()
  for (const [b, { starts, members }] of bands.entries()) {
    const own = at(of, b)
    for (const flip of bits > 3 ? oneFlip : [0]) {
      const value = own ^ flip
      for (let m = starts[value] as number; m < (starts[value + 1] as number); m++) {
        const n = members[m] as number
        const distance = differing(words, n, of)
        if (distance <= bits) found.set(n, { there: at(images, n), distance })
      }
    }
  }
  return [...found.values()].sort((a, b) => a.distance - b.distance || a.there - b.there)
}

function differing(words: Uint16Array, n: number, of: Words): number {
  let bits = 0
  for (let band = 0; band < 4; band++) bits += ones((words[4 * n + band] as number) ^ (of[band] as number))
  return bits
}

/** Of 16 bits. */
function ones(word: number): number {
  let x = word - ((word >>> 1) & 0x5555)
  x = (x & 0x3333) + ((x >>> 2) & 0x3333)
  x = (x + (x >>> 4)) & 0x0f0f
  return (x + (x >>> 8)) & 0x1f
}

function wordsOf(bytes: Uint8Array): Words {
  const word = (i: number): number => byteAt(bytes, 2 * i) | (byteAt(bytes, 2 * i + 1) << 8)
  return [word(0), word(1), word(2), word(3)]
}

function keyOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}
