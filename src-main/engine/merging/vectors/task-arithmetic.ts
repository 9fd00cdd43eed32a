// Task arithmetic (Ilharco et al., ICLR 2023): every vector as it is, tau_t. Their sum, each times its coefficient, is
// what any model is composed by (weights/merge.ts).
import { taskArithmetic as card } from '../../../contract/merges/vectors/task-arithmetic.ts'
import { asTheyAre, merge } from '../merge.ts'

export const taskArithmetic = merge(card, { by: 'slice', of: 'alone', prepare: () => asTheyAre })
