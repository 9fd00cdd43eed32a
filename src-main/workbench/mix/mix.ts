// Coefficients moved by hand, with accuracy meanwhile: of a run's model, or of a merge that is being composed.
import type { WantedMix } from '../../contract/api/mix.ts'
import type { Form } from '../../contract/checkpoint.ts'
import { extensionOf } from '../../contract/file-names.ts'
import type { Merges } from '../merges/merges.ts'
import { handMade, type Moved, stemOf } from './hand-made.ts'
import { type MixPlace, mixOf } from './request.ts'
import { createMixSession, type MixSession, type SessionParts } from './session.ts'

export interface Mixes extends MixSession {
  /** Of its file, for a dialog. */
  suggestName(of: WantedMix, form: Form): string
  /** A job that writes it; out: where the dialog said. Gives its number. */
  export(asked: Moved & { of: WantedMix; form: Form }, out?: string): Promise<number>
}

type Options = Omit<MixPlace, 'merges'> & SessionParts & { merges: Pick<Merges, 'recipe' | 'startRecipe'> }

export function createMixes(options: Options): Mixes {
  const of = (wanted: WantedMix) => mixOf(wanted, options)
  return {
    ...createMixSession({ ...options, of }),
    suggestName: (wanted, { container }) => `${stemOf(wanted)}.${extensionOf(container)}`,
    export: async (asked, out) => {
      const { recipe, chosen } = handMade(of(asked.of), asked)
      const to = { stem: stemOf(asked.of), form: asked.form, chosen, ...(out !== undefined && { out }) }
      return options.merges.startRecipe(recipe, to)
    },
  }
}
