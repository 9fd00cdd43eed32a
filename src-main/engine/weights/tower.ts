// What is asked of a checkpoint, whatever its layout: for arithmetic, the tensors of another; for a run, a whole CLIP
// vision transformer. Messages name tensors as the file does.
import { BasilError, type ErrorRecord } from '../../contract/errors.ts'
import { isFloating } from '../formats/dtype.ts'
import { namesOf } from '../formats/source.ts'
import { recognise, type TowerShape, towerParameters, towerPrefix } from '../layouts/clip-names.ts'
import { type CanonicalFile, isPositionIds } from '../layouts/index.ts'

/**
 * The shape of a canonical file's tower whose tensors all fit it; throws naming the file and the tensor that does not.
 */
export function requireTower(file: CanonicalFile): TowerShape {
  const shape = recognise(file.tensors) ?? refuseOther(file)
  const expected = new Map([...towerParameters(shape)].map(([name, dimensions]) => [towerPrefix + name, dimensions]))
  requireTensors(file, expected, (name) => /^(visual|vision_model)\./.test(name) && !isPositionIds(name))
  return shape
}

export function isTower(file: CanonicalFile): boolean {
  try {
    requireTower(file)
    return true
  } catch (error) {
    if (error instanceof BasilError) return false
    throw error
  }
}

/**
 * Every expected tensor in its shape and of a type with a fraction, and of those that `concerns` is true for, no other.
 * `from`: the file that expects them, where it is no architecture.
 */
export function requireTensors(
  file: CanonicalFile,
  expected: ReadonlyMap<string, number[]>,
  concerns: (name: string) => boolean,
  from?: CanonicalFile,
): void {
  const [own, other] = from ? namesOf(file.source, from.source) : [file.source.name]
  for (const [name, shape] of expected) {
    const found = file.tensors.get(name)
    const theirs = file.called(name)
    if (!found)
      throw misfit('tensor-missing', own, theirs, {
        what: `lacks the tensor ${theirs}${other === undefined ? '' : `, which ${other} has`}`,
        why: closest(file, theirs),
        next:
          other === undefined
            ? 'use a complete checkpoint of this architecture'
            : 'use models that were saved with the same tensors',
      })
    if (found.shape.join() !== shape.join())
      throw misfit('tensor-shape', own, theirs, {
        what: `has the tensor ${theirs} in another shape${other === undefined ? '' : ` than ${other}`}`,
        why: `its shape is [${found.shape}], [${shape}] is needed`,
        next:
          other === undefined
            ? 'use a checkpoint of this architecture'
            : 'use models of one shape; where only vocabularies differ, --tokenizer-source matches their tokens',
        inWindow: other === undefined ? 'use a checkpoint of this architecture' : 'use models of one shape',
      })
    if (!isFloating(found.dtype))
      throw misfit('tensor-dtype', own, theirs, {
        what: `has the tensor ${theirs} in a type that Basil does not compute with`,
        why: `it is stored as ${found.dtype}`,
        next: 'use a checkpoint with its weights as float32, bfloat16, float16 or float8',
      })
  }
  const extra = [...file.tensors.keys()].find((name) => concerns(name) && !expected.has(name))
  if (extra === undefined) return
  const theirs = file.called(extra)
  throw misfit(
    'tensor-extra',
    own,
    theirs,
    other === undefined
      ? {
          what: `has a tensor that its architecture has not: ${theirs}`,
          why: 'its name is unknown',
          next: 'check how the checkpoint was written; renamed tensors cannot be matched',
        }
      : {
          what: `has the tensor ${theirs}, which ${other} lacks`,
          why: 'a task vector is a difference, and needs it in both',
          next: 'save both models alike: an output layer that is tied to the embedding, or a new head, is written by some programs and not by others',
        },
  )
}

function misfit(
  code: ErrorRecord['code'],
  file: string,
  name: string,
  { what, ...said }: Omit<ErrorRecord, 'code' | 'where'>,
): BasilError {
  return new BasilError({ code, what: `${file} ${what}`, where: `${file}: ${name}`, ...said })
}

function refuseOther({ source, layout, architecture }: CanonicalFile): never {
  const where = source.name
  if (layout === 'resnet' || layout === 'timm')
    throw new BasilError({
      code: 'not-supported',
      what: `Basil cannot run this kind of image tower yet: ${architecture?.name ?? layout}`,
      where,
      why: "only CLIP's vision transformers have a forward pass",
      next: 'merge such models without a run, or choose a ViT',
    })
  throw new BasilError({
    code: 'tensor-missing',
    what: 'This is not a CLIP image tower',
    where,
    why: 'visual.conv1.weight, visual.positional_embedding, visual.proj and visual.transformer.resblocks.* are not all there',
    next: "choose a checkpoint in OpenAI's, open_clip's or Hugging Face's layout",
  })
}

function closest({ original }: CanonicalFile, name: string): string {
  const tail = name.split('.').slice(-2).join('.')
  const names = [...original.tensors.keys()]
  const like = names.filter((n) => n.endsWith(tail) || n.includes(name.split('.').at(-1) ?? name)).slice(0, 3)
  return like.length ? `it has ${like.join(', ')}` : `it has ${names.length} tensors, none with a name like it`
}
