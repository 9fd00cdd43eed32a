// What should be known of a run's models before it begins, and is told again when it does: what their files leave out,
// where linearised ones were expanded, and whose task vector is 0, as that of a copy of the pre-trained model is: no
// coefficient of it changes anything.

import { BasilError } from '../../contract/errors.ts'
import type { ResolvedConfig } from '../../contract/run/config.ts'
import type { Parents } from '../weights/parents.ts'
import { zeroVectors } from '../weights/unmoved.ts'
import { expansionNotes } from './expansion.ts'

/** parents: the models as they are in their files. Throws data-invalid where nothing is left to combine. */
export async function vectorNotes(config: Pick<ResolvedConfig, 'linearised'>, parents: Parents): Promise<string[]> {
  const expanded = await expansionNotes(config, parents)
  const zero = await zeroVectors(parents)
  if (zero.length === parents.vectors.length) throw nothingToCombine(zero, parents.base.file.source.name)
  return [...parents.notes, ...expanded, ...zero.map(aboutZero)]
}

function aboutZero(name: string): string {
  return `${name} has the weights of the pre-trained model: its task vector is 0, and its coefficients change nothing`
}

function nothingToCombine(names: readonly string[], pretrained: string): BasilError {
  return new BasilError({
    code: 'data-invalid',
    what:
      names.length === 1
        ? 'The fine-tuned model is the pre-trained one'
        : 'Every fine-tuned model is the pre-trained one',
    where: names.join(', '),
    why: `no weight of its image tower differs from those of ${pretrained}, so that ${names.length === 1 ? 'its task vector is' : 'all task vectors are'} 0`,
    next: 'choose a model that was fine-tuned from the pre-trained one; a copy of it has nothing to add',
  })
}
