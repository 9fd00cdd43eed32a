// The tasks that a mix is measured on: head and images of one split, in an order of their own, so that the first few
// are a fair sample of all. Pixels that were fetched stay in memory as far as there is room: the same few images are
// seen again at every move of a slider.
import type { MixRequest } from '../../../contract/api/mix.ts'
import { BasilError } from '../../../contract/errors.ts'
import type { Progress } from '../../../contract/run/run.ts'
import { permutation } from '../../../numbers/random.ts'
import { streamOf } from '../../../numbers/streams.ts'
import { at } from '../../../numbers/vectors.ts'
import { checkLabels, type LabelledImages, type Picture } from '../../datasets/images.ts'
import { type DataHost, openImages } from '../../datasets/open-images.ts'
import { readHead } from '../../heads/head-file.ts'
import type { Architecture } from '../../layouts/clip-names.ts'
import type { Task } from '../../problems/clip-problem.ts'
import { checkHead, checkSize } from '../../runs/tasks.ts'

export interface MixTask extends Task {
  path: string
  images: LabelledImages // of the split
  order: Int32Array // in which they are seen
}

const room = 512 * 2 ** 20 // bytes of pixels that are held, of all tasks

/** The images are the caller's to close. Throws what opening them throws, also for labels that are not known. */
export async function* openMixTasks(
  { tasks, split, onUnreadable }: Pick<MixRequest, 'tasks' | 'split' | 'onUnreadable'>,
  architecture: Architecture,
  host: DataHost & { signal: AbortSignal },
): AsyncGenerator<Progress, MixTask[]> {
  const opened: MixTask[] = []
  const left = { bytes: room }
  let isOpen = false
  try {
    for (const [t, { name, data, head: path }] of tasks.entries()) {
      const head = await readHead(path, host.open)
      checkHead({ name, head: path }, head, architecture)
      const about = { size: architecture.imageSize, augment: null, onUnreadable, signal: host.signal }
      const { images } = yield* openImages(data, about, host)
      const held = holding(images, left)
      const order = permutation(images.count, 0, streamOf('seen'), t)
      opened.push({ name, head, path: data, images: held, order, splits: { [split]: held } })
      checkSize(images, architecture)
      if (images.labels.includes(-1)) throw unlabelled(name, images.where)
      checkLabels(images, head)
    }
    isOpen = true
    return opened
  } finally {
    if (!isOpen) for (const { images } of opened) await images.close()
  }
}

/** The same images, whose pixels are fetched once while there is room for them. */
function holding(images: LabelledImages, left: { bytes: number }): LabelledImages {
  const held = new Map<number, Picture>()
  return {
    ...images,
    fetch: async (indices, pass) => {
      const wanted = Array.from(indices)
      const missing = wanted.filter((i) => !held.has(i))
      const coming = missing.length > 0 ? await images.fetch(missing, pass) : async () => []
      return async () => {
        const fetched = new Map((await coming()).map((picture, n) => [at(missing, n), picture]))
        for (const [i, picture] of fetched) {
          if (left.bytes < picture.pixels.byteLength || held.has(i)) continue
          left.bytes -= picture.pixels.byteLength
          held.set(i, picture)
        }
        return wanted.flatMap((i) => fetched.get(i) ?? held.get(i) ?? [])
      }
    },
    close: async () => {
      held.clear()
      await images.close()
    },
  }
}

function unlabelled(task: string, where: string): BasilError {
  return new BasilError({
    code: 'data-invalid',
    what: 'Accuracy cannot be measured on images without labels',
    where: `${task}: ${where}`,
    why: 'the labels of some images are not known',
    next: 'give the task validation images with labels',
  })
}
