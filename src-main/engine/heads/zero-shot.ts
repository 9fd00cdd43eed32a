// A zero-shot head from words (Radford et al. 2021, section 3.1.4): for each class,
//   w_c = u / |u|,  u = mean over templates of z / |z|,  z the text feature of the template with the class's name in
//   it.
// Unit rows; the logit scale of 100 is the head's user's (problems/head.ts).

import { BasilError } from '../../contract/errors.ts'
import type { Progress } from '../../contract/run/run.ts'
import { axpy, dot } from '../../numbers/vectors.ts'
import type { TextTower } from '../models/text/text-tower.ts'
import type { Tokenizer } from '../models/text/tokenizer.ts'
import { firstNotFinite } from '../weights/slices.ts'

const batch = 64 // texts at a time

/** Templates hold "{}" where the name goes. Gives (classes, embed), and on the way how many texts are done. */
export async function* zeroShotHead(
  tower: TextTower,
  tokenizer: Tokenizer,
  classes: readonly string[],
  templates: readonly string[],
): AsyncGenerator<Progress, Float32Array> {
  const { embed, context } = tower.architecture
  const total = classes.length * templates.length
  const sums = new Float64Array(classes.length * embed)
  const textAt = (i: number): string => {
    const template = templates[i % templates.length] as string
    return template.replaceAll('{}', () => classes[Math.floor(i / templates.length)] as string)
  }
  for (let first = 0; first < total; first += batch) {
    const count = Math.min(batch, total - first)
    const features = await tower.encode(
      Array.from({ length: count }, (_, i) => tokenizer.encode(textAt(first + i), context)),
    )
    for (let i = 0; i < count; i++) {
      const at = Math.floor((first + i) / templates.length) * embed
      axpy(1, unit(features.subarray(i * embed, (i + 1) * embed)), sums.subarray(at, at + embed))
    }
    yield { type: 'progress', what: 'Texts', done: first + count, total }
  }
  const head = new Float32Array(sums.length)
  for (let at = 0; at < sums.length; at += embed) head.set(unit(sums.subarray(at, at + embed)), at)
  const bad = firstNotFinite(head)
  if (bad < 0) return head
  throw new BasilError({
    code: 'not-finite',
    what: 'The head holds a value that is not a finite number',
    where: classes[Math.floor(bad / embed)] as string,
    why: "the text tower's feature is zero, infinite or not a number",
    next: 'use another checkpoint; this one cannot read text',
  })
}

function unit(z: ArrayLike<number>): Float64Array {
  const values = Float64Array.from(z)
  const norm = Math.sqrt(dot(values, values))
  return values.map((value) => value / norm)
}
