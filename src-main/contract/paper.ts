// Where a method or an objective was published, as its page, its help and the schema cite it.
export interface Paper {
  readonly authors?: string
  readonly title: string
  readonly where: string
  readonly year: number
}

export function citation({ authors, title, where, year }: Paper): string {
  return `${authors ? `${authors}: ` : ''}${title}. ${where} ${year}`
}

/** Of the merge and of the method that searches its coefficient. */
export const tiesMerging: Paper = {
  authors: 'Yadav et al.',
  title: 'TIES-Merging: Resolving Interference When Merging Models',
  where: 'NeurIPS',
  year: 2023,
}
