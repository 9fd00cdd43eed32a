// An equation of a card, as it is written in a source ("θ = θ_pre + Σ_t λ_t τ_t,   λ = 1"), in lines and in what stands
// below the line: after "_" come letters and digits, less a number where no space is between ("θ_k−1"), one Greek letter
// ("min_θ"), and after a comma without a space more of them ("τ_t,i"), or anything in braces ("θ_{k−1}").

export interface Part {
  readonly text: string
  readonly sub: boolean
}

export function formulaLines(equation: string): Part[][] {
  return equation.split(/,\s{2,}/).map(partsOf)
}

function partsOf(line: string): Part[] {
  return line
    .split(/_(\{[^}]*\}|[\u03b1-\u03c9](?!\w)|\w+(?:−\d+)?(?:,\w+)*)/)
    .map((text, i) => ({ text: i % 2 === 1 ? text.replace(/^\{|\}$/g, '') : text, sub: i % 2 === 1 }))
    .filter(({ text }) => text !== '')
}
