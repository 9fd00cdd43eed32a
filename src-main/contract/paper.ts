// Where a method or an objective was published, as its page, its help and the schema cite it.
export interface Paper {
  readonly authors?: string
  readonly title: string
  readonly where: string
  readonly year: number
}

/** What a method and an objective say of themselves to a person. */
export interface Described {
  readonly name: string // in a configuration
  readonly title: string
  readonly paper: Paper | null
  readonly sentence: string // what it does
  readonly when: string // one chooses it
  readonly costs: string // in time and passes
  readonly equation: string
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
