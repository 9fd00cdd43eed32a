// What is told of the images of a split that was opened: which they are, by hashes of their positions, names and
// pixels, how many there are of each class, and how many of them are, to the bit, in another split of the same task.

import { createHash, type Hash } from 'node:crypto'

import type { SplitManifest, Unreadable } from '../../contract/data/manifest.ts'
import { add } from '../../numbers/vectors.ts'

export type SplitFacts = Omit<SplitManifest, 'task' | 'split' | 'shared'>

/** Images that are known by their preprocessed pixels. */
export interface Identified {
  count: number
  /** Of image i's preprocessed pixels. */
  sha256(i: number): Uint8Array
}

interface Taken {
  positions: Uint32Array // of the images used, in the split on disk
  label(position: number): number
  name(position: number): string
  sha256(position: number): Uint8Array
  unreadable: ReadonlyMap<number, string> // by position
}

const listed = 1000 // unreadable images named in a manifest

/** What was told of a split, with the hashes (SHA-256, hexadecimal) and counts of the images taken of it. */
export function splitFacts(
  told: Pick<SplitFacts, 'images' | 'source' | 'of' | 'drawn' | 'available' | 'classes' | 'cached' | 'leftOut'>,
  { positions, label, name, sha256, unreadable }: Taken,
): SplitFacts {
  const hashOf = (each: (hash: Hash, i: number) => void): string => {
    const hash = createHash('sha256')
    for (const i of positions) each(hash, i)
    return hash.digest('hex')
  }
  return {
    ...told,
    count: positions.length,
    perClass: perClass(Array.from(positions, label), told.classes?.length ?? 0),
    indices: createHash('sha256').update(BigInt64Array.from(positions, BigInt)).digest('hex'),
    names: hashOf((hash, i) => hash.update(`${name(i)}\n`)),
    pixels: hashOf((hash, i) => hash.update(sha256(i))),
    skipped: [...unreadable].slice(0, listed).map(([i, reason]) => ({ name: name(i), reason }) satisfies Unreadable),
    skippedCount: unreadable.size,
  }
}

function perClass(labels: readonly number[], known: number): number[] {
  const counts: number[] = new Array<number>(labels.reduce((most, label) => Math.max(most, label + 1), known)).fill(0)
  for (const label of labels) add(counts, label)
  return counts
}

/** How many images of one split are, to the bit, in the other. */
export function sharedImages(here: Identified, there: Identified): number {
  const keyOf = (hash: Uint8Array): string => Buffer.from(hash).toString('latin1')
  const known = new Set(Array.from({ length: there.count }, (_, i) => keyOf(there.sha256(i))))
  return Array.from({ length: here.count }, (_, i) => i).filter((i) => known.has(keyOf(here.sha256(i)))).length
}
