// Pictures to the rows conv1 multiplies, (n * patches, 3 * patch * patch), in conv1's own order (channel, row, column),
// so that the patch embedding is one matrix product. Cut on the device; bytes get CLIP's normalisation there,
// (v / 255 - mean) / deviation as one product and one sum.
import type { Picture } from '../datasets/images.ts'
import type { Images, Normalisation, Ops } from '../devices/ops.ts'
import { disposeAll, type Tensor2D } from '../devices/tensor.ts'
import type { Architecture } from '../layouts/clip-names.ts'
import type { Tower } from '../models/clip-vit.ts'
import type { Model } from '../models/model.ts'

type Channels = readonly [number, number, number]

export const mean: Channels = [0.48145466, 0.4578275, 0.40821073]
export const deviation: Channels = [0.26862954, 0.26130258, 0.27577711]

const ofChannel = (c: 0 | 1 | 2): [number, number] => [1 / (255 * deviation[c]), -mean[c] / deviation[c]]
const [red, green, blue] = [ofChannel(0), ofChannel(1), ofChannel(2)]
const normalisation: Normalisation = {
  factors: [red[0], green[0], blue[0]],
  shifts: [red[1], green[1], blue[1]],
}

/** Throws nothing of its own: sizes are checked when data is opened. */
export function patchesOf(
  { ops, architecture }: { ops: Ops; architecture: Pick<Architecture, 'imageSize' | 'patchSize'> },
  pictures: readonly Picture[],
): Tensor2D {
  const { imageSize, patchSize } = architecture
  const parts = kinds(pictures, imageSize).map((images) => ops.patches(images, patchSize, normalisation))
  const [first] = parts
  if (first && parts.length === 1) return first
  const all = ops.stackRows(parts)
  disposeAll(parts)
  return all
}

/** A model's features of pictures (n, embed), on the host; on the device nothing stays. */
export async function featuresOf(tower: Tower, model: Model, pictures: readonly Picture[]): Promise<Float32Array> {
  const scope = tower.ops.scope()
  try {
    const { features } = scope.run(() => model(patchesOf(tower, pictures), false))
    return await tower.ops.read(features)
  } finally {
    scope.dispose()
  }
}

/** Neighbours of one kind together. */
function kinds(pictures: readonly Picture[], size: number): Images[] {
  const found: Images[] = []
  for (let from = 0, to = 0; from < pictures.length; from = to) {
    const kind = kindOf(pictures[from] as Picture)
    while (to < pictures.length && kindOf(pictures[to] as Picture) === kind) to++
    const some = pictures.slice(from, to)
    const bytes = some.map(({ pixels }) => pixels).filter((pixels) => pixels instanceof Uint8Array)
    const floats = some.map(({ pixels }) => pixels).filter((pixels) => pixels instanceof Float32Array)
    found.push({ pixels: bytes.length > 0 ? bytes : floats, channels: (some[0] as Picture).channels, size })
  }
  return found
}

function kindOf({ pixels, channels }: Picture): string {
  return `${pixels.constructor.name} ${channels}`
}
