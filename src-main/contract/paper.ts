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
