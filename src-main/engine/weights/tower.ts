// What is asked of a checkpoint, whatever its layout: for arithmetic, the tensors of another; for a run, a whole CLIP vision
// transformer. Messages name tensors as the file does.
import { BasilError, type ErrorRecord } from '../../contract/errors.ts'
import { type CanonicalFile, isPositionIds } from '../layouts/index.ts'
import { recognise, type TowerShape, towerParameters, towerPrefix } from '../models/clip-names.ts'

/** The shape of a canonical file's tower whose tensors all fit it; throws naming the file and the tensor that does not. */
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

/** Every expected tensor in its shape, and of those that `concerns` is true for, no other. */
export function requireTensors(file: CanonicalFile, expected: ReadonlyMap<string, number[]>, concerns: (name: string) => boolean): void {
  for (const [name, shape] of expected) {
    const found = file.tensors.get(name)?.shape
    const theirs = file.called(name)
    if (!found)
      throw misfit('tensor-missing', file, theirs, {
        what: `lacks the tensor ${theirs}`,
        why: closest(file, theirs),
        next: 'use a complete checkpoint of this architecture',
      })
    if (found.join() !== shape.join())
      throw misfit('tensor-shape', file, theirs, {
        what: `has the tensor ${theirs} in another shape`,
        why: `its shape is [${found}], [${shape}] is needed`,
        next: 'use a checkpoint of this architecture',
      })
  }
  const extra = [...file.tensors.keys()].find((name) => concerns(name) && !expected.has(name))
  if (extra !== undefined)
    throw misfit('tensor-extra', file, file.called(extra), {
      what: `has a tensor that its architecture has not: ${file.called(extra)}`,
      why: 'its name is unknown',
      next: 'check how the checkpoint was written; renamed tensors cannot be matched',
    })
}

function misfit(
  code: ErrorRecord['code'],
  { source }: CanonicalFile,
  name: string,
  { what, why, next }: Pick<ErrorRecord, 'what' | 'why' | 'next'>,
): BasilError {
  return new BasilError({ code, what: `${source.name} ${what}`, where: `${source.name}: ${name}`, why, next })
}

function refuseOther({ source, layout, architecture }: CanonicalFile): never {
  const where = source.name
  if (layout === 'resnet' || layout === 'timm')
    throw new BasilError({
      code: 'not-supported',
      what: `Basil cannot run this kind of image tower yet: ${architecture?.name ?? layout}`,
      where,
      why: "only CLIP's vision transformers have a forward pass",
      next: 'combine such models without a run (basil merge), or choose a ViT',
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
