// RegMean++ (Nguyen et al., 2025): the same regression, on inputs of each layer as the merged layers before it give
// them to the fine-tuned models' own layer. Where they are from is all that differs; given them, it is one formula.
import { regmeanPlusPlus as card } from '../../../contract/merges/statistics/regmean-plus-plus.ts'
import { regression } from './regression.ts'

export const regmeanPlusPlus = regression(card, 'merged')
