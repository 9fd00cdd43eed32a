// Labelled images as the engine uses them: labels at hand, pixels on demand, so that a data set need not fit into
// memory. What is to be used next is fetched while the engine computes: fetch() sets it about, and gives the way to it.
import { BasilError } from '../../contract/errors.ts'
import { at, taken } from '../../numbers/vectors.ts'

/**
 * One image, (channels, size, size): uint8 0..255, or float32 already normalised. 1 channel: grey, the same in red,
 * green and blue.
 */
export interface Picture {
  pixels: Uint8Array | Float32Array
  channels: 1 | 3
}

export type Coming = () => Promise<Picture[]>

export interface LabelledImages {
  where: string // for messages: "tasks.safetensors#alpha"
  count: number
  size: number
  labels: Int32Array // (count); -1: not known
  groups: string[] | null // (count), where the data has a group column
  /** Of image i, for messages and lists. */
  name(i: number): string
  /**
   * The images named, in their order. Resolves when what is left to do happens elsewhere; the result waits for it.
   * pass: which time the training goes over its images, each of them with draws of its own; without it, images are as
   * for evaluation.
   */
  fetch(indices: ArrayLike<number>, pass?: number): Promise<Coming>
  close(): Promise<void>
}

/** pixels (count, channels, size, size). */
export interface PixelsInMemory extends Pick<LabelledImages, 'where' | 'count' | 'size' | 'labels'> {
  channels: 1 | 3
  pixels: Uint8Array | Float32Array
}

/** Images whose pixels are all in memory; a fetch copies none of them. */
export function inMemory(images: PixelsInMemory): LabelledImages & PixelsInMemory {
  const { channels, size, pixels, where } = images
  const each = channels * size * size
  return {
    ...images,
    groups: null,
    name: (i) => `${where}, image ${i}`,
    fetch: async (indices) => {
      const pictures = Array.from(
        indices,
        (i): Picture => ({ pixels: pixels.subarray(i * each, (i + 1) * each), channels }),
      )
      return async () => pictures
    },
    close: async () => undefined,
  }
}

/** Some of the images, in the order of their positions. */
export function chosen(images: LabelledImages, positions: Uint32Array): LabelledImages {
  const { groups } = images
  const placed = (i: number): number => at(positions, i)
  return {
    ...images,
    count: positions.length,
    labels: taken(images.labels, positions),
    groups: groups && Array.from(positions, (p) => at(groups, p)),
    name: (i) => images.name(placed(i)),
    fetch: (indices, pass) => images.fetch(Int32Array.from(indices, placed), pass),
  }
}

/** The images alone: every label is -1, not known. */
export function withoutLabels(images: LabelledImages): LabelledImages {
  return { ...images, labels: new Int32Array(images.count).fill(-1) }
}

/** Whether labels are known: all of them are, or none. */
export function isLabelled({ labels }: Pick<LabelledImages, 'labels'>): boolean {
  return labels[0] !== -1
}

/** Throws label-range naming the file and the first label the head has no class for. */
export function checkLabels(images: LabelledImages, head: { classes: number }): void {
  const at = images.labels.findIndex((label) => label < 0 || label >= head.classes)
  if (at >= 0)
    throw new BasilError({
      code: 'label-range',
      what: 'A label has no class in the head',
      where: `${images.where}, image ${at}`,
      why: `its label is ${images.labels[at]}, the head has classes 0 to ${head.classes - 1}`,
      next: 'give the head made for this data set, or correct the labels',
    })
}

export interface Picked {
  images: LabelledImages
  index: number
  pass?: number | undefined
}

/** As fetch, of images of several splits; neighbours of one split are fetched together. */
export async function fetchPicked(picked: readonly Picked[]): Promise<Coming> {
  const parts: Coming[] = []
  for (let from = 0, to = 0; from < picked.length; from = to) {
    const { images, pass } = at(picked, from)
    while (to < picked.length && picked[to]?.images === images) to++
    parts.push(
      await images.fetch(
        picked.slice(from, to).map(({ index }) => index),
        pass,
      ),
    )
  }
  return async () => (await Promise.all(parts.map((part) => part()))).flat()
}
