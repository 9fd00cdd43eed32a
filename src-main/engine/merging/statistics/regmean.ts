// RegMean (Jin et al., ICLR 2023): regression of each linear layer on its inputs in the fine-tuned models,
//   W = (sum_t W_t G_t)(sum_t G_t)^-1
// as regression.ts solves it.
import { regmean as card } from '../../../contract/merges/statistics/regmean.ts'
import { regression } from './regression.ts'

export const regmean = regression(card, 'own')
