// Making something else of the rows selected in the library: a LoRA, or bases of task vectors.
import Combine from '@lucide/svelte/icons/combine'
import Minimize2 from '@lucide/svelte/icons/minimize-2'

import { deriving } from '../state/checkpoints/derive.svelte.ts'
import { router } from '../state/router.svelte.ts'
import type { Action } from './action.ts'

/** Opens the dialog; it then calls deriving.extract(). */
const extractLora: Action = {
  id: 'extract-lora',
  title: 'Extract a LoRA…',
  shortcut: null,
  icon: Minimize2,
  enabled: () => router.at('library') && deriving.models.length === 1,
  run: () => {
    deriving.adapter = true
  },
}

/** Opens the dialog; it then calls deriving.findBases(). */
const findBases: Action = {
  id: 'find-bases',
  title: 'Bases…',
  shortcut: null,
  icon: Combine,
  enabled: () => router.at('library') && deriving.models.length > 1,
  run: () => {
    deriving.bases = true
  },
}

export const derivedFromChosen: readonly Action[] = [extractLora, findBases]
