// How finely blocks are moved, kept for the next time.
import { z } from 'zod'

import { divisions } from '../../../src-main/contract/mix/blocks.ts'
import { choice } from '../remembered.svelte.ts'

export const mixDivision = choice('mix.division', z.enum(divisions), 'parts')
