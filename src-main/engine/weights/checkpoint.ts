// A checkpoint of a CLIP image tower, opened as a canonical view with what settles how it is computed: as is said, as
// its own files say, or as the model it was fine-tuned from is. A tower that cannot be computed can still be combined.
import type { BasilError } from '../../contract/errors.ts'
import type { Said, TowerSettings } from '../../contract/tower.ts'
import { disagreements, type Given, givenBy, settleVision } from '../architecture/settle.ts'
import { openTensorFile } from '../formats/open.ts'
import type { OpenSource } from '../formats/source.ts'
import { infoOf, type TensorFile } from '../formats/tensor-file.ts'
import { requireNoAdapter } from '../layouts/adapter.ts'
import { type Architecture, type TowerShape, towerPrefix } from '../layouts/clip-names.ts'
import { type CanonicalFile, canonical } from '../layouts/index.ts'
import { adaptedFile, isLowRank } from './low-rank/adapted.ts'
import type { Checkpoint } from './slices.ts'
import { requireTower } from './tower.ts'

export interface TowerCheckpoint extends Checkpoint {
  architecture: Architecture
  settings: TowerSettings // of the architecture, with where they came from
  refusal: BasilError | null // why it cannot be computed
  note: string | null
  warnings: string[] // before any number of it is believed
}

/**
 * What is to be done with towers. given: what is said of how they are computed, before any file is; null: their weights
 * alone are wanted.
 */
export interface Use {
  given: Given | null
}

export const toCompute: Use = { given: {} }

/** As a configuration says, or as a run that has begun was told. */
export function useOf(config: Said & { tower?: TowerSettings | null }): Use {
  return { given: config.tower ?? givenBy(config) }
}

/**
 * A tower. What was fine-tuned from `base`, where that is given and of the same shape, is computed as that is, and
 * takes its projection where it has none. Throws not-supported or config-invalid where it cannot be computed as it is
 * described, unless its weights alone are wanted.
 */
export async function openCheckpoint(
  path: string,
  open: OpenSource,
  base?: TowerCheckpoint,
  use: Use = toCompute,
): Promise<TowerCheckpoint> {
  const seen = async (own: CanonicalFile): Promise<TowerCheckpoint> => {
    const borrowed = base && !own.tensors.has(projection) && own.tensors.has(`${towerPrefix}class_embedding`)
    const file = borrowed ? withTensor(own, projection, base.file) : own
    const note = borrowed
      ? `${own.source.name} has no ${own.called(projection)}: the pre-trained model's is taken, and is not moved`
      : null
    const shape = requireTower(file)
    const settled =
      base && isAlike(shape, base.architecture)
        ? await asBase(file, shape, base)
        : await settleVision(file, shape, use.given ?? {})
    const { settings, warnings, refusal } = settled
    if (use.given && refusal) throw refusal
    const [heads, activation, layerNormEps] = [
      settings.heads.value,
      settings.activation.value,
      settings.layerNormEps.value,
    ]
    return {
      file,
      prefix: towerPrefix,
      architecture: { ...shape, heads, activation, layerNormEps },
      settings,
      refusal,
      note,
      warnings,
    }
  }
  return openAs(path, open, seen, base?.file)
}

async function asBase(
  file: CanonicalFile,
  shape: TowerShape,
  { settings, refusal, file: { source } }: TowerCheckpoint,
) {
  return { settings, refusal, warnings: await disagreements(file, shape, settings, source.name) }
}

/** As two models fine-tuned from one are, be it for images of another size. */
function isAlike(one: TowerShape, other: TowerShape): boolean {
  return (['width', 'layers', 'mlp', 'patchSize'] as const).every((size) => one[size] === other[size])
}

const projection = `${towerPrefix}proj`

/**
 * A checkpoint of any format and layout, seen as `use` sees it; closed at once where that cannot. An adapter is seen as
 * its base with it, where that is given.
 */
export async function openAs<T extends Checkpoint>(
  path: string,
  open: OpenSource,
  use: (file: CanonicalFile) => T | Promise<T>,
  base?: CanonicalFile,
): Promise<T> {
  const source = await open(path)
  try {
    const file = canonical(await openTensorFile(source))
    if (base && isLowRank(file)) return await use(await adaptedFile(file.original, base))
    requireNoAdapter(file)
    return await use(file)
  } catch (error) {
    await source.close()
    throw error
  }
}

/** The file with one tensor of another. */
function withTensor(file: CanonicalFile, name: string, from: TensorFile): CanonicalFile {
  const info = infoOf(from.tensors, name, from.source)
  return {
    ...file,
    tensors: new Map([...file.tensors, [name, info]]),
    read: (other, into) => (other === name ? from : file).read(other, into),
    readRange: (other, offset, length, into) => (other === name ? from : file).readRange(other, offset, length, into),
  }
}
