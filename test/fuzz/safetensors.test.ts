// Hostile safetensors, judged (R8): mutants of seed files are read by Basil and by the reference reader, and the two
// must agree on which are sound and on all that is in them. Where they may disagree is listed below, by name, and
// Basil is the stricter one in every case. (Headers of 16 to 100 MB, which the reference takes too, are not among the
// mutants.)
import { createHash } from 'node:crypto'

import fc from 'fast-check'
import { expect, test } from 'vitest'

import { BasilError } from '../../src-main/contract/errors.ts'
import { openTensorFile } from '../../src-main/engine/formats/open.ts'
import { counting, sourceOf } from '../engine/formats/bytes.ts'
import { countOf, seedOf, tell } from '../faults/promises.ts'
import { pythonWith } from '../interop/python.ts'
import { createBars } from './bars.ts'
import { startJudge, type Verdict } from './judge.ts'
import { seeds } from './safetensors-drafts.ts'
import { mutants } from './safetensors-mutants.ts'

const count = countOf('R8')
const atOnce = 20 // go to the judge together, so that neither waits for the other
const seed = seedOf(20_260_101)

/** Files the reference takes and Basil does not: by the reason Basil gives. */
const stricter: { name: string; why: RegExp; because: string }[] = [
  {
    name: 'a key twice',
    why: /stands twice/,
    because:
      'the reference keeps the last of two tensors of one name; what one reader scanned is then not what another loads',
  },
  {
    name: 'more than a tensor has',
    why: /must have dtype, shape and data_offsets alone/,
    because: "the reference passes over fields it does not know, and takes a list for a tensor's fields",
  },
  {
    name: 'more dimensions than Basil reads',
    why: /has more than 64 dimensions/,
    because: 'NumPy and PyTorch have no tensor of more; a header of them costs, and says nothing',
  },
  {
    name: 'a space before the header',
    why: /does not begin with "\{"/,
    because: "the format's own rule, which the reference does not check",
  },
  {
    name: 'numbers past 2^53',
    why: /larger than 2\^53|more elements than can be counted/,
    because: 'a tensor of no elements may have any other sizes there, whose product is below 2^64',
  },
  {
    name: 'other JSON than a header has',
    why: /a whole number of at least 0 was expected|not written as a whole number|is not a text|"\{" was expected/,
    because:
      'objects, texts and whole numbers are all of it: null for no metadata, and a type that is written as an object, are refused',
  },
]

const python = pythonWith('newest', 'safetensors')

test.skipIf(!python)(
  `${count} mutants of ${seeds.length} safetensors files: Basil and the reference agree, but for what is listed`,
  async () => {
    const began = performance.now()
    const judge = startJudge(python as string)
    const exceptions: Record<string, number> = Object.fromEntries(stricter.map(({ name }) => [name, 0]))
    const tally = { agreed: 0, sound: 0 }
    const bars = createBars()
    const found = await fc.check(
      fc.asyncProperty(fc.array(mutants, { minLength: atOnce, maxLength: atOnce }), async (all) => {
        const asked = all.map(({ bytes }) => judge.ask(bytes))
        for (const [i, { bytes, isSound, what }] of all.entries()) {
          const ours = await bars.around(bytes.length, (seen) => read(bytes, seen))
          const theirs = (await asked[i]) as Verdict
          if (ours.error !== undefined && theirs.tensors) {
            const twin = namesTwice(bytes, ours.error) ? 'a key twice' : ''
            const known = stricter.find(({ name, why }) => name === twin || why.test(ours.error as string))
            if (!known || (isSound && !/^a key twice|^more dimensions/.test(known.name)))
              throw new Error(`only Basil refuses ${what}: ${ours.error}`)
            exceptions[known.name] = (exceptions[known.name] as number) + 1
            continue
          }
          if (theirs.error !== undefined && ours.tensors)
            throw new Error(`only Basil takes ${what}; the reference says ${theirs.error}`)
          expect(ours.tensors, what).toEqual(theirs.tensors?.sort(byName))
          tally.agreed++
          if (ours.tensors) tally.sound++
        }
      }),
      { seed, numRuns: count / atOnce },
    )
    judge.close()
    const told = JSON.stringify(exceptions)
    tell('R8', began, {
      ...{ count: found.numRuns * atOnce, lost: 0, differ: found.failed ? 1 : 0, seed },
      besides: `${tally.agreed} as safetensors ${judge.version} has them (${tally.sound} of them sound), the others stricter; ${bars.inWords()}`,
    })
    console.log(`stricter: ${told}`)
    if (found.failed) throw new Error(fc.defaultReportMessage(found), { cause: found.errorInstance })
    expect(tally.sound).toBeGreaterThan(count / 20) // else the mutants test nothing but the first rule
    bars.expectKept(16)
  },
)

/** Whether the tensor that is wrong has a twin of its name, which is all that the reference keeps. */
function namesTwice(bytes: Uint8Array, error: string): boolean {
  const [, name] = /^tensor ("[^"]*") /.exec(error) ?? []
  return name !== undefined && Buffer.from(bytes).toString('latin1').split(`${name}:`).length > 2
}

/** In the reference's words; a refusal must be a typed one that names the file. */
async function read(bytes: Uint8Array, seen: { bytes: number }): Promise<Verdict> {
  try {
    const file = await openTensorFile(counting(sourceOf(bytes, 'mutant.safetensors'), seen))
    const tensors: NonNullable<Verdict['tensors']> = []
    for (const { name, dtype, shape } of file.tensors.values())
      tensors.push([
        name,
        dtype,
        shape,
        createHash('sha256')
          .update(await file.read(name))
          .digest('hex'),
      ])
    return { tensors: tensors.sort(byName) }
  } catch (error) {
    if (!(error instanceof BasilError)) throw error
    const code = /more than 64 dimensions/.test(error.record.why) ? 'not-supported' : 'file-damaged'
    expect(error.record).toMatchObject({ code, where: 'mutant.safetensors', why: expect.stringMatching(/.{8}/) })
    return { error: error.record.why }
  }
}

function byName([a]: [string, ...unknown[]], [b]: [string, ...unknown[]]): number {
  return a < b ? -1 : a > b ? 1 : 0
}
