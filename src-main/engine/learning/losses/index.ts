// The losses an objective can go down or be judged by, each of one image, with its derivative. To add one: one page,
// and one line in this list; any objective's card can name it. The gradient suite holds it against finite differences.
import type { Loss } from '../loss.ts'
import { crossEntropy } from './cross-entropy.ts'
import { entropy } from './entropy.ts'
import { reliableEntropy } from './reliable-entropy.ts'
import { ufm } from './ufm.ts'

export const losses: readonly Loss[] = [crossEntropy, entropy, reliableEntropy, ufm]
