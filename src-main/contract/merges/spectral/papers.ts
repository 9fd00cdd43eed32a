// Papers that more than one page here is of.
import type { Paper } from '../../paper.ts'

export const isotropic: Paper = {
  authors: 'Marczak et al.',
  title: 'No Task Left Behind: Isotropic Model Merging with Common and Task-Specific Subspaces',
  where: 'ICML',
  year: 2025,
}

export const whoeverStartedTheFire: Paper = {
  authors: 'Cheng et al.',
  title: 'Whoever Started the Interference Should End It: Guiding Data-Free Model Merging via Task Vectors',
  where: 'ICML',
  year: 2025,
}
